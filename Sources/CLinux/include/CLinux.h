// What Swift's Glibc import leaves out: variadic syscalls, GNU flags, affinity, the time-stamp
// counter. The hot paths are inline here; what needs _GNU_SOURCE is in CLinux.c.
//
// This header must not define _GNU_SOURCE: with it glibc's structs (fd_set, __rusage_who) differ
// from those of Swift's own Glibc module, and no file could import CLinux and Foundation together.
#ifndef CLINUX_H
#define CLINUX_H

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/nvme_ioctl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

// Clocks ------------------------------------------------------------------------------------------

static inline int64_t cl_clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t cl_monotonic_ns(void) { return cl_clock_ns(CLOCK_MONOTONIC); }
static inline int64_t cl_thread_cpu_ns(void) { return cl_clock_ns(CLOCK_THREAD_CPUTIME_ID); }
// What another process has used with all its threads; -1 when there is none of that number.
static inline int64_t cl_cpu_ns_of(pid_t process) {
  clockid_t clock;
  struct timespec used;
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &used) != 0) return -1;
  return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}
static inline int64_t cl_process_cpu_ns(void) { return cl_clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

#if defined(__x86_64__)
// Builtins, not <x86intrin.h>: that header drags glibc types into a second module.
static inline int cl_has_tsc(void) { return 1; }
static inline uint64_t cl_tsc(void) { return __builtin_ia32_rdtsc(); }
static inline void cl_relax(void) { __builtin_ia32_pause(); }
#else
static inline int cl_has_tsc(void) { return 0; }
static inline uint64_t cl_tsc(void) { return (uint64_t)cl_monotonic_ns(); }
static inline void cl_relax(void) {}
#endif

// Sleeps until an absolute time on CLOCK_MONOTONIC; returns early on a signal.
static inline int cl_sleep_until_ns(int64_t deadline) {
  struct timespec at = {deadline / 1000000000, deadline % 1000000000};
  return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, 0);
}

// io_uring ----------------------------------------------------------------------------------------

static inline int cl_io_uring_setup(unsigned entries, struct io_uring_params *params) {
  return (int)syscall(__NR_io_uring_setup, entries, params);
}

static inline int cl_io_uring_enter(int ring, unsigned submit, unsigned complete, unsigned flags,
                                    const void *argument, size_t size) {
  return (int)syscall(__NR_io_uring_enter, ring, submit, complete, flags, argument, size);
}

static inline int cl_io_uring_register(int ring, unsigned opcode, const void *argument,
                                       unsigned count) {
  return (int)syscall(__NR_io_uring_register, ring, opcode, argument, count);
}

// Waits for completions no longer than timeout_ns (IORING_ENTER_EXT_ARG, Linux 5.11).
static inline int cl_io_uring_wait(int ring, unsigned flags, unsigned submit, unsigned complete,
                                   int64_t timeout_ns) {
  struct __kernel_timespec span = {timeout_ns / 1000000000, timeout_ns % 1000000000};
  struct io_uring_getevents_arg argument = {0};
  argument.ts = (uint64_t)(uintptr_t)&span;
  return cl_io_uring_enter(ring, submit, complete, flags | IORING_ENTER_EXT_ARG, &argument,
                           sizeof argument);
}

static inline uint32_t cl_load_acquire(const uint32_t *value) {
  return __atomic_load_n(value, __ATOMIC_ACQUIRE);
}
// A byte that a device writes past the compiler's knowledge.
static inline uint8_t cl_load_byte_acquire(const uint8_t *value) {
  return __atomic_load_n(value, __ATOMIC_ACQUIRE);
}
static inline uint32_t cl_load_relaxed(const uint32_t *value) {
  return __atomic_load_n(value, __ATOMIC_RELAXED);
}
static inline void cl_store_release(uint32_t *value, uint32_t content) {
  __atomic_store_n(value, content, __ATOMIC_RELEASE);
}
// SQPOLL: the store of the tail must be seen before NEED_WAKEUP is read.
static inline void cl_full_barrier(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

// Fills a 64-byte submission entry; every field is written, so no entry needs clearing.
static inline void cl_sqe_fill(struct io_uring_sqe *entry, uint8_t opcode, uint8_t flags,
                               int32_t fd, uint64_t offset, uint64_t address, uint32_t length,
                               uint32_t operation_flags, uint16_t buffer_index,
                               uint64_t user_data) {
  entry->opcode = opcode;
  entry->flags = flags;
  entry->ioprio = 0;
  entry->fd = fd;
  entry->off = offset;
  entry->addr = address;
  entry->len = length;
  entry->rw_flags = (int32_t)operation_flags;
  entry->user_data = user_data;
  entry->buf_index = buffer_index;
  entry->personality = 0;
  entry->splice_fd_in = 0;
  entry->addr3 = 0;
  entry->__pad2[0] = 0;
}

// Fills a 128-byte entry with an NVMe I/O command (linux/nvme_ioctl.h, nvme_uring_cmd).
static inline void cl_sqe_fill_nvme(struct io_uring_sqe *entry, uint8_t flags, int32_t fd,
                                    uint32_t command_flags, uint16_t buffer_index,
                                    uint64_t user_data, uint8_t opcode, uint32_t namespace_id,
                                    uint64_t address, uint32_t length, uint64_t first_block,
                                    uint32_t blocks) {
  cl_sqe_fill(entry, IORING_OP_URING_CMD, flags, fd, NVME_URING_CMD_IO, 0, 0, command_flags,
              buffer_index, user_data);
  struct nvme_uring_cmd *command = (struct nvme_uring_cmd *)&entry->addr3;
  __builtin_memset(command, 0, sizeof *command);
  command->opcode = opcode;
  command->nsid = namespace_id;
  command->addr = address;
  command->data_len = length;
  command->cdw10 = (uint32_t)first_block;
  command->cdw11 = (uint32_t)(first_block >> 32);
  command->cdw12 = blocks == 0 ? 0 : blocks - 1;
}

// Open flags and file operations ------------------------------------------------------------------

enum {
  CL_O_DIRECT = __O_DIRECT,
  CL_O_NOATIME = __O_NOATIME,
  CL_O_CLOEXEC = O_CLOEXEC,
  CL_O_TMPFILE = __O_TMPFILE,
  CL_FALLOC_KEEP_SIZE = FALLOC_FL_KEEP_SIZE,
  CL_FALLOC_PUNCH_HOLE = FALLOC_FL_PUNCH_HOLE,
};

static inline int cl_open(const char *path, int flags, mode_t mode) {
  return open(path, flags, mode);
}

static inline int cl_open_beneath(int directory, const char *path) {
  return openat(directory, path, O_RDONLY | O_CLOEXEC);
}

int cl_fallocate(int fd, int mode, int64_t offset, int64_t length);

// BLKDISCARD on a block device: the range's content is gone.
static inline int cl_discard(int fd, uint64_t offset, uint64_t length) {
  uint64_t range[2] = {offset, length};
  return ioctl(fd, BLKDISCARD, range);
}

static inline int cl_block_size_bytes(int fd, uint64_t *bytes) {
  return ioctl(fd, BLKGETSIZE64, bytes);
}


static inline int cl_nvme_namespace_id(int fd) { return ioctl(fd, NVME_IOCTL_ID); }
// Flush (opcode 00h) of a namespace: 0, an NVMe status above 0, or -1 with errno set.
static inline int cl_nvme_flush(int fd, uint32_t namespace_id) {
  struct nvme_passthru_cmd command = {0};
  command.nsid = namespace_id;
  return ioctl(fd, NVME_IOCTL_IO_CMD, &command);
}


// The one way to an NVMe controller's admin queue, and it only reads: Identify (06h) and Get Log
// Page (02h). Any other opcode is refused here, whoever asks: EPERM, nothing is sent.
// Returns 0, an NVMe status above 0, or -1 with errno set.
int cl_nvme_admin_read(int fd, uint8_t opcode, uint32_t namespace_id, uint32_t cdw10,
                       uint32_t cdw11, void *data, uint32_t length, uint32_t timeout_ms);

// The one way to change a controller: Virtualization Management (1Ch) of its secondary controllers,
// and of its actions only offline (7h), assign flexible resources (8h; resource 0 queues, 1
// interrupts) and online (9h). Any other action is refused here: EPERM, nothing is sent.
// Returns 0, an NVMe status above 0, or -1 with errno set; `result` is the command's dword 0.
int cl_nvme_secondary_controller(int fd, uint8_t action, uint16_t controller, uint8_t resource,
                                 uint16_t count, uint32_t timeout_ms, uint32_t *result);


static inline unsigned cl_major(uint64_t device) { return gnu_dev_major(device); }
static inline unsigned cl_minor(uint64_t device) { return gnu_dev_minor(device); }

// flock(2); Swift imports the struct of the same name instead.
static inline int cl_flock(int fd, int operation) { return flock(fd, operation); }

// What direct I/O on an open file must be aligned to (STATX_DIOALIGN, Linux 6.1). Returns 1 when
// the kernel says, 0 when it does not know, -1 on error. Alignments of 0: no direct I/O here.
int cl_direct_alignment(int fd, unsigned *memory, unsigned *offset);

// The mount a path lies on: the first field of /proc/self/mountinfo (STATX_MNT_ID, Linux 5.8).
// Returns -1 when it cannot be told.
int64_t cl_mount_id(const char *path);

// Opens for reading with an exclusive claim on a block device: EBUSY when anything in the kernel
// (a mount, md, dm, swap, another claim) holds it.
static inline int cl_open_claim(const char *path) {
  return open(path, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);
}

// Processes and events ----------------------------------------------------------------------------

// A pipe whose ends are closed in what is started; its first end does not block.
int cl_pipe(int ends[2]);

// Adds to what a process that is spawned does first (a posix_spawn_file_actions_t): it goes to a
// folder. Gives 0 or an error number.
int cl_spawn_in(void *actions, const char *folder);

// A descriptor that becomes readable when the process ends (Linux 5.3).
static inline int cl_pidfd_open(pid_t process) {
#ifdef SYS_pidfd_open
  return (int)syscall(SYS_pidfd_open, process, 0);
#else
  return (int)syscall(434, process, 0);
#endif
}

// Waits until a descriptor is readable, in nanoseconds; 0 when the time is over.
int cl_wait_readable(int fd, int64_t atMost);

// The kernel's own device events (NETLINK_KOBJECT_UEVENT, group 1), without blocking.
int cl_open_uevents(void);

// A stream to whoever serves `path`: a Unix socket, or a character device; without blocking.
int cl_open_stream(const char *path);

// Threads -----------------------------------------------------------------------------------------

int cl_pin_thread(int cpu);

// Timers of this thread fire on time instead of up to 50 us late (PR_SET_TIMERSLACK).
static inline void cl_sharp_timers(void) { prctl(PR_SET_TIMERSLACK, 1UL); }

int cl_thread_usage(struct rusage *usage);

// The hypervisor's signature (CPUID leaf 0x40000000, 12 characters and a zero); 0 when none.
static inline int cl_hypervisor(char name[13]) {
#if defined(__x86_64__)
  unsigned a = 1, b = 0, c = 0, d = 0;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  if (!(c & (1U << 31))) return 0;
  a = 0x40000000, c = 0;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  __builtin_memcpy(name, &b, 4);
  __builtin_memcpy(name + 4, &c, 4);
  __builtin_memcpy(name + 8, &d, 4);
  name[12] = 0;
  return 1;
#else
  (void)name;
  return 0;
#endif
}

// After this, SIGINT, SIGTERM and SIGHUP ask for a stop; a second SIGINT kills as usual.
void cl_install_stop_signals(void);
// Whether a stop was asked for.
int cl_stop_requested(void);

// A signal whose only effect is to make a blocked system call return EINTR (no SA_RESTART).
static inline void cl_ignore_wake(int signal_number) { (void)signal_number; }
static inline int cl_install_wake_signal(int signal_number) {
  struct sigaction action = {0};
  action.sa_handler = cl_ignore_wake;
  return sigaction(signal_number, &action, 0);
}

#endif
