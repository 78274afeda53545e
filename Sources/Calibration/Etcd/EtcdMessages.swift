internal import Foundation
internal import SwiftProtobuf

// The two messages of etcd's key-value service that a load sends, written by hand: they do not pay
// for a generator in every build.
//
// Field numbers are those of `etcdserverpb.KV` in etcd's api/etcdserverpb/rpc.proto, the same from
// 3.0 on. Answers are not read: of a load, gRPC's status says whether it was served.

/// `etcdserverpb.PutRequest`.
struct PutRequest: EtcdMessage {
  static let protoMessageName = "etcdserverpb.PutRequest"
  var key = Data()
  var value = Data()
  var unknownFields = UnknownStorage()

  mutating func decode(_ field: Int, _ decoder: inout some Decoder) throws {
    switch field {
    case 1: try decoder.decodeSingularBytesField(value: &key)
    case 2: try decoder.decodeSingularBytesField(value: &value)
    default: break
    }
  }

  func traverse(visitor: inout some Visitor) throws {
    try visitor.visitSingularBytesField(value: key, fieldNumber: 1)
    try visitor.visitSingularBytesField(value: value, fieldNumber: 2)
    try unknownFields.traverse(visitor: &visitor)
  }
}

/// `etcdserverpb.RangeRequest` of a single key.
struct RangeRequest: EtcdMessage {
  static let protoMessageName = "etcdserverpb.RangeRequest"
  var key = Data()
  /// Answered by the member itself, without asking the leader.
  var isSerializable = false
  var unknownFields = UnknownStorage()

  mutating func decode(_ field: Int, _ decoder: inout some Decoder) throws {
    switch field {
    case 1: try decoder.decodeSingularBytesField(value: &key)
    case 7: try decoder.decodeSingularBoolField(value: &isSerializable)
    default: break
    }
  }

  func traverse(visitor: inout some Visitor) throws {
    try visitor.visitSingularBytesField(value: key, fieldNumber: 1)
    if isSerializable { try visitor.visitSingularBoolField(value: true, fieldNumber: 7) }
    try unknownFields.traverse(visitor: &visitor)
  }
}

/// What the messages above share: one call a field, and equality.
protocol EtcdMessage: SwiftProtobuf.Message, Hashable {
  /// Reads one field.
  mutating func decode(_ field: Int, _ decoder: inout some Decoder) throws
}

extension EtcdMessage {
  mutating func decodeMessage(decoder: inout some Decoder) throws {
    while let field = try decoder.nextFieldNumber() { try decode(field, &decoder) }
  }

  func isEqualTo(message: any SwiftProtobuf.Message) -> Bool { message as? Self == self }
}
