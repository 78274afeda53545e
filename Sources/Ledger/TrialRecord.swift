public import Measure

/// One finished trial, as the event file holds it.
public struct TrialRecord: Codable, Sendable {
  /// Its name in the plan: `t0001`.
  public var id: String
  /// The case that it replicates.
  public var key: CaseKey
  /// Which block of the design, from 1.
  public var block: Int
  /// Whether its numbers may be used.
  public var status: Status
  /// What was noticed, the reasons of ``Status/invalid`` and ``Status/failed`` among it.
  public var findings: [Finding]
  /// One value per metric, by the metric's name in ``MetricCatalogue``.
  public var metrics: [String: MetricValue]
  /// What must stand beside the numbers, by name: block size, queue depth, transport, medium ...
  public var disclosure: [String: String]
  /// When it started, UTC.
  public var startedAt: String
  /// How long it took, measured time and all around it.
  public var tookNs: Nanoseconds
  /// The file of its latency histograms, relative to the record's folder.
  public var histograms: String?
  /// The file of its per-second series, relative to the record's folder.
  public var series: String?
  /// The engine's own facts, such as `StorageOutcome` without its histograms.
  public var detail: JSONValue

  /// Whether a trial's numbers may be used.
  public enum Status: String, Codable, Sendable {
    /// Yes.
    case valid
    /// It ran, but a validity rule tripped.
    case invalid
    /// It did not run to its end.
    case failed
  }

  /// Makes a record of a trial that found nothing yet.
  public init(id: String, key: CaseKey, block: Int) {
    self.id = id
    self.key = key
    self.block = block
    status = .valid
    findings = []
    metrics = [:]
    disclosure = [:]
    startedAt = ""
    tookNs = .zero
    detail = .null
  }
}

/// Something noticed about a trial or a run.
public struct Finding: Codable, Hashable, Sendable {
  /// A stable name: `steady-state-not-reached`, `kernel-count-disagrees` ...
  public var code: String
  /// How bad it is.
  public var severity: Severity
  /// What was seen and what it means.
  public var message: String

  /// How bad a finding is.
  public enum Severity: String, Codable, Sendable {
    /// Worth knowing.
    case note
    /// Doubt about the number.
    case warning
    /// The number may not be used.
    case error
  }

  /// Makes a finding of Assay's own; ``code`` is a text so that old and foreign records read.
  public init(code: FindingCode, severity: Severity, message: String) {
    self.code = code.rawValue
    self.severity = severity
    self.message = message
  }
}

/// One number with its unit.
public struct MetricValue: Codable, Hashable, Sendable {
  /// The number.
  public var value: Double
  /// Its unit as in the catalogue: `1/s`, `B/s`, `ns`, `%`, `1`.
  public var unit: String
  /// Which side of the number the truth lies on, where a source gives no more than a bound.
  public var bound: Bound?

  /// A number that is only a bound.
  public enum Bound: String, Codable, Sendable {
    /// It was this much or more.
    case atLeast = "at-least"
    /// It was this much or less.
    case atMost = "at-most"
  }

  /// Makes a value.
  public init(_ value: Double, _ unit: String, bound: Bound? = nil) {
    self.value = value
    self.unit = unit
    self.bound = bound
  }
}

/// A trial's histograms: `histograms/<trial>.json`.
public struct TrialHistograms: Codable, Sendable {
  /// Version of this format.
  public var format = "assay-histograms-1"
  /// The bucket layout, see `LatencyBuckets`.
  public var buckets = "fio-41x64"
  /// Unit of the values.
  public var unit = "ns"
  /// By name: `read latency`, `read service`, `write submission`, `sync latency`,
  /// `send latency` ...
  public var distributions: [String: LatencyDistribution]

  /// Wraps distributions.
  public init(distributions: [String: LatencyDistribution]) { self.distributions = distributions }
}

/// One second of a trial: a row of `series/<trial>.csv`.
///
/// Messages over a fabric stand among the reads where they are reads, else among the writes.
public struct SeriesRow: Codable, Hashable, Sendable {
  /// Seconds since measuring started, from 0; the row covers the second that begins there.
  public var second: Int
  /// Reads completed.
  public var readIOs: UInt64
  /// Bytes read.
  public var readBytes: UInt64
  /// Writes completed.
  public var writeIOs: UInt64
  /// Bytes written.
  public var writeBytes: UInt64
  /// Trims completed.
  public var trimIOs: UInt64
  /// Syncs completed.
  public var syncIOs: UInt64
  /// Mean latency of reads, writes and trims, ns; 0 without any.
  public var meanLatencyNs: UInt64
  /// Largest latency of reads, writes and trims, ns.
  public var maxLatencyNs: UInt64
  /// Late I/Os (open loop).
  public var lateIOs: UInt64
  /// Failed I/Os.
  public var errors: UInt64

  /// Makes a row.
  public init(
    second: Int, readIOs: UInt64, readBytes: UInt64, writeIOs: UInt64, writeBytes: UInt64,
    trimIOs: UInt64, syncIOs: UInt64, meanLatencyNs: UInt64, maxLatencyNs: UInt64,
    lateIOs: UInt64, errors: UInt64
  ) {
    self.second = second
    self.readIOs = readIOs
    self.readBytes = readBytes
    self.writeIOs = writeIOs
    self.writeBytes = writeBytes
    self.trimIOs = trimIOs
    self.syncIOs = syncIOs
    self.meanLatencyNs = meanLatencyNs
    self.maxLatencyNs = maxLatencyNs
    self.lateIOs = lateIOs
    self.errors = errors
  }
}
