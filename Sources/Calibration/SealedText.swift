internal import Crypto
internal import Foundation

/// Texts that hold the SHA-256 of themselves, with zeros in its place.
enum SealedText {
  /// What stands in the hash's place while it is reckoned.
  static let noHash = String(repeating: "0", count: 64)

  /// The text of a value whose hash is ``noHash``, with its hash.
  static func of(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    return text.replacing(noHash, with: hash(text), maxReplacements: 1)
  }

  /// Whether `hash`, which stands in `text`, is the text's.
  static func isWhole(_ text: String, _ hash: String) -> Bool {
    self.hash(text.replacing(hash, with: noHash, maxReplacements: 1)) == hash
  }

  private static func hash(_ text: String) -> String {
    SHA256.hash(data: Data(text.utf8)).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}
