/// What is known about options that are not mapped one to one.
enum FioCounterparts {
  /// What Assay does in any case, whatever the value.
  static let always = [
    // Workers are threads, and a trial reports all of them together.
    "thread", "group_reporting",
    // Cases run one after the other.
    "stonewall", "wait_for",
    // A record holds whole histograms, so any percentile can be read from it.
    "percentile_list", "clat_percentiles", "lat_percentiles", "slat_percentiles",
    "significant_figures", "unit_base",
    // The event file and the per-second series are always written.
    "write_bw_log", "write_lat_log", "write_iops_log", "write_hist_log", "log_avg_msec",
    "bwavgtime", "iopsavgtime", "disk_util", "verify_fatal", "kb_base",
  ]

  /// Why an option without counterpart has none.
  static func reason(_ name: String) -> String {
    reasons.first { name.hasPrefix($0.prefix) }.map(\.reason)
      ?? "known to fio, no counterpart in Assay; the workload runs without it"
  }

  private static let reasons: [(prefix: String, reason: String)] = [
    (
      "steadystate",
      "fio ends a job early once it is steady; Assay repeats rounds until the result is steady "
        + "and calls a trial invalid that is not: set the workload's steady-state rule"
    ),
    (
      "latency_",
      "fio searches the depth that holds a latency; in Assay run an open loop at a share of the "
        + "maximum, or sweep the queue depth, and put the latency into a limit"
    ),
    ("max_latency", "put it into a limit: `latency max of SYSTEM <= ...`"),
    ("rate_min", "put it into a limit: `bandwidth of SYSTEM >= ...`"),
    ("rate_iops_min", "put it into a limit: `iops of SYSTEM >= ...`"),
    ("rate_cycle", "an open loop keeps to its intended times and needs no window"),
    ("rate_ignore_thinktime", "thinktime has no counterpart either"),
    (
      "thinktime",
      "pauses between I/Os have no counterpart; use an open loop at a rate with arrivals fixed or "
        + "poisson"
    ),
    ("startdelay", "cases run one after the other, each as soon as the one before has ended"),
    ("randrepeat", "the run's one seed, recorded in the plan, makes every offset repeatable"),
    ("allrandrepeat", "the run's one seed, recorded in the plan, makes every offset repeatable"),
    ("randseed", "the run's one seed draws everything; give it with --seed"),
    ("random_generator", "Assay has one generator"),
    ("iodepth_low", "the queue is refilled as soon as an I/O completes"),
    ("iodepth_batch_complete_max", "as many completions as are ready are taken at once"),
    ("iodepth_batch_complete_min", "polls without waiting; Assay waits for one completion"),
    ("unified_rw_reporting", "reads and writes are recorded apart, and merged in reports"),
    ("mixed_", "reads and writes are recorded apart, and merged in reports"),
    ("percentage_random", "a workload is either random or sequential"),
    ("numa_cpu_nodes", "choose the placement: near the device, free, or CPUs by number"),
    ("numa_mem_policy", "buffers are on the node of the worker that uses them"),
    ("cpumask", "name the CPUs with cpus_allowed"),
    ("nrfiles", "a system is one device or one file"),
    ("openfiles", "a system is one device or one file"),
    ("file_service_type", "a system is one device or one file"),
    ("write_", "the record holds events, histograms and the per-second series"),
    ("log_", "the record holds events, histograms and the per-second series"),
    ("per_job_logs", "the record holds events, histograms and the per-second series"),
    ("exec_prerun", "Assay starts no foreign commands; do it before the run"),
    ("exec_postrun", "Assay starts no foreign commands; do it after the run"),
    ("exitall", "a trial that fails ends alone; the run goes on and says so"),
    ("exit_what", "a trial that fails ends alone; the run goes on and says so"),
    ("disable_", "I/Os are timed or not timed as a whole (gtod_reduce)"),
    ("gtod_cpu", "time stamps are taken by the workers themselves"),
    ("clocksource", "there is one clock: CLOCK_MONOTONIC, or the calibrated processor counter"),
    ("verify_", "Assay checks headers with a checksum of the whole block; there is nothing to set"),
    ("trim_", "trims cannot be mixed with other I/O"),
    ("read_iolog", "replay of recorded I/O has no counterpart"),
    ("replay_", "replay of recorded I/O has no counterpart"),
    ("merge_blktrace", "replay of recorded I/O has no counterpart"),
    ("zone", "zoned devices have no counterpart"),
    ("ioscheduler", "Assay does not change the scheduler; the record shows which one was set"),
    ("invalidate", "use direct I/O where the page cache must not answer"),
    ("flow", "jobs do not wait for each other"),
    ("new_group", "a trial reports its jobs together"),
    ("cgroup", "start Assay in the cgroup"),
    ("uid", "start Assay as that user"),
    ("gid", "start Assay as that group"),
    ("nice", "start Assay with that priority"),
    ("prio", "I/O priorities have no counterpart"),
    ("cmdprio", "I/O priorities have no counterpart"),
    ("fallocate", "Assay writes a scratch file in full before the first trial"),
    ("create_", "Assay writes a scratch file in full before the first trial"),
    ("pre_read", "Assay writes a scratch file in full before the first trial"),
    ("overwrite", "Assay writes a scratch file in full before the first trial"),
    ("file_append", "Assay writes a scratch file in full before the first trial"),
    ("fill_device", "give a size"),
    ("dedupe_", "written blocks are random, zeros or compressible"),
    ("buffer_pattern", "written blocks are random, zeros or compressible"),
    ("buffer_compress_chunk", "the zeros are one part of each block"),
    ("mem", "buffers are page-aligned memory of the worker's node"),
    ("iomem_align", "buffers are page-aligned memory of the worker's node"),
    ("sqthread_poll_cpu", "the kernel chooses the CPU of the submission thread"),
    ("fsync_on_close", "use end_fsync"),
    ("sync", "O_SYNC has no counterpart; use fsync or fdatasync"),
    ("write_barrier", "use fsync or fdatasync"),
  ]
}
