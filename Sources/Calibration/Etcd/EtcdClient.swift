internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1

/// Puts one by one, each to a member of choice, over etcd's JSON gateway (`/v3/kv/put`).
struct EtcdClient: Sendable {
  /// What etcd says instead of an answer.
  struct Refused: Error, CustomStringConvertible {
    var status: UInt
    var words: String

    var description: String { "etcd says HTTP \(status): \(words)" }
  }

  private let client: HTTPClient
  private let ports: [Int]

  /// Has connections to members on some ports of this machine for as long as `body` runs.
  ///
  /// - Throws: what `body` throws.
  static func with<Result: Sendable>(
    ports: [Int], _ body: (EtcdClient) async throws -> Result
  ) async throws -> Result {
    var configuration = HTTPClient.Configuration()
    // Puts that a cluster without a leader holds back must not hold back those after them.
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 5000
    let client = HTTPClient(configuration: configuration)
    let outcome: Swift.Result<Result, any Error>
    do {
      outcome = .success(try await body(EtcdClient(client: client, ports: ports)))
    } catch {
      outcome = .failure(error)
    }
    try? await client.shutdown()
    return try outcome.get()
  }

  /// Puts a value through a member; gives the term of raft in which it was taken.
  ///
  /// Throws ``Refused``, and what the connection throws.
  func put(_ key: String, _ value: Data, member: Int, within seconds: Int64) async throws -> UInt64
  {
    var request = HTTPClientRequest(
      url: "http://127.0.0.1:\(ports[member % ports.count])/v3/kv/put")
    request.method = .POST
    let body = Put(key: Data(key.utf8), value: value)
    request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
    let response = try await client.execute(request, timeout: .seconds(seconds))
    let answer = Data(try await response.body.collect(upTo: 1 << 20).readableBytesView)
    guard response.status.code == 200 else {
      throw Refused(
        status: response.status.code, words: String(decoding: answer.prefix(300), as: UTF8.self))
    }
    let header = try JSONDecoder().decode(Answer.self, from: answer).header
    return UInt64(header.term) ?? 0
  }

  /// `etcdserverpb.PutRequest`; bytes are in base64 (as `Data` is encoded).
  private struct Put: Encodable {
    var key: Data
    var value: Data
  }

  /// The part of `etcdserverpb.PutResponse` that is looked at; 64-bit numbers are strings in JSON.
  private struct Answer: Decodable {
    struct Header: Decodable {
      var term: String

      enum CodingKeys: String, CodingKey { case term = "raft_term" }
    }

    var header: Header
  }
}
