internal import AsyncHTTPClient
internal import Foundation
internal import Measure
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Where an API server answers, and as whom it is asked.
public struct ControlPlaneAccess: Hashable, Sendable {
  /// `https://HOST:PORT`.
  public var url: String
  /// The bearer token; never printed or kept.
  public var token: String
  /// Path of the certificates, PEM, that the server's own is checked against.
  public var authority: String

  /// Makes an access.
  public init(url: String, token: String, authority: String) {
    self.url = url
    self.token = token
    self.authority = authority
  }
}

/// An answer that is no success.
struct RefusedRequest: Error, CustomStringConvertible {
  var operation: APIOperation
  var status: Int
  var body: String

  var description: String {
    "\(operation.verb) \(operation.resource): HTTP \(status) \(body.prefix(300))"
  }
}

/// A client of the API server.
final class KubernetesClient: Sendable {
  /// How requests share connections.
  enum Connections {
    /// HTTP/2: all requests are streams of one connection.
    case one
    /// HTTP/1.1: as many connections as there are requests at once, at most so many.
    case many(Int)
  }

  let log: RequestLog
  private let access: ControlPlaneAccess
  private let client: HTTPClient
  private let threads: MultiThreadedEventLoopGroup

  init(_ access: ControlPlaneAccess, _ connections: Connections, log: RequestLog) {
    self.access = access
    self.log = log
    var configuration = HTTPClient.Configuration()
    var security = TLSConfiguration.makeClientConfiguration()
    security.trustRoots = .file(access.authority)
    configuration.tlsConfiguration = security
    configuration.timeout.connect = .seconds(10)
    // A refused connection is for the caller, who waits as client-go does.
    configuration.connectionPool.retryConnectionEstablishment = false
    switch connections {
    case .one: configuration.httpVersion = .automatic
    case .many(let count):
      configuration.httpVersion = .http1Only
      configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = count
    }
    threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    client = HTTPClient(eventLoopGroup: threads, configuration: configuration)
  }

  func shutdown() async {
    try? await client.shutdown()
    try? await threads.shutdownGracefully()
  }

  /// Sends a request and gives the answer's body.
  ///
  /// Throws `RefusedRequest` for any status but 2xx, and what the connection failed with.
  @discardableResult func send(
    _ operation: APIOperation, _ path: String, _ body: JSONValue? = nil
  ) async throws -> ByteBuffer {
    let request = try request(operation, path, body)
    let begun = MonotonicClock.now()
    do {
      let response = try await client.execute(request, timeout: .seconds(60))
      let answer = try await response.body.collect(upTo: 256 << 20)
      guard (200..<300).contains(response.status.code) else {
        throw RefusedRequest(
          operation: operation, status: Int(response.status.code), body: String(buffer: answer))
      }
      log.record(operation, MonotonicClock.now() - begun)
      return answer
    } catch {
      if !Task.isCancelled { log.recordFailure(operation, Self.reason(error)) }
      throw error
    }
  }

  /// Sends a request and reads the answer as an object.
  func send<Answer: Decodable>(
    _ operation: APIOperation, _ path: String, _ body: JSONValue? = nil, as: Answer.Type
  ) async throws -> Answer {
    let answer = try await send(operation, path, body)
    return try JSONDecoder().decode(Answer.self, from: Data(answer.readableBytesView))
  }

  /// Reads a text of the API server, or without a token of another: etcd's metrics.
  func text(_ path: String, of other: String? = nil) async throws -> String {
    var request = HTTPClientRequest(url: (other ?? access.url) + path)
    if other == nil {
      request.headers.add(name: "Authorization", value: "Bearer \(access.token)")
    }
    let response = try await client.execute(request, timeout: .seconds(10))
    return String(buffer: try await response.body.collect(upTo: 64 << 20))
  }

  /// Opens a watch; each element is a line.
  func watch(_ resource: String, _ path: String) async throws -> WatchLines {
    let operation = APIOperation("WATCH", resource)
    let request = try request(APIOperation("GET", resource), path, nil)
    let begun = MonotonicClock.now()
    do {
      let response = try await client.execute(request, deadline: .distantFuture)
      guard response.status == .ok else {
        let body = try await response.body.collect(upTo: 1 << 20)
        throw RefusedRequest(
          operation: operation, status: Int(response.status.code), body: String(buffer: body))
      }
      log.record(operation, MonotonicClock.now() - begun)
      return WatchLines(chunks: response.body)
    } catch {
      if !Task.isCancelled { log.recordFailure(operation, Self.reason(error)) }
      throw error
    }
  }

  private func request(
    _ operation: APIOperation, _ path: String, _ body: JSONValue?
  ) throws -> HTTPClientRequest {
    var request = HTTPClientRequest(url: access.url + path)
    request.method =
      switch operation.verb {
      case "LIST": .GET
      case "DELETECOLLECTION": .DELETE
      default: HTTPMethod(rawValue: operation.verb)
      }
    request.headers.add(name: "Authorization", value: "Bearer \(access.token)")
    if let body {
      let type = operation.verb == "PATCH" ? "strategic-merge-patch+json" : "json"
      request.headers.add(name: "Content-Type", value: "application/\(type)")
      request.body = .bytes(try JSONEncoder().encode(body))
    }
    return request
  }

  /// Whether nobody listens: the API server is down, not unwilling.
  static func isConnectionRefused(_ error: any Error) -> Bool {
    switch error {
    case let error as IOError: error.errnoCode == ECONNREFUSED
    case let error as NIOConnectionError:
      error.connectionErrors.contains { isConnectionRefused($0.error) }
    default: false
    }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let refusal as RefusedRequest: "HTTP \(refusal.status)"
    case _ where isConnectionRefused(error): "connection refused"
    case let error as HTTPClientError: error.shortDescription
    default: "\(type(of: error))"
    }
  }
}

/// The lines of a watch as they arrive.
struct WatchLines {
  private var chunks: HTTPClientResponse.Body.AsyncIterator
  private var pending = ByteBuffer()

  fileprivate init(chunks: HTTPClientResponse.Body) {
    self.chunks = chunks.makeAsyncIterator()
  }

  /// The next line; nil when the server ended the watch.
  mutating func next() async throws -> Data? {
    while true {
      let bytes = pending.readableBytesView
      if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Data(bytes[..<end])
        pending.moveReaderIndex(forwardBy: bytes.distance(from: bytes.startIndex, to: end) + 1)
        return line
      }
      guard var chunk = try await chunks.next() else { return nil }
      pending.discardReadBytes()
      pending.writeBuffer(&chunk)
    }
  }
}
