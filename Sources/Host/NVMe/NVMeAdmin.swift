internal import CLinux
internal import Glibc

/// Admin commands to a controller of the kernel's driver: they read, or manage the controllers
/// behind its virtual functions.
///
/// Of those that read, Identify and Get Log Page are the only ones there are: `cl_nvme_admin_read`
/// refuses every other opcode. `cl_nvme_secondary_controller` sends Virtualization Management only.
/// No format, sanitize or setting can come from here.
struct NVMeAdmin: ~Copyable {
  /// `/dev/nvme0`, or a namespace of it.
  let path: String
  let file: Int32

  /// Opens a controller (`/dev/nvme0`) or namespace (`/dev/nvme0n1`, `/dev/ng0n1`).
  ///
  /// Throws ``HostError`` where it cannot be opened.
  init(path: String) throws(HostError) {
    self.path = path
    file = cl_open(path, O_RDONLY | Int32(CL_O_CLOEXEC), 0)
    guard file >= 0 else { throw .refused(path, "open the controller", code: errno) }
  }

  deinit { close(file) }

  /// What Identify tells; NVMe Base Specification 2.0, 5.17.
  enum Identify: UInt32 {
    case namespace = 0x00
    case controller = 0x01
    case activeNamespaces = 0x02
    /// 0x14; `controller` is the one asked about.
    case primaryCapabilities = 0x14
    /// 0x15, from `controller` on.
    case secondaryControllers = 0x15
  }

  /// Asks for a data structure of 4096 bytes.
  func identify(
    _ what: Identify, namespace: UInt32 = 0, controller: UInt16 = 0
  ) throws(HostError) -> [UInt8] {
    try read(
      opcode: 0x06, namespace, what.rawValue | UInt32(controller) << 16, length: 4096, "identify")
  }

  /// Namespaces that the host may use, above 0; at most 1024.
  func activeNamespaces() throws(HostError) -> [UInt32] {
    let data = NVMeData(try identify(.activeNamespaces))
    return (0..<1024).map { UInt32(data.number($0 * 4, 4)) }.filter { $0 != 0 }
  }

  /// Reads `length` bytes of a log page of the whole controller (namespace FFFFFFFFh).
  ///
  /// Get Log Page counts in words of 4 bytes, from 0 (NVMe Base Specification 2.0, 5.16, NUMDL).
  func log(page: UInt8, length: Int) throws(HostError) -> [UInt8] {
    let words = UInt32(length / 4 - 1)
    return try read(
      opcode: 0x02, 0xFFFF_FFFF, UInt32(page) | (words & 0xFFFF) << 16, words >> 16,
      length: length, "read log page \(page)")
  }

  private func read(
    opcode: UInt8, _ namespace: UInt32, _ word10: UInt32, _ word11: UInt32 = 0, length: Int,
    _ action: String
  ) throws(HostError) -> [UInt8] {
    var data = [UInt8](repeating: 0, count: length)
    // Shorter than the driver's own minute: a controller that is about to go answers nothing.
    let status = data.withUnsafeMutableBytes {
      cl_nvme_admin_read(
        file, opcode, namespace, word10, word11, $0.baseAddress, UInt32(length), 10_000)
    }
    if status == 0 { return data }
    if status > 0 {
      throw HostError(path, "cannot \(action): NVMe status \(String(status, radix: 16))h")
    }
    throw .refused(path, action, code: errno)
  }
}

/// Little-endian fields of an NVMe data structure; what lies behind its end is zero.
public struct NVMeData {
  private let bytes: [UInt8]

  /// The structure as it was read.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// A number of `size` bytes at `offset`; one too large for 64 bits is the largest.
  public func number(_ offset: Int, _ size: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in (0..<size).reversed() {
      if value >> 56 != 0 { return .max }
      value = value << 8 | UInt64(byte(offset + index))
    }
    return value
  }

  func byte(_ offset: Int) -> UInt8 { offset < bytes.count ? bytes[offset] : 0 }

  /// ASCII padded with blanks; nil when there is none.
  func text(_ offset: Int, _ size: Int) -> String? {
    let content = (0..<size).map { byte(offset + $0) }.prefix { $0 != 0 }
    let text = Files.trimmed(String(decoding: content, as: UTF8.self))
    return text.isEmpty ? nil : text
  }

  /// Bytes in hexadecimal as they lie; nil when all are zero.
  func digits(_ offset: Int, _ size: Int) -> String? {
    let content = (0..<size).map { byte(offset + $0) }
    guard content.contains(where: { $0 != 0 }) else { return nil }
    return content.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
