public import Measure

/// What clients do to an etcd at one point of a calibration.
public struct EtcdLoad: Hashable, Codable, Sendable {
  /// What is asked for.
  public enum Operation: String, CaseIterable, Codable, Sendable {
    /// A value for a key, through the log of a majority.
    case put
    /// A key's value as of now: the leader asks a majority whether it still leads.
    case linearizableRead = "linearizable-read"
    /// A key's value as this member knows it.
    case serializableRead = "serializable-read"
  }

  /// What decides when the next request is sent.
  public enum Loop: String, Codable, Sendable {
    /// The answer to the last one: so many clients, each with one request at a time.
    case closed
    /// A Poisson process of a given rate, whatever is outstanding.
    case open
  }

  /// What is asked for.
  public var operation: Operation
  /// Size of each value.
  public var valueSize: ByteCount
  /// Whether answers or a clock send requests.
  public var loop: Loop
  /// Clients of a closed loop; nil of an open one.
  public var clients: Int?
  /// Part of the closed loop's largest rate that an open loop offers; nil of a closed one.
  public var capacityFraction: Fraction?
  /// HTTP/2 connections that the clients share.
  public var connections: Int

  enum CodingKeys: String, CodingKey {
    case operation
    case valueSize = "valueBytes"
    case loop, clients, capacityFraction, connections
  }

  /// A closed loop.
  static func closed(
    _ operation: Operation, clients: Int, value: ByteCount, connections: Int
  ) -> EtcdLoad {
    EtcdLoad(
      operation: operation, valueSize: value, loop: .closed, clients: clients,
      capacityFraction: nil, connections: min(clients, connections))
  }

  /// An open loop of puts.
  static func open(at fraction: Fraction, value: ByteCount, connections: Int) -> EtcdLoad {
    EtcdLoad(
      operation: .put, valueSize: value, loop: .open, clients: nil, capacityFraction: fraction,
      connections: connections)
  }

  /// In few words: `put, 64 clients` or `put, 75 % of capacity`.
  public var text: String {
    let who =
      clients.map { counted($0, "client") }
      ?? "\(Int(((capacityFraction?.value ?? 0) * 100).rounded())) % of capacity"
    let size = valueSize == ByteCount(256) ? "" : ", \(valueSize.text)"
    return "\(operation.rawValue), \(who)\(size)"
  }
}
