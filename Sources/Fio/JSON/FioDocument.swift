public import Measure

/// One document of `fio --output-format=json` or `json+`, version 3.
///
/// Keys are fio's (`stat.c`, `show_thread_status_json`); what a version or mode leaves out is nil.
public struct FioDocument: Codable, Sendable {
  /// `fio-3.33`.
  public var version: String?
  /// When it was written, seconds since 1970.
  public var timestamp: Int64?
  /// When it was written, milliseconds since 1970.
  public var timestampMs: Int64?
  /// When it was written, local time in words.
  public var time: String?
  /// Options of `[global]`; of all hosts in client mode.
  public var globalOptions: [String: String]
  /// The jobs, in client mode those of every host and fio's sum of them.
  public var jobs: [FioJob]
  /// What the kernel counted for each disk; nil where fio saw none.
  public var diskUtil: [FioDiskUtil]?

  enum CodingKeys: String, CodingKey {
    case version = "fio version"
    case timestamp
    case timestampMs = "timestamp_ms"
    case time
    case globalOptions = "global options"
    case jobs
    case clientStats = "client_stats"
    case diskUtil = "disk_util"
  }

  /// Reads a document; a wrong type is an error, a missing key is not.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    version = try container.decodeIfPresent(String.self, forKey: .version)
    timestamp = try container.decodeIfPresent(Int64.self, forKey: .timestamp)
    timestampMs = try container.decodeIfPresent(Int64.self, forKey: .timestampMs)
    time = try container.decodeIfPresent(String.self, forKey: .time)
    globalOptions = [:]
    if container.contains(.globalOptions) {
      // Client mode has a list, one object a host.
      if let list = try? container.decode([[String: String]].self, forKey: .globalOptions) {
        for options in list { globalOptions.merge(options) { first, _ in first } }
      } else {
        globalOptions = try container.decode([String: String].self, forKey: .globalOptions)
      }
    }
    let key = container.contains(.clientStats) ? CodingKeys.clientStats : .jobs
    jobs = try container.decode([FioJob].self, forKey: key)
    diskUtil = try container.decodeIfPresent([FioDiskUtil].self, forKey: .diskUtil)
  }

  /// Writes the document with `jobs`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(version, forKey: .version)
    try container.encodeIfPresent(timestamp, forKey: .timestamp)
    try container.encodeIfPresent(timestampMs, forKey: .timestampMs)
    try container.encodeIfPresent(time, forKey: .time)
    try container.encode(globalOptions, forKey: .globalOptions)
    try container.encode(jobs, forKey: .jobs)
    try container.encodeIfPresent(diskUtil, forKey: .diskUtil)
  }
}

/// One job, or one group of jobs with `group_reporting`.
public struct FioJob: Codable, Sendable {
  /// Its name.
  public var jobname: String
  /// Its group.
  public var groupid: Int?
  /// The host that ran it, in client mode.
  public var hostname: String?
  /// The port of that host.
  public var port: Int?
  /// When it started, milliseconds since 1970 (fio 3.36 and later).
  public var jobStart: Int64?
  /// An errno; 0 is none.
  public var error: Int?
  /// Seconds that it still needed.
  public var eta: Int64?
  /// Seconds since fio started.
  public var elapsed: Int64?
  /// Its own options by fio's long names.
  public var jobOptions: [String: String]?
  /// Its description.
  public var desc: String?
  /// Reads.
  public var read: FioDirection?
  /// Writes.
  public var write: FioDirection?
  /// Trims.
  public var trim: FioDirection?
  /// All of them, with `unified_rw_reporting`.
  public var mixed: FioDirection?
  /// fsync and fdatasync.
  public var sync: FioSync?
  /// Time of all its threads together, ms.
  public var jobRuntime: Int64?
  /// CPU time in user mode, % of ``jobRuntime``.
  public var usrCpu: Double?
  /// CPU time in the kernel, % of ``jobRuntime``.
  public var sysCpu: Double?
  /// Context switches.
  public var ctx: Int64?
  /// Major page faults.
  public var majf: Int64?
  /// Minor page faults.
  public var minf: Int64?
  /// Share of I/Os by depth at their submission, %.
  public var iodepthLevel: [String: Double]?
  /// Share of submit calls by I/Os, %.
  public var iodepthSubmit: [String: Double]?
  /// Share of completion calls by I/Os, %.
  public var iodepthComplete: [String: Double]?
  /// Share of I/Os by completion latency below 1 µs, %.
  public var latencyNs: [String: Double]?
  /// Share of I/Os by completion latency from 1 µs, %.
  public var latencyUs: [String: Double]?
  /// Share of I/Os by completion latency from 1 ms, %.
  public var latencyMs: [String: Double]?
  /// Errors with `continue_on_error`.
  public var totalErr: Int64?
  /// The first of them, an errno.
  public var firstError: Int?
  /// The depth that held `latency_target`.
  public var latencyDepth: Int64?
  /// The target, µs.
  public var latencyTarget: Int64?
  /// The share that must meet it, %.
  public var latencyPercentile: Double?
  /// The window of the search, µs.
  public var latencyWindow: Int64?
  /// Steady-state detection, where it was on.
  public var steadystate: JSONValue?

  enum CodingKeys: String, CodingKey {
    case jobname, groupid, hostname, port, error, eta, elapsed, desc, read, write, trim, mixed
    case sync, ctx, majf, minf, steadystate
    case jobStart = "job_start"
    case jobOptions = "job options"
    case jobRuntime = "job_runtime"
    case usrCpu = "usr_cpu"
    case sysCpu = "sys_cpu"
    case iodepthLevel = "iodepth_level"
    case iodepthSubmit = "iodepth_submit"
    case iodepthComplete = "iodepth_complete"
    case latencyNs = "latency_ns"
    case latencyUs = "latency_us"
    case latencyMs = "latency_ms"
    case totalErr = "total_err"
    case firstError = "first_error"
    case latencyDepth = "latency_depth"
    case latencyTarget = "latency_target"
    case latencyPercentile = "latency_percentile"
    case latencyWindow = "latency_window"
  }

  /// Reads, writes and trims that occurred, by fio's names.
  public var directions: [(name: String, direction: FioDirection)] {
    [("read", read), ("write", write), ("trim", trim), ("mixed", mixed)].compactMap {
      name, direction in direction.map { (name, $0) }
    }
  }
}

/// What happened in one direction.
public struct FioDirection: Codable, Sendable {
  /// Bytes moved.
  public var ioBytes: UInt64?
  /// KiB moved.
  public var ioKbytes: UInt64?
  /// Bandwidth, B/s.
  public var bwBytes: Int64?
  /// Bandwidth, KiB/s.
  public var bw: Int64?
  /// I/Os per second.
  public var iops: Double?
  /// Measured time, ms.
  public var runtime: Int64?
  /// I/Os.
  public var totalIos: UInt64?
  /// I/Os that moved less than asked.
  public var shortIos: UInt64?
  /// I/Os that were given up.
  public var dropIos: UInt64?
  /// From preparation to hand-over.
  public var slatNs: FioLatency?
  /// From hand-over to completion.
  public var clatNs: FioLatency?
  /// From preparation to completion.
  public var latNs: FioLatency?
  /// Smallest, largest, mean and deviation of samples of the bandwidth, KiB/s.
  public var bwMin: Int64?
  /// The largest sample, KiB/s.
  public var bwMax: Int64?
  /// The mean as a share of the group's bandwidth, %.
  public var bwAgg: Double?
  /// The mean of the samples, KiB/s.
  public var bwMean: Double?
  /// Their standard deviation, KiB/s.
  public var bwDev: Double?
  /// How many there are.
  public var bwSamples: Int64?
  /// The smallest sample of the I/Os per second.
  public var iopsMin: Int64?
  /// The largest sample.
  public var iopsMax: Int64?
  /// The mean of the samples.
  public var iopsMean: Double?
  /// Their standard deviation.
  public var iopsStddev: Double?
  /// How many there are.
  public var iopsSamples: Int64?

  enum CodingKeys: String, CodingKey {
    case bw, iops, runtime
    case ioBytes = "io_bytes"
    case ioKbytes = "io_kbytes"
    case bwBytes = "bw_bytes"
    case totalIos = "total_ios"
    case shortIos = "short_ios"
    case dropIos = "drop_ios"
    case slatNs = "slat_ns"
    case clatNs = "clat_ns"
    case latNs = "lat_ns"
    case bwMin = "bw_min"
    case bwMax = "bw_max"
    case bwAgg = "bw_agg"
    case bwMean = "bw_mean"
    case bwDev = "bw_dev"
    case bwSamples = "bw_samples"
    case iopsMin = "iops_min"
    case iopsMax = "iops_max"
    case iopsMean = "iops_mean"
    case iopsStddev = "iops_stddev"
    case iopsSamples = "iops_samples"
  }
}

/// fsync and fdatasync of a job.
public struct FioSync: Codable, Sendable {
  /// How many there were.
  public var totalIos: UInt64?
  /// How long they took.
  public var latNs: FioLatency?

  enum CodingKeys: String, CodingKey {
    case totalIos = "total_ios"
    case latNs = "lat_ns"
  }
}

/// A latency in fio's form, ns.
public struct FioLatency: Codable, Sendable {
  /// The smallest.
  public var min: UInt64
  /// The largest.
  public var max: UInt64
  /// The mean.
  public var mean: Double
  /// The standard deviation.
  public var stddev: Double
  /// How many observations.
  public var count: UInt64?
  /// Percentiles by `99.000000`.
  public var percentile: [String: UInt64]?
  /// json+: observations by their bucket's midpoint.
  public var bins: [String: UInt64]?

  enum CodingKeys: String, CodingKey {
    case min, max, mean, stddev, percentile, bins
    case count = "N"
  }
}

/// What the kernel counted for a disk.
public struct FioDiskUtil: Codable, Sendable {
  /// The disk.
  public var name: String
  /// Reads.
  public var readIos: UInt64?
  /// Writes.
  public var writeIos: UInt64?
  /// Sectors read (fio 3.34 and later).
  public var readSectors: UInt64?
  /// Sectors written (fio 3.34 and later).
  public var writeSectors: UInt64?
  /// Merged reads.
  public var readMerges: UInt64?
  /// Merged writes.
  public var writeMerges: UInt64?
  /// Time of reads, ms.
  public var readTicks: UInt64?
  /// Time of writes, ms.
  public var writeTicks: UInt64?
  /// Time of all in the queue, ms.
  public var inQueue: UInt64?
  /// Share of time with I/O in flight, %.
  public var util: Double?

  enum CodingKeys: String, CodingKey {
    case name, util
    case readIos = "read_ios"
    case writeIos = "write_ios"
    case readSectors = "read_sectors"
    case writeSectors = "write_sectors"
    case readMerges = "read_merges"
    case writeMerges = "write_merges"
    case readTicks = "read_ticks"
    case writeTicks = "write_ticks"
    case inQueue = "in_queue"
  }
}
