// What glibc declares under _GNU_SOURCE only; CLinux.h says why it is kept out of the header.
#define _GNU_SOURCE
#include "CLinux.h"

_Static_assert(CL_O_DIRECT == O_DIRECT, "glibc renamed __O_DIRECT");

int cl_fallocate(int fd, int mode, int64_t offset, int64_t length) {
  return fallocate(fd, mode, offset, length);
}

int cl_pin_thread(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

int cl_allowed_cpus(int *cpus, int capacity) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return -1;
  int count = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE && count < capacity; cpu++)
    if (CPU_ISSET(cpu, &set)) cpus[count++] = cpu;
  return count;
}

int cl_thread_usage(struct rusage *usage) { return getrusage(RUSAGE_THREAD, usage); }
