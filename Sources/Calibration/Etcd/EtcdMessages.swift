internal import Foundation
internal import GRPCCore
internal import SwiftProtobuf

// The messages of etcd's key-value service that a calibration sends and reads, written by hand:
// four small ones do not pay for a generator in every build.
//
// Field numbers are those of `etcdserverpb.KV` in etcd's api/etcdserverpb/rpc.proto, the same from
// 3.0 on. A field that is not named here goes to `unknownFields` and is not looked at.

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

/// `etcdserverpb.ResponseHeader`, the part of every answer that says who gave it and when.
struct ResponseHeader: EtcdMessage {
  static let protoMessageName = "etcdserverpb.ResponseHeader"
  var revision: Int64 = 0
  var raftTerm: UInt64 = 0
  var unknownFields = UnknownStorage()

  mutating func decode(_ field: Int, _ decoder: inout some Decoder) throws {
    switch field {
    case 3: try decoder.decodeSingularInt64Field(value: &revision)
    case 4: try decoder.decodeSingularUInt64Field(value: &raftTerm)
    default: break
    }
  }

  func traverse(visitor: inout some Visitor) throws {
    try visitor.visitSingularInt64Field(value: revision, fieldNumber: 3)
    try visitor.visitSingularUInt64Field(value: raftTerm, fieldNumber: 4)
    try unknownFields.traverse(visitor: &visitor)
  }
}

/// What `etcdserverpb.PutResponse` and `RangeResponse` have in common, and how many keys there are.
struct EtcdResponse: EtcdMessage {
  static let protoMessageName = "etcdserverpb.RangeResponse"
  var header = ResponseHeader()
  /// Keys that were found; 0 in the answer to a put.
  var count: Int64 = 0
  var unknownFields = UnknownStorage()

  mutating func decode(_ field: Int, _ decoder: inout some Decoder) throws {
    switch field {
    case 1:
      var found: ResponseHeader?
      try decoder.decodeSingularMessageField(value: &found)
      header = found ?? header
    case 4: try decoder.decodeSingularInt64Field(value: &count)
    default: break
    }
  }

  func traverse(visitor: inout some Visitor) throws {
    try visitor.visitSingularMessageField(value: header, fieldNumber: 1)
    try visitor.visitSingularInt64Field(value: count, fieldNumber: 4)
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

/// Turns messages into the bytes that gRPC sends.
struct ProtobufSerializer<Message: SwiftProtobuf.Message>: MessageSerializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: Message) throws -> Bytes {
    let bytes: [UInt8] = try message.serializedBytes()
    return Bytes(bytes)
  }
}

/// Reads messages from the bytes that gRPC receives.
struct ProtobufDeserializer<Message: SwiftProtobuf.Message>: MessageDeserializer {
  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> Message {
    try bytes.withUnsafeBytes { try Message(serializedBytes: Data($0)) }
  }
}
