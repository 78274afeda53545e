internal import Measure

/// Who this host is to targets: both names go together, the kernel refuses a mixture.
public struct FabricsHost: Hashable, Codable, Sendable {
  /// Qualified name, by which a target allows or refuses the host.
  public var name: String
  /// Host identifier: a UUID, the same for all connections of the host.
  public var identifier: String

  /// The names of this host.
  ///
  /// Without a name asked for it is that of /etc/nvme/hostnqn, or one made of the machine's UUID
  /// (NVMe Base Specification 2.0, 4.5, the UUID form).
  public static func current(name: String? = nil) -> FabricsHost {
    current(name: name, machine: MachineFiles())
  }

  static func current(name: String?, machine: MachineFiles) -> FabricsHost {
    let configured = machine.value("/etc/nvme/hostnqn")
    let name = name ?? configured ?? prefix + machineIdentifier(machine)
    // What connections of that name use already is binding (drivers/nvme/host/fabrics.c,
    // nvmf_host_add).
    let connected = FabricsController.all(machine).first { $0.host == name }
    if let identifier = connected?.hostIdentifier {
      return FabricsHost(name: name, identifier: identifier)
    }
    if name == configured, let identifier = machine.value("/etc/nvme/hostid") {
      return FabricsHost(name: name, identifier: identifier)
    }
    if name.hasPrefix(prefix), isIdentifier(name.dropFirst(prefix.count)) {
      return FabricsHost(name: name, identifier: String(name.dropFirst(prefix.count)))
    }
    return FabricsHost(name: name, identifier: identifier(of: name))
  }

  private static let prefix = "nqn.2014-08.org.nvmexpress:uuid:"

  /// The board's UUID, which only root may read; else one of the installation's identifier, which
  /// is not to leave the machine as it is (machine-id(5)).
  private static func machineIdentifier(_ machine: MachineFiles) -> String {
    if let board = machine.value("/sys/class/dmi/id/product_uuid")?.lowercased(),
      isIdentifier(board), Set(board).count > 3
    {
      return board
    }
    let machineID = machine.value("/etc/machine-id") ?? machine.value("/proc/sys/kernel/hostname")
    return identifier(of: "assay host " + (machineID ?? ""))
  }

  private static func isIdentifier(_ text: some StringProtocol) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return parts.map(\.count) == [8, 4, 4, 4, 12]
      && parts.allSatisfy { $0.allSatisfy { $0.isASCII && $0.isHexDigit } }
  }

  /// A UUID of version 8 (RFC 9562, 5.8) that depends on nothing but the text.
  static func identifier(of text: String) -> String {
    var halves: [UInt64] = [0, 1]
    for byte in text.utf8 {
      for index in halves.indices {
        halves[index] = SplitMix64.scrambled(
          halves[index] &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(byte) &+ 1)
      }
    }
    halves[0] = halves[0] & ~0xF000 | 0x8000
    halves[1] = halves[1] & ~(3 << 62) | 2 << 62
    let digits = halves.map { half in
      let text = String(half, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }.joined()
    var result = ""
    for (index, digit) in digits.enumerated() {
      if [8, 12, 16, 20].contains(index) { result.append("-") }
      result.append(digit)
    }
    return result
  }
}
