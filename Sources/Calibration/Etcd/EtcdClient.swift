internal import Foundation
internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix
internal import Measure
internal import NIOCore

/// Connections to members of an etcd.
struct EtcdClient: Sendable {
  private static let service = ServiceDescriptor(fullyQualifiedService: "etcdserverpb.KV")
  private static let put = MethodDescriptor(service: service, method: "Put")
  private static let range = MethodDescriptor(service: service, method: "Range")

  private let connections: [GRPCClient<HTTP2ClientTransport.Posix>]

  /// Opens a connection to each of some ports of this machine, for as long as `body` runs.
  ///
  /// - Throws: what `body` throws.
  static func with<Result: Sendable>(
    ports: [Int], _ body: (EtcdClient) async throws -> Result
  ) async throws -> Result {
    let configuration = HTTP2ClientTransport.Posix.Config.defaults {
      $0.channelDebuggingCallbacks.onCreateTCPConnection = { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(PingAnswerer(), position: .first)
        }
      }
    }
    let connections = try ports.map { port in
      GRPCClient(
        transport: try HTTP2ClientTransport.Posix(
          target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: .plaintext,
          config: configuration))
    }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      for connection in connections {
        group.addTask { try? await connection.runConnections() }
      }
      // A member that has stopped answers nothing more, so nothing is waited for.
      defer { group.cancelAll() }
      return try await body(EtcdClient(connections: connections))
    }
  }

  /// Puts a value; gives the header of the answer.
  ///
  /// Clients are spread over the connections. Throws RPCError, with etcd's own words.
  @discardableResult func put(
    _ key: Data, _ value: Data, client: Int = 0, timeout: Duration? = nil
  ) async throws -> ResponseHeader {
    var request = PutRequest()
    (request.key, request.value) = (key, value)
    return try await call(Self.put, request, client, timeout).header
  }

  /// Reads a key; gives how many there are of it.
  ///
  /// - Throws: RPCError, with etcd's own words.
  func get(_ key: Data, isSerializable: Bool, client: Int = 0) async throws -> Int64 {
    var request = RangeRequest()
    (request.key, request.isSerializable) = (key, isSerializable)
    return try await call(Self.range, request, client, nil).count
  }

  private func call<Request: EtcdMessage>(
    _ method: MethodDescriptor, _ request: Request, _ client: Int, _ timeout: Duration?
  ) async throws -> EtcdResponse {
    var options = CallOptions.defaults
    options.timeout = timeout
    return try await connections[client % connections.count].unary(
      request: ClientRequest(message: request), descriptor: method,
      serializer: ProtobufSerializer<Request>(),
      deserializer: ProtobufDeserializer<EtcdResponse>(), options: options
    ) { try $0.message }
  }
}
