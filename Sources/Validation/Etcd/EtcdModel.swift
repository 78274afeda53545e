internal import Calibration
public import ControlPlane
internal import Crypto
internal import Foundation
public import Measure

/// The simulator's etcd as it was fitted to a calibration, frozen: what all else is predicted with.
///
/// JSON with sorted keys; whole numbers are nanoseconds where a key says so.
public struct EtcdModel: Hashable, Codable, Sendable {
  /// What kind of file it is.
  public static let schemaName = "assay-etcd-model"
  /// The version of its layout that this Assay writes and reads.
  public static let schemaVersion = 4
  /// Where the model that Assay comes with lies in a checkout.
  public static let reference = "results/reference/etcd-model.json"

  /// ``schemaName``.
  public var schema = EtcdModel.schemaName
  /// ``schemaVersion``.
  public var version = EtcdModel.schemaVersion
  /// SHA-256 of the file with 64 zeros in the place of this, in hexadecimal.
  public var contentSHA256 = EtcdModel.noHash
  /// `contentSha256` of the calibration that it was fitted to.
  public var calibrationSHA256: String
  /// The etcd that was calibrated.
  public var etcdVersion: String
  /// Which points of the calibration were fitted; all others are predicted.
  public var fittedPoints: [String]
  /// The root of the mean square of what the fit left, of the logarithms of rates, batches and so
  /// on: 0.05 is about 5 %.
  public var residual: Double
  /// What was fitted, on one machine; ``places`` has the disks.
  public var parameters: EtcdParameters
  /// CPU of a request on its client's side.
  public var clientCPU: Nanoseconds
  /// CPU that the load generator's thread needs to go on when it was asleep.
  public var clientTurnCPU: Nanoseconds
  /// The disks.
  public var places: [Place]

  enum CodingKeys: String, CodingKey {
    case schema, version
    case contentSHA256 = "contentSha256"
    case calibrationSHA256 = "calibrationSha256"
    case etcdVersion, fittedPoints, residual, parameters
    case clientCPU = "clientCpuNs"
    case clientTurnCPU = "clientTurnCpuNs"
    case places
  }

  /// A file system of the calibration as etcd's disk.
  public struct Place: Hashable, Codable, Sendable {
    /// Its folder.
    public var path: String
    /// Its type, as `ext4`.
    public var fileSystem: String
    /// A write and sync to places never written, as the calibration's probes saw it.
    public var append: LatencyLaw
    /// The same to places written before.
    public var overwrite: LatencyLaw
    /// A commit of the backend without its share by operation.
    public var backendCommit: LatencyLaw
    /// That share.
    public var backendCommitPerOperation: Nanoseconds
  }

  private static let noHash = String(repeating: "0", count: 64)

  /// The file's text, with its hash.
  public func text() throws -> String {
    var unsigned = self
    unsigned.contentSHA256 = Self.noHash
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    let text = String(decoding: try encoder.encode(unsigned), as: UTF8.self) + "\n"
    return text.replacing(Self.noHash, with: Self.hash(text), maxReplacements: 1)
  }

  /// Reads a file's text.
  ///
  /// Throws ``CalibrationError`` where it is no such model, of another version, or was changed
  /// after it was fitted.
  public init(reading text: String) throws {
    let decoder = JSONDecoder()
    let again = "fit again with `assay simulator fit`"
    guard let head = try? decoder.decode(Head.self, from: Data(text.utf8)) else {
      throw CalibrationError(
        .data, "no fitted model: no `schema`, `version` and `contentSha256` in it", hint: again)
    }
    guard head.schema == Self.schemaName, head.version == Self.schemaVersion else {
      throw CalibrationError(
        .data,
        "\(head.schema), version \(head.version): \(Self.schemaName), version "
          + "\(Self.schemaVersion) is due", hint: again)
    }
    let blank = text.replacing(head.contentSha256, with: Self.noHash, maxReplacements: 1)
    guard Self.hash(blank) == head.contentSha256 else {
      throw CalibrationError(
        .data, "changed after it was fitted: its contentSha256 is not that of its content",
        hint: again)
    }
    self = try decoder.decode(EtcdModel.self, from: Data(text.utf8))
  }

  private struct Head: Decodable {
    var schema: String
    var version: Int
    var contentSha256: String
  }

  private static func hash(_ text: String) -> String {
    SHA256.hash(data: Data(text.utf8)).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}
