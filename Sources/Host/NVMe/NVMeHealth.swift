public import Measure

/// The SMART / health log of an NVMe controller (log page 02h).
///
///     let before = try NVMeHealth.read("/dev/nvme0")
///     … measure …
///     let change = try NVMeHealth.read("/dev/nvme0").since(before)
///
/// Fields after the NVMe Base Specification 2.0, Figure 207. Counters of 128 bits that do not fit
/// are the largest that does.
public struct NVMeHealth: Hashable, Codable, Sendable {
  /// What the controller warns of.
  public enum Warning: String, CaseIterable, Codable, Sendable {
    /// Spare blocks are below their threshold.
    case spare
    /// A temperature is beyond its threshold.
    case temperature
    /// Media errors have made it less reliable.
    case reliability
    /// It takes no more writes.
    case readOnly = "read-only"
    /// What keeps the volatile cache through a loss of power has failed.
    case backup
    /// The persistent memory region can only be read, or is unreliable.
    case persistentMemory = "persistent-memory"
  }

  /// Warnings in force.
  public var warnings: [Warning]
  /// Temperature of the whole, degrees Celsius; nil where it is not told.
  public var temperature: Int?
  /// Temperatures of sensors 1 to 8, degrees Celsius; nil where there is none.
  public var sensors: [Int?]
  /// Spare blocks left, 1 for all.
  public var spare: Fraction
  /// Below this the controller warns.
  public var spareThreshold: Fraction
  /// Life used up, as its maker reckons it; above 1 beyond it.
  public var used: Fraction
  /// Units of 512 000 bytes read by hosts, rounded up.
  public var unitsRead: UInt64
  /// Units of 512 000 bytes written by hosts, rounded up.
  public var unitsWritten: UInt64
  /// Read commands.
  public var reads: UInt64
  /// Write commands.
  public var writes: UInt64
  /// Minutes in which it was busy.
  public var busyMinutes: UInt64
  /// Power cycles.
  public var powerCycles: UInt64
  /// Hours under power.
  public var powerOnHours: UInt64
  /// Losses of power without notice.
  public var unsafeShutdowns: UInt64
  /// Data that could not be read back right.
  public var mediaErrors: UInt64
  /// Entries of the error log over the controller's life.
  public var errorEntries: UInt64
  /// Minutes above the warning temperature.
  public var warningMinutes: UInt64
  /// Minutes above the critical temperature.
  public var criticalMinutes: UInt64
  /// Times that it throttled lightly.
  public var lightThrottles: UInt64
  /// Times that it throttled heavily.
  public var heavyThrottles: UInt64
  /// Seconds throttled lightly.
  public var lightThrottleSeconds: UInt64
  /// Seconds throttled heavily.
  public var heavyThrottleSeconds: UInt64

  enum CodingKeys: String, CodingKey {
    case warnings
    case temperature = "temperatureCelsius"
    case sensors = "sensorsCelsius"
    case spare, spareThreshold, used
    case unitsRead = "unitsOf512000BytesRead"
    case unitsWritten = "unitsOf512000BytesWritten"
    case reads, writes, busyMinutes, powerCycles, powerOnHours, unsafeShutdowns, mediaErrors
    case errorEntries, warningMinutes, criticalMinutes, lightThrottles, heavyThrottles
    case lightThrottleSeconds, heavyThrottleSeconds
  }

  /// Asks a controller, by its own node or one of its namespaces'.
  ///
  /// Throws ``HostError`` where it cannot be opened (root only) or keeps no such log.
  public static func read(_ path: String) throws(HostError) -> NVMeHealth {
    NVMeHealth(data: try NVMeAdmin(path: path).log(page: 0x02, length: 512))
  }

  /// Decodes the 512 bytes of the log page.
  init(data bytes: [UInt8]) {
    let data = NVMeData(bytes)
    let mask = data.byte(0)
    warnings = Warning.allCases.enumerated().filter { mask >> $0.offset & 1 == 1 }.map(\.element)
    temperature = NVMeIdentity.celsius(data.number(1, 2))
    spare = .percent(Double(data.byte(3)))
    spareThreshold = .percent(Double(data.byte(4)))
    used = .percent(Double(data.byte(5)))
    let counters = (0..<10).map { data.number(32 + $0 * 16, 16) }
    (unitsRead, unitsWritten, reads, writes) = (counters[0], counters[1], counters[2], counters[3])
    (busyMinutes, powerCycles, powerOnHours) = (counters[4], counters[5], counters[6])
    (unsafeShutdowns, mediaErrors, errorEntries) = (counters[7], counters[8], counters[9])
    warningMinutes = data.number(192, 4)
    criticalMinutes = data.number(196, 4)
    sensors = (0..<8).map { NVMeIdentity.celsius(data.number(200 + $0 * 2, 2)) }
    lightThrottles = data.number(216, 4)
    heavyThrottles = data.number(220, 4)
    lightThrottleSeconds = data.number(224, 4)
    heavyThrottleSeconds = data.number(228, 4)
  }

  /// What happened since an earlier reading of the same controller.
  public func since(_ before: NVMeHealth) -> NVMeHealthChange {
    let counters: [(name: String, value: KeyPath<NVMeHealth, UInt64>)] = [
      (CodingKeys.unitsRead.rawValue, \.unitsRead),
      (CodingKeys.unitsWritten.rawValue, \.unitsWritten),
      ("reads", \.reads), ("writes", \.writes), ("busyMinutes", \.busyMinutes),
      ("powerCycles", \.powerCycles), ("powerOnHours", \.powerOnHours),
      ("unsafeShutdowns", \.unsafeShutdowns), ("mediaErrors", \.mediaErrors),
      ("errorEntries", \.errorEntries), ("warningMinutes", \.warningMinutes),
      ("criticalMinutes", \.criticalMinutes), ("lightThrottles", \.lightThrottles),
      ("heavyThrottles", \.heavyThrottles), ("lightThrottleSeconds", \.lightThrottleSeconds),
      ("heavyThrottleSeconds", \.heavyThrottleSeconds),
    ]
    let moved = counters.compactMap { counter -> (String, Int64)? in
      let (now, then) = (self[keyPath: counter.value], before[keyPath: counter.value])
      guard now != then else { return nil }
      return (counter.name, Int64(clamping: now) - Int64(clamping: then))
    }
    let rise = temperature.flatMap { now in before.temperature.map { now - $0 } }
    return NVMeHealthChange(
      counters: Dictionary(moved, uniquingKeysWith: { $1 }), temperatureRise: rise,
      usedMore: .percent(((used.value - before.used.value) * 100).rounded()),
      newWarnings: warnings.filter { !before.warnings.contains($0) })
  }
}

/// What changed between two readings of a controller's health.
public struct NVMeHealthChange: Hashable, Codable, Sendable {
  /// Counters that moved, by their names in ``NVMeHealth``; below zero where one was set back.
  public var counters: [String: Int64]
  /// How much warmer it is, degrees Celsius; nil where it is not told.
  public var temperatureRise: Int?
  /// Life used up meanwhile.
  public var usedMore: Fraction
  /// Warnings that were not in force before.
  public var newWarnings: [NVMeHealth.Warning]

  enum CodingKeys: String, CodingKey {
    case counters
    case temperatureRise = "temperatureRiseCelsius"
    case usedMore, newWarnings
  }
}
