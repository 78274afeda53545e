internal import Foundation

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
        .damaged, "\(place): \(reason(error))",
        hint: "the record is damaged: take it from a copy, or run the scenario again")
    }
  }

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
