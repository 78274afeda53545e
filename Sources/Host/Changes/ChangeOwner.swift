internal import Glibc

/// The process that made a change, told from a later one of the same number.
public struct ChangeOwner: Hashable, Codable, Sendable {
  /// Process number.
  public var process: Int32
  /// When the process began, in clock ticks since the boot: field 22 of /proc/PID/stat, proc(5).
  public var startTicks: UInt64
  /// The boot it lived in (/proc/sys/kernel/random/boot_id): what is changed in the kernel ends
  /// with it.
  public var boot: String
  /// The command line, for people.
  public var command: String

  /// This process.
  ///
  /// Throws ``HostError`` where /proc is not mounted.
  static func current() throws(HostError) -> ChangeOwner {
    let process = getpid()
    guard let ticks = startTicks(of: process), let boot = Self.boot else {
      throw HostError("/proc/self/stat", "cannot be read", remedy: "mount -t proc proc /proc")
    }
    let words = (Files.bytes("/proc/self/cmdline") ?? []).split(separator: 0)
    let command = words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    return ChangeOwner(process: process, startTicks: ticks, boot: boot, command: command)
  }

  /// Whether the process is still there.
  var isAlive: Bool { isOfThisBoot && Self.startTicks(of: process) == startTicks }

  /// Whether the process that gave an entry its name, `PROCESS-TICKS-NUMBER.json`, is still there.
  static func isAlive(named name: String) -> Bool {
    let parts = name.split(separator: "-")
    guard parts.count == 3, let process = Int32(parts[0]), let ticks = UInt64(parts[1]) else {
      return false
    }
    return startTicks(of: process) == ticks
  }

  /// Whether the machine has not been booted since.
  var isOfThisBoot: Bool { boot == Self.boot }

  private static var boot: String? { Files.value("/proc/sys/kernel/random/boot_id") }

  /// Field 22; the second, the program's name in brackets, may have spaces and brackets itself.
  ///
  /// A process that has ended and is not yet reaped (state Z) is not there any more.
  private static func startTicks(of process: Int32) -> UInt64? {
    guard let stat = Files.text("/proc/\(process)/stat"), let end = stat.lastIndex(of: ")") else {
      return nil
    }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return UInt64(fields[19])
  }
}
