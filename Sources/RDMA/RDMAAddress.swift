internal import CVerbs
internal import Glibc

/// An IP address and port, by which the connection manager finds device and peer.
public struct RDMAAddress: Hashable, Sendable, CustomStringConvertible {
  /// As it was given: a name, or an address in numbers.
  public let host: String
  /// 0 lets the system choose, for a listener.
  public let port: Int
  /// struct sockaddr_in or sockaddr_in6, byte by byte.
  private let bytes: [UInt8]

  /// Resolves a name or a numeric address.
  ///
  /// Throws ``RDMAError`` where the name has no address.
  public init(host: String, port: Int) throws(RDMAError) {
    self.host = host
    self.port = port
    var wishes = addrinfo()
    wishes.ai_socktype = Int32(SOCK_STREAM.rawValue)
    wishes.ai_flags = AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, String(port), &wishes, &found)
    defer { if let found { freeaddrinfo(found) } }
    guard status == 0, let first = found?.pointee, let address = first.ai_addr else {
      throw RDMAError(
        "\(host) has no address: \(String(cString: gai_strerror(status)))",
        hint: "give an IP address of the target's RDMA port", cause: .unreachable)
    }
    bytes = Array(UnsafeRawBufferPointer(start: address, count: Int(first.ai_addrlen)))
  }

  /// `host:port`.
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Runs a call with the address as C wants it.
  func withSocketAddress<Result>(_ body: (UnsafeMutablePointer<sockaddr>) -> Result) -> Result {
    var storage = sockaddr_storage()
    return withUnsafeMutableBytes(of: &storage) { space in
      space.copyBytes(from: bytes)
      // A sockaddr_storage is memory for any kind of address.
      return space.withMemoryRebound(to: sockaddr.self) { addresses in
        guard let first = addresses.baseAddress else { preconditionFailure("no storage") }
        return body(first)
      }
    }
  }
}
