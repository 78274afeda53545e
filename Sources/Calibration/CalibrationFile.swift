internal import Foundation

/// The file that a calibration is written to.
public enum CalibrationFile {
  /// Looks whether it could be written, before an hour is spent on its content.
  ///
  /// Throws ``CalibrationError`` of kind `io` if not.
  public static func check(_ path: String) throws(CalibrationError) {
    guard path != "-" else { return }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let isThere = access(path, F_OK) == 0
    guard access(isThere ? path : folder, isThere ? W_OK : W_OK | X_OK) == 0 else {
      throw CalibrationError(.io, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
    var status = stat()
    guard stat(path, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR else {
      throw CalibrationError(.io, "cannot write \(path): it is a folder")
    }
  }
}
