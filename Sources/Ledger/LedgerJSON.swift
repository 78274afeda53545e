internal import Foundation
internal import Measure

/// The one JSON form of a record: sorted keys, so that equal content is equal bytes.
enum LedgerJSON {
  static func encode(_ value: some Encodable, pretty: Bool = false) throws(LedgerError) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    do {
      return try encoder.encode(value)
    } catch {
      throw LedgerError(
        .io, "a value has no JSON form: \(error)", hint: "report this as a fault of Assay")
    }
  }

  static func decode<Value: Decodable>(
    _ type: Value.Type, from data: Data, at place: String
  ) throws(LedgerError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      throw LedgerError(
        .damaged, "\(place): \(reason(error))", hint: damagedHint)
    }
  }

  /// Reads bytes without Foundation's decoder; a fault in them is placed by its byte, from 1.
  static func read<Value>(
    _ data: Data, at place: String,
    _ body: (inout JSONReader) throws(JSONReader.Fault) -> Value
  ) throws(LedgerError) -> Value {
    let result = data.withUnsafeBytes { bytes -> Result<Value, JSONReader.Fault> in
      var reader = JSONReader(bytes.assumingMemoryBound(to: UInt8.self))
      do throws(JSONReader.Fault) {
        return .success(try body(&reader))
      } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success(let value): return value
    case .failure(let fault):
      throw LedgerError(
        .damaged, "\(place): byte \(fault.offset + 1): \(fault.message)", hint: damagedHint)
    }
  }

  static let damagedHint =
    "the record is damaged: take it from a copy, or run the scenario again"

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    switch error {
    case .keyNotFound(let key, _): return "the key \"\(key.stringValue)\" is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return "\(path): \(context.debugDescription)"
    case .dataCorrupted: return "is not whole JSON"
    @unknown default: return "\(error)"
    }
  }
}
