internal import Foundation
public import Host
public import Measure

/// A calibration file: how a real etcd behaved on a machine, with what made it behave so.
///
/// JSON with sorted keys. Whole numbers are nanoseconds or bytes where a key says so, histograms
/// are mergeable (``LatencyDistribution``), and rates are of requests a second. A file of another
/// ``schemaVersion`` is not read.
public struct EtcdCalibration: Hashable, Codable, Sendable {
  /// What kind of file it is.
  public static let schemaName = "assay-etcd-calibration"
  /// The version of its layout that this Assay writes and reads.
  public static let schemaVersion = 2

  /// ``schemaName``.
  public var schema = EtcdCalibration.schemaName
  /// ``schemaVersion``.
  public var version = EtcdCalibration.schemaVersion
  /// SHA-256 of the file with 64 zeros in the place of this, in hexadecimal.
  public var contentSHA256 = String(repeating: "0", count: 64)
  /// When it began, in UTC by RFC 3339.
  public var startedAt: String
  /// How long it took.
  public var elapsed: Nanoseconds
  /// The etcd.
  public var etcd: EtcdProgram
  /// The machine before it.
  public var machine: [EnvironmentFact]
  /// The file systems, in the order of ``EtcdCalibrationSettings/places``.
  public var places: [FileSystemFacts]
  /// What was asked for.
  public var settings: EtcdCalibrationSettings
  /// What was measured, by place, members and load.
  public var points: [EtcdPoint]
  /// What came of lost leaders.
  public var elections: [ElectionSeries]

  enum CodingKeys: String, CodingKey {
    case schema, version
    case contentSHA256 = "contentSha256"
    case startedAt
    case elapsed = "elapsedNs"
    case etcd, machine, places, settings, points, elections
  }

  /// Whether every point, and every kind of cluster, has a measurement that may be used.
  public var isComplete: Bool {
    points.allSatisfy { !$0.used.isEmpty }
      && elections.allSatisfy { $0.trials.contains(where: \.isUsed) }
  }

  /// The file's text, with its hash.
  public func text() throws -> String {
    var unsigned = self
    unsigned.contentSHA256 = SealedText.noHash
    return try SealedText.of(unsigned)
  }

  /// Reads a file's text.
  ///
  /// Throws ``CalibrationError`` where it is no calibration of etcd, of another version, or was
  /// changed after it was written.
  public init(reading text: String) throws {
    let decoder = JSONDecoder()
    let head: Head
    do {
      head = try decoder.decode(Head.self, from: Data(text.utf8))
    } catch {
      throw CalibrationError(
        .data, "no calibration of etcd: no `schema`, `version` and `contentSha256` in it")
    }
    guard head.schema == Self.schemaName, head.version == Self.schemaVersion else {
      throw CalibrationError(
        .data,
        "\(head.schema), version \(head.version): \(Self.schemaName), version "
          + "\(Self.schemaVersion) is due", hint: "measure again with `assay calibrate etcd`")
    }
    guard SealedText.isWhole(text, head.contentSha256) else {
      throw CalibrationError(
        .data, "changed after it was written: its contentSha256 is not that of its content")
    }
    self = try decoder.decode(EtcdCalibration.self, from: Data(text.utf8))
  }

  private struct Head: Decodable {
    var schema: String
    var version: Int
    var contentSha256: String
  }

  init(
    startedAt: String, etcd: EtcdProgram, machine: [EnvironmentFact], places: [FileSystemFacts],
    settings: EtcdCalibrationSettings
  ) {
    (self.startedAt, self.etcd, self.machine) = (startedAt, etcd, machine)
    (self.places, self.settings) = (places, settings)
    elapsed = .zero
    points = []
    elections = []
  }
}

/// A load on a cluster, measured several times.
public struct EtcdPoint: Hashable, Codable, Sendable {
  /// Which of ``EtcdCalibrationSettings/places`` held the data.
  public var place: Int
  /// Members of the cluster.
  public var members: Int
  /// What was done to it.
  public var load: EtcdLoad
  /// Each on a cluster that was started for it.
  public var repetitions: [EtcdRepetition] = []

  /// Those that may be used: of a quiet machine, or all where noise was allowed.
  public var used: [EtcdRepetition] { repetitions.filter(\.isUsed) }
}

/// One measurement of a point.
public struct EtcdRepetition: Hashable, Codable, Sendable {
  /// Its place in the order of all measurements.
  public var sequence: Int
  /// How often it was measured before, and thrown away for noise.
  public var retries: Int
  /// Whether others used more of the processors than the settings allow.
  public var isNoisy: Bool
  /// Whether it is to be fitted.
  public var isUsed: Bool
  /// Length of the window.
  public var window: Nanoseconds
  /// Rate that was offered, of an open loop.
  public var offeredRate: Double?
  /// Rate of answers.
  public var rate: Double
  /// From when a request was meant to be sent until its answer.
  public var latency: LatencyDistribution
  /// Of an open loop: from when it was sent.
  public var serviceLatency: LatencyDistribution?
  /// Requests refused or failed.
  public var failed: Int
  /// Of an open loop: requests not answered within 10 s after the window, or never sent because
  /// 20 000 were waiting.
  public var unfinished: Int
  /// Puts a write of the leader's log, over the window; nil where nothing was written.
  public var batch: Double?
  /// The leader first.
  public var members: [EtcdMemberFigures]
  /// Who used the processors.
  public var processors: ProcessorShares
  /// Write and fdatasync on the same file system right before.
  public var syncBefore: SyncProbe
  /// And right after.
  public var syncAfter: SyncProbe
  enum CodingKeys: String, CodingKey {
    case sequence, retries, isNoisy, isUsed
    case window = "windowNs"
    case offeredRate = "offeredRatePerSecond"
    case rate = "ratePerSecond"
    case latency, serviceLatency, failed, unfinished
    case batch = "putsPerLogWrite"
    case members, processors, syncBefore, syncAfter
  }
}

/// What one member said of itself over a window, from its `/metrics`.
public struct EtcdMemberFigures: Hashable, Codable, Sendable {
  /// `etcd_disk_wal_fsync_duration_seconds`.
  public var logSync: DurationBuckets
  /// `etcd_disk_backend_commit_duration_seconds`.
  public var backendCommit: DurationBuckets
  /// `etcd_network_peer_round_trip_time_seconds`, all peers together.
  public var peerRoundTrip: DurationBuckets
  /// `etcd_server_proposals_committed_total`.
  public var committed: Int
  /// `etcd_server_proposals_applied_total`.
  public var applied: Int
  /// `etcd_server_proposals_failed_total`.
  public var failed: Int

  enum CodingKeys: String, CodingKey {
    case logSync = "walFsync"
    case backendCommit, peerRoundTrip
    case committed = "proposalsCommitted"
    case applied = "proposalsApplied"
    case failed = "proposalsFailed"
  }

  /// What was added between two readings.
  init(from: EtcdMetrics, to: EtcdMetrics) {
    let change = { (name: String) in to.durations(name) - from.durations(name) }
    let count = { (name: String) in Int(to[name] - from[name]) }
    logSync = change("etcd_disk_wal_fsync_duration_seconds")
    backendCommit = change("etcd_disk_backend_commit_duration_seconds")
    peerRoundTrip = change("etcd_network_peer_round_trip_time_seconds")
    committed = count("etcd_server_proposals_committed_total")
    applied = count("etcd_server_proposals_applied_total")
    failed = count("etcd_server_proposals_failed_total")
  }
}

/// Losses of the leader of one kind of cluster.
public struct ElectionSeries: Hashable, Codable, Sendable {
  /// Which of ``EtcdCalibrationSettings/places`` held the data.
  public var place: Int
  /// The cluster.
  public var cluster: EtcdClusterSettings
  /// How its leader was lost.
  public var loss: ElectionSettings.Loss
  /// Each loss.
  public var trials: [ElectionTrial] = []
}

/// One loss of a leader.
public struct ElectionTrial: Hashable, Codable, Sendable {
  /// Cores that others may use: timers of a second and more are kept by a machine of which they
  /// have a part that would spoil a load.
  public static let noiseLimit = 0.25

  /// From the signal until a put to a survivor was answered.
  public var outage: Nanoseconds
  /// Terms that passed: 1 is an election won at the first try.
  public var terms: Int
  /// Puts that were tried until one was answered.
  public var probes: Int
  /// Whether others used more of the processors than the settings allow.
  public var isNoisy: Bool
  /// Whether it is to be compared with a model.
  public var isUsed: Bool
  /// Who used the processors.
  public var processors: ProcessorShares

  enum CodingKeys: String, CodingKey {
    case outage = "outageNs"
    case terms, probes, isNoisy, isUsed, processors
  }
}
