// CLinux is header-only; SwiftPM wants one source file.
#include "CLinux.h"
