internal import Crypto
internal import Foundation

/// `manifest.json`: what belongs to a record, with its hash.
public struct Manifest: Codable, Hashable, Sendable {
  /// The file's name within the record.
  public static let fileName = "manifest.json"

  /// Version of this format.
  public var format = "assay-manifest-1"
  /// SHA-256 in hex, by the file's name within the record.
  public var sha256: [String: String]

  /// Hashes every file below `folder` but the manifest itself.
  static func of(folder: String) throws(LedgerError) -> Manifest {
    // A link to a record is not descended into.
    let target = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
    let names = (FileManager.default.subpaths(atPath: target) ?? []).sorted()
    var hashes: [String: String] = [:]
    for name in names where name != fileName && !name.hasSuffix(".part") {
      var isFolder: ObjCBool = false
      let path = folder + "/" + name
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
        !isFolder.boolValue
      else { continue }
      hashes[name] = hexDigest(try LedgerFile.read(path))
    }
    return Manifest(sha256: hashes)
  }

  /// The report's name within the record.
  public static let reportName = "report.html"

  /// Names of files that are missing, changed or new against the manifest.
  public func differences(in folder: String) throws(LedgerError) -> [String] {
    let now = try Manifest.of(folder: folder)
    return Set(sha256.keys).union(now.sha256.keys).sorted().compactMap { name in
      switch (sha256[name], now.sha256[name]) {
      case (.some, .none): "\(name) is missing"
      case (.none, .some): "\(name) was added"
      case (let then, let now): then == now ? nil : "\(name) was changed"
      }
    }
  }

  /// SHA-256 of a text in hex.
  public static func digest(of text: String) -> String { hexDigest(Data(text.utf8)) }

  static func hexDigest(_ data: Data) -> String {
    SHA256.hash(data: data).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}
