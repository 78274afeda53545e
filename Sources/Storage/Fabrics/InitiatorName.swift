internal import Foundation
internal import Host
internal import Measure

/// Who this host is to a target: qualified name and identifier.
struct InitiatorName: Hashable, Sendable {
  var name: String
  /// 16 bytes; a UUID.
  var identifier: [UInt8]

  private static let prefix = "nqn.2014-08.org.nvmexpress:uuid:"

  /// The name asked for, else that of /etc/nvme/hostnqn, else one made of the installation.
  static func current(_ asked: String?) -> InitiatorName {
    let configured = line("/etc/nvme/hostnqn")
    let name = asked ?? configured ?? prefix + uuid(of: line("/etc/machine-id") ?? "assay").text
    if name == configured, let text = line("/etc/nvme/hostid"), let bytes = bytes(text) {
      return InitiatorName(name: name, identifier: bytes)
    }
    if name.hasPrefix(prefix), let bytes = bytes(String(name.dropFirst(prefix.count))) {
      return InitiatorName(name: name, identifier: bytes)
    }
    return InitiatorName(name: name, identifier: uuid(of: name).bytes)
  }

  private static func line(_ path: String) -> String? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    let line = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return line.isEmpty ? nil : line
  }

  private static func bytes(_ text: String) -> [UInt8]? {
    guard let value = UUID(uuidString: text)?.uuid else { return nil }
    return withUnsafeBytes(of: value) { Array($0) }
  }

  /// A UUID of version 8 (RFC 9562, 5.8) that depends on nothing but the text.
  private static func uuid(of text: String) -> (bytes: [UInt8], text: String) {
    var halves: (UInt64, UInt64) = (1, 2)
    for byte in text.utf8 {
      halves.0 = SplitMix64.scrambled(halves.0 &+ UInt64(byte))
      halves.1 = SplitMix64.scrambled(halves.1 ^ halves.0)
    }
    var bytes = withUnsafeBytes(of: (halves.0.bigEndian, halves.1.bigEndian)) { Array($0) }
    bytes[6] = bytes[6] & 0x0F | 0x80
    bytes[8] = bytes[8] & 0x3F | 0x80
    let value = bytes.withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) }
    return (bytes, UUID(uuid: value).uuidString.lowercased())
  }
}
