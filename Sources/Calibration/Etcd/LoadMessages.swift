internal import CNghttp2
internal import Foundation

/// The requests of a load, made before the first is sent, with the head of each.
///
/// A gRPC message is preceded by a byte that says whether it is compressed and its length in four,
/// the largest first (gRPC over HTTP/2, "Length-Prefixed-Message"). Nothing here is counted by
/// reference; who makes one releases it.
struct LoadMessages {
  /// How many there are.
  let count: Int
  private let bytes: UnsafeMutablePointer<UInt8>
  private let ends: UnsafeMutablePointer<Int>
  private let names: UnsafeMutablePointer<CChar>
  /// The headers that all share.
  let headers: UnsafeMutableBufferPointer<nghttp2_nv>

  /// Makes the requests of a method, as `/etcdserverpb.KV/Put`.
  init(_ path: String, _ requests: [[UInt8]]) {
    count = requests.count
    bytes = .allocate(capacity: requests.reduce(1) { $0 + $1.count + Self.head })
    ends = .allocate(capacity: count + 1)
    ends[0] = 0
    for (place, request) in requests.enumerated() {
      var to = bytes + ends[place]
      to[0] = 0
      for part in 0..<4 {
        to[1 + part] = UInt8(truncatingIfNeeded: request.count >> (24 - 8 * part))
      }
      to += Self.head
      to.update(from: request, count: request.count)
      ends[place + 1] = ends[place] + Self.head + request.count
    }
    let fields = [
      (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "127.0.0.1"),
      ("content-type", "application/grpc"), ("te", "trailers"), ("user-agent", "assay"),
    ]
    headers = .allocate(capacity: fields.count)
    let text = fields.map { $0.0 + $0.1 }.joined()
    guard let copy = strdup(text) else { preconditionFailure("no memory for seven headers") }
    names = copy
    var name = UnsafeMutableRawPointer(names).assumingMemoryBound(to: UInt8.self)
    let flags = NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue
    for (place, field) in fields.enumerated() {
      let (length, rest) = (field.0.utf8.count, field.1.utf8.count)
      headers.initializeElement(
        at: place,
        to: nghttp2_nv(
          name: name, value: name + length, namelen: length, valuelen: rest, flags: UInt8(flags)))
      name += length + rest
    }
  }

  func release() {
    bytes.deallocate()
    ends.deallocate()
    headers.deallocate()
    free(names)
  }

  private static let head = 5

  /// A request with its head.
  subscript(_ place: Int) -> UnsafePointer<UInt8> { UnsafePointer(bytes + ends[place]) }

  /// Bytes of a request with its head.
  func size(of place: Int) -> Int { ends[place + 1] - ends[place] }
}
