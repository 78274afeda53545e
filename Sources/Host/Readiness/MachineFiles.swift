/// The kernel's files below a root: `/` for this machine, a copied tree in tests.
///
/// Paths are written as on the machine: `/sys/class/tpm`.
struct MachineFiles {
  /// What stands before every path; empty for this machine.
  let root: String

  init(root: String = "") { self.root = root }

  /// The text of a file; nil when it is absent or unreadable.
  func text(_ path: String) -> String? { Files.text(root + path) }

  /// The text of a file, nil also when it is empty.
  func value(_ path: String) -> String? { Files.value(root + path) }

  /// A whole number in a file.
  func integer(_ path: String) -> Int64? { Files.integer(root + path) }

  /// All bytes of a file.
  func bytes(_ path: String) -> [UInt8]? { Files.bytes(root + path) }

  /// Names in a directory in alphabetical order.
  func names(in directory: String) -> [String] { Files.names(in: root + directory) }

  /// Whether something is at `path`.
  func exists(_ path: String) -> Bool { Files.exists(root + path) }

  /// The last part of what a link points to.
  func linkName(_ path: String) -> String? { Files.resolved(root + path).map(Files.lastPart) }

  /// The word in brackets of a file that offers several: `always [madvise] never`.
  func choice(_ path: String) -> String? {
    guard let text = text(path), let open = text.firstIndex(of: "["),
      let close = text[open...].firstIndex(of: "]")
    else { return nil }
    return String(text[text.index(after: open)..<close])
  }

  /// Value of a `key: value` line of a file.
  func field(_ key: String, of path: String) -> String? {
    text(path).flatMap { Files.field(key, in: $0, separator: ":") }
  }

  /// Words of the kernel's command line.
  var commandLine: [String] {
    (text("/proc/cmdline") ?? "").split(separator: " ").map(String.init)
  }

  /// CPUs online, lowest first.
  var cpus: [Int] { Files.numbers(inList: text("/sys/devices/system/cpu/online") ?? "") }

  /// The values of one file of each CPU, with the CPUs that have each, most common first.
  func perCPU(_ file: String) -> [(value: String, cpus: [Int])] {
    var found: [String: [Int]] = [:]
    for cpu in cpus {
      if let value = value("/sys/devices/system/cpu/cpu\(cpu)/\(file)") {
        found[value, default: []].append(cpu)
      }
    }
    return found.map { ($0.key, $0.value) }
      .sorted { ($1.cpus.count, $0.value) < ($0.cpus.count, $1.value) }
  }

  /// Whether the processor says that a hypervisor is beneath; only x86 and Xen tell.
  var isVirtual: Bool {
    if exists("/sys/hypervisor/type") { return true }
    let flags = field("flags", of: "/proc/cpuinfo") ?? ""
    return flags.split(separator: " ").contains("hypervisor")
  }
}
