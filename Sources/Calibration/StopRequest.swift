internal import CLinux

/// Whether the user asked to stop, by Ctrl-C or SIGTERM.
enum StopRequest {
  /// Whether a stop was asked for.
  static var isMade: Bool { cl_stop_requested() != 0 }

  /// Throws the error of an interrupted calibration once a stop was asked for.
  static func check() throws(CalibrationError) {
    if isMade { throw .interrupted }
  }
}
