public import Calibration
internal import Foundation
internal import Ledger

/// Files of the checkout that this program was built in, or of the current folder.
public enum ReferenceFile {
  /// The path of a file, given from the top of the checkout; nil where there is none.
  public static func find(_ file: String) -> String? {
    let program =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    var folders = [FileManager.default.currentDirectoryPath]
    var folder = URL(fileURLWithPath: program).deletingLastPathComponent()
    while folder.path != "/" {
      folders.append(folder.path)
      folder.deleteLastPathComponent()
    }
    return folders.map { "\($0)/\(file)" }.first(where: FileManager.default.fileExists)
  }

  /// The calibration at a path, or the one that Assay comes with.
  ///
  /// Throws ``CalibrationError`` where there is none, or it is damaged.
  public static func calibration(at path: String?) throws(CalibrationError) -> EtcdCalibration {
    let standard = "results/reference/etcd-calibration.json"
    return try read(path, standard, from: "assay calibrate etcd --output FILE") {
      try EtcdCalibration(reading: $0)
    }
  }

  /// The frozen model at a path, or the one that Assay comes with.
  ///
  /// Throws ``CalibrationError`` where there is none, or it is damaged.
  public static func model(at path: String?) throws(CalibrationError) -> EtcdModel {
    try read(path, EtcdModel.reference, from: "assay simulator fit --calibration FILE") {
      try EtcdModel(reading: $0)
    }
  }

  /// A record of experiments on a control plane at a path, or the one that Assay comes with under a
  /// name.
  ///
  /// Throws ``CalibrationError`` where there is none, or it is damaged.
  public static func controlPlane(
    at path: String?, _ name: String
  ) throws(CalibrationError) -> ControlPlaneRecord {
    try read(path, "results/reference/\(name).json", from: "assay calibrate control-plane") {
      try ControlPlaneRecord(reading: $0)
    }
  }

  private static func read<Value>(
    _ path: String?, _ standard: String, from maker: String, _ parse: (String) throws -> Value
  ) throws(CalibrationError) -> Value {
    guard let path = path ?? find(standard) else {
      throw CalibrationError(
        .io, "no \(standard) here or above this program",
        hint: "name a file; `\(maker)` makes one")
    }
    let text: String
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw CalibrationError(
        .io, "cannot read \(path): \(FaultReason.of(error))", hint: "`\(maker)` makes one")
    }
    do {
      return try parse(text)
    } catch let error as CalibrationError {
      throw CalibrationError(error.kind, "\(path): \(error.problem)", hint: error.hint)
    } catch {
      throw CalibrationError(.data, "\(path): \(error)", hint: "`\(maker)` makes one")
    }
  }
}
