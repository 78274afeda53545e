// What glibc declares under _GNU_SOURCE only; CLinux.h says why it is kept out of the header.
#define _GNU_SOURCE
#include "CLinux.h"

#include <linux/netlink.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

_Static_assert(CL_O_DIRECT == O_DIRECT, "glibc renamed __O_DIRECT");
_Static_assert(CL_O_NOATIME == O_NOATIME, "glibc renamed __O_NOATIME");
_Static_assert(CL_O_TMPFILE == O_TMPFILE, "glibc renamed __O_TMPFILE");

int cl_fallocate(int fd, int mode, int64_t offset, int64_t length) {
  return fallocate(fd, mode, offset, length);
}

int cl_pin_thread(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

int cl_thread_usage(struct rusage *usage) { return getrusage(RUSAGE_THREAD, usage); }

int cl_direct_alignment(int fd, unsigned *memory, unsigned *offset) {
  struct statx facts;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &facts) != 0) return -1;
  if (!(facts.stx_mask & STATX_DIOALIGN)) return 0;
  *memory = facts.stx_dio_mem_align;
  *offset = facts.stx_dio_offset_align;
  return 1;
}

int64_t cl_mount_id(const char *path) {
  struct statx facts;
  if (statx(AT_FDCWD, path, 0, STATX_MNT_ID, &facts) != 0) return -1;
  return facts.stx_mask & STATX_MNT_ID ? (int64_t)facts.stx_mnt_id : -1;
}

int cl_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

int cl_spawn_in(void *actions, const char *folder) {
  return posix_spawn_file_actions_addchdir_np(actions, folder);
}

int cl_wait_readable(int fd, int64_t atMost) {
  struct pollfd watched = {.fd = fd, .events = POLLIN};
  struct timespec span = {.tv_sec = atMost / 1000000000, .tv_nsec = atMost % 1000000000};
  return ppoll(&watched, 1, &span, 0);
}

int cl_open_uevents(void) {
  int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
  if (fd < 0) return -1;
  // A hot-plugged enclosure sends hundreds at once.
  int room = 1 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
  if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

int cl_open_stream(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0) return -1;
  if (!S_ISSOCK(status.st_mode)) return open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  // At once, or EAGAIN where too many wait already.
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

int cl_nvme_admin_read(int fd, uint8_t opcode, uint32_t namespace_id, uint32_t cdw10,
                       uint32_t cdw11, void *data, uint32_t length, uint32_t timeout_ms) {
  enum { GET_LOG_PAGE = 0x02, IDENTIFY = 0x06 };
  if (opcode != GET_LOG_PAGE && opcode != IDENTIFY) {
    errno = EPERM;
    return -1;
  }
  struct nvme_passthru_cmd command = {0};
  command.opcode = opcode;
  command.nsid = namespace_id;
  command.addr = (uint64_t)(uintptr_t)data;
  command.data_len = length;
  command.cdw10 = cdw10;
  command.cdw11 = cdw11;
  command.timeout_ms = timeout_ms;
  return ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command);
}

int cl_nvme_secondary_controller(int fd, uint8_t action, uint16_t controller, uint8_t resource,
                                 uint16_t count, uint32_t timeout_ms, uint32_t *result) {
  enum { VIRTUALIZATION_MANAGEMENT = 0x1C, OFFLINE = 0x7, ASSIGN = 0x8, ONLINE = 0x9 };
  if ((action != OFFLINE && action != ASSIGN && action != ONLINE) || resource > 1) {
    errno = EPERM;
    return -1;
  }
  struct nvme_passthru_cmd command = {0};
  command.opcode = VIRTUALIZATION_MANAGEMENT;
  command.cdw10 = (uint32_t)controller << 16 | (uint32_t)resource << 8 | action;
  command.cdw11 = count;
  command.timeout_ms = timeout_ms;
  int status = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command);
  *result = command.result;
  return status;
}

static volatile sig_atomic_t stop_requested;

static void request_stop(int signal_number) {
  stop_requested = 1;
  if (signal_number == SIGINT) signal(SIGINT, SIG_DFL);
}

void cl_install_stop_signals(void) {
  struct sigaction action = {0};
  action.sa_handler = request_stop;
  sigaction(SIGINT, &action, 0);
  sigaction(SIGTERM, &action, 0);
  sigaction(SIGHUP, &action, 0);
  signal(SIGPIPE, SIG_IGN);
}

int cl_stop_requested(void) { return stop_requested; }
