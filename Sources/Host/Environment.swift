internal import CLinux
internal import Glibc
public import Measure

/// The machine at one moment, for the record: take one before and one after a run.
///
/// A fact this machine does not tell is absent. Facts are sorted by key.
public struct Environment: Hashable, Codable, Sendable {
  /// All facts known, sorted by key.
  public var facts: [EnvironmentFact]

  /// Looks at the machine.
  ///
  /// - Parameter toolVersion: Assay's own version, kept as `assay.version`.
  /// - Returns: the facts this machine tells.
  /// - Complexity: some hundred small reads of /proc and /sys, a few milliseconds.
  public static func capture(toolVersion: String) -> Environment {
    var facts = FactList()
    facts.add("assay.version", toolVersion, .shouldMatch)
    facts.addKernel()
    facts.addProcessor()
    facts.addFrequency()
    facts.addMemory()
    facts.addMachine()
    facts.addMoment()
    return Environment(facts: facts.facts.sorted { $0.key < $1.key })
  }

  /// The value under a key.
  public subscript(_ key: String) -> String? { facts.first { $0.key == key }?.value }

  /// Facts of a class, by key.
  public func facts(of class: EnvironmentFact.Class) -> [EnvironmentFact] {
    facts.filter { $0.class == `class` }
  }

  /// Whether the processor's time-stamp counter runs at one speed and never stops: the kernel lists
  /// `constant_tsc` and `nonstop_tsc` in /proc/cpuinfo and uses it as clock source.
  public static var counterIsSteady: Bool {
    let flags = processorFlags()
    let source = Files.text("/sys/devices/system/clocksource/clocksource0/current_clocksource")
    // A kernel that found the counter unstable has moved to another source.
    return flags.contains("constant_tsc") && flags.contains("nonstop_tsc") && source == "tsc"
  }

  /// Flags of the first processor in /proc/cpuinfo.
  static func processorFlags() -> Set<String> {
    let text = Files.text("/proc/cpuinfo") ?? ""
    let flags = Files.field("flags", in: text, separator: ":") ?? ""
    return Set(flags.split(separator: " ").map(String.init))
  }
}

/// Facts as they are gathered; an absent or empty value adds nothing.
struct FactList {
  private(set) var facts: [EnvironmentFact] = []

  mutating func add(_ key: String, _ value: String?, _ class: EnvironmentFact.Class) {
    guard let value, !value.isEmpty else { return }
    facts.append(EnvironmentFact(key: key, value: value, class: `class`))
  }

  /// The differing values of one file of each CPU, with how many CPUs have each when they differ.
  mutating func addPerCPU(
    _ key: String, _ file: String, _ class: EnvironmentFact.Class
  ) {
    var counts: [String: Int] = [:]
    for cpu in Files.numbers(inList: Files.text("/sys/devices/system/cpu/online") ?? "") {
      if let value = Files.value("/sys/devices/system/cpu/cpu\(cpu)/\(file)") {
        counts[value, default: 0] += 1
      }
    }
    let values = counts.sorted { $0.key < $1.key }
    let text =
      values.count == 1
      ? values[0].key : values.map { "\($0.key) x\($0.value)" }.joined(separator: ", ")
    add(key, text, `class`)
  }
}
