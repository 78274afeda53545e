public import Measure

/// What a calibration of etcd measures, and how carefully.
public struct EtcdCalibrationSettings: Hashable, Codable, Sendable {
  /// Folders whose file systems are measured; data goes into new folders within them.
  public var places: [String]
  /// Sizes of clusters.
  public var members: [Int]
  /// Clients of closed loops of puts.
  public var clients: [Int]
  /// Clients of closed loops of reads.
  public var readers: [Int]
  /// Sizes of values.
  public var valueSizes: [ByteCount]
  /// Rates of open loops as parts of the largest rate of closed ones.
  public var openLoops: [Fraction]
  /// How long is measured at a time.
  public var window: Nanoseconds
  /// Load before it that is not counted.
  public var warmUp: Nanoseconds
  /// How often each point is measured.
  public var repetitions: Int
  /// How long write and fdatasync are measured before and after each point.
  public var syncSpan: Nanoseconds
  /// Cores that others may use while a point is measured.
  public var noiseLimit: Double
  /// How often a point is measured again where they used more.
  public var retries: Int
  /// Whether noisy points count all the same.
  public var despiteNoise: Bool
  /// Most connections that clients share.
  public var connections: Int
  /// First port of a row; 0 for free ones.
  public var basePort: Int
  /// What is done to leaders.
  public var elections: ElectionSettings
  /// From which order, keys and arrivals derive.
  public var seed: UInt64

  enum CodingKeys: String, CodingKey {
    case places, members, clients, readers
    case valueSizes = "valueBytes"
    case openLoops = "openLoopFractionsOfCapacity"
    case window = "windowNs"
    case warmUp = "warmUpNs"
    case repetitions
    case syncSpan = "syncSpanNs"
    case noiseLimit = "noiseLimitCores"
    case retries, despiteNoise, connections, basePort, elections, seed
  }

  /// The standard calibration of places, with values of 256 B as leases have them.
  public init(places: [String], seed: UInt64) {
    self.places = places
    self.seed = seed
    members = [1, 3]
    clients = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    readers = [1, 64]
    valueSizes = [ByteCount(256)]
    openLoops = [25, 50, 75, 90].map { Fraction.percent($0) }
    window = .seconds(10)
    warmUp = .seconds(1)
    repetitions = 5
    syncSpan = .milliseconds(500)
    noiseLimit = 0.05
    retries = 2
    despiteNoise = false
    connections = 16
    basePort = 0
    elections = ElectionSettings()
  }

  /// Makes it short, for tests and a first look: two client counts, windows of 2 s, one trial each.
  public mutating func quicken() {
    clients = [1, 64]
    readers = [64]
    openLoops = [.percent(50)]
    window = .seconds(2)
    warmUp = .milliseconds(500)
    syncSpan = .milliseconds(200)
    repetitions = 1
    retries = 0
    elections.quicken()
  }

  /// How long it takes about, without what is measured again.
  public var estimate: Nanoseconds {
    let trial = window + warmUp + syncSpan * 2 + .seconds(2)
    let closed = clients.count * valueSizes.count
    let points = closed + readers.count * 2 + (closed > 0 ? openLoops.count : 0)
    let trials = points * places.count * members.count * repetitions
    return trial * Int64(trials) + elections.estimate
  }
}

/// How an etcd's leader is lost again and again, and how long nothing is written then.
public struct ElectionSettings: Hashable, Codable, Sendable {
  /// How a leader is lost.
  public enum Loss: String, CaseIterable, Codable, Sendable {
    /// By SIGSTOP: its connections stay, nothing is answered, as where a machine or its network
    /// hangs.
    case stop
    /// By SIGKILL: its connections end at once.
    case kill
  }

  /// Heartbeat interval and election timeout.
  public struct Timing: Hashable, Codable, Sendable {
    /// One tick.
    public var heartbeat: Nanoseconds
    /// As etcd's --election-timeout.
    public var electionTimeout: Nanoseconds

    enum CodingKeys: String, CodingKey {
      case heartbeat = "heartbeatNs"
      case electionTimeout = "electionTimeoutNs"
    }

    /// Makes a timing.
    public init(heartbeat: Nanoseconds, electionTimeout: Nanoseconds) {
      self.heartbeat = heartbeat
      self.electionTimeout = electionTimeout
    }
  }

  /// Losses of each kind of cluster.
  public var trials = 10
  /// Sizes of clusters.
  public var members = [3, 5]
  /// Timings.
  public var timings = [
    Timing(heartbeat: .milliseconds(500), electionTimeout: .milliseconds(2500)),
    Timing(heartbeat: .milliseconds(100), electionTimeout: .milliseconds(1000)),
  ]
  /// With and without pre-vote.
  public var preVotes = [false, true]
  /// How the leader is lost.
  public var loss = Loss.stop
  /// The time between two puts that are tried; outages are known to within it.
  public var probeInterval = Nanoseconds.milliseconds(20)

  enum CodingKeys: String, CodingKey {
    case trials, members, timings, preVotes, loss
    case probeInterval = "probeIntervalNs"
  }

  /// The standard settings.
  public init() {}

  mutating func quicken() {
    trials = min(trials, 2)
    members = [3]
    timings = [timings[1]]
    preVotes = [false]
  }

  /// Every kind of cluster.
  var clusters: [EtcdClusterSettings] {
    members.flatMap { members in
      timings.flatMap { timing in
        preVotes.map { preVote in
          EtcdClusterSettings(
            members: members, heartbeat: timing.heartbeat,
            electionTimeout: timing.electionTimeout, preVote: preVote)
        }
      }
    }
  }

  /// An outage takes about 1.5 election timeouts, and the lost member as long to come back.
  var estimate: Nanoseconds {
    guard trials > 0 else { return .zero }
    return clusters.reduce(.zero) { sum, cluster in
      sum + .seconds(5) + cluster.electionTimeout * Int64(trials * 3)
    }
  }
}
