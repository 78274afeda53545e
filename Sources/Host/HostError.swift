internal import Glibc

/// What went wrong with this machine, where, and how to mend it.
public struct HostError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The device, file or setting concerned.
  public let place: String
  /// What is wrong.
  public let problem: String
  /// What the user can do about it; nil when there is nothing to advise.
  public let remedy: String?

  /// Makes an error about `place`.
  public init(_ place: String, _ problem: String, remedy: String? = nil) {
    self.place = place
    self.problem = problem
    self.remedy = remedy
  }

  /// Makes an error of a failed system call, worded by strerror(3), with advice where it is known.
  static func refused(_ place: String, _ action: String, code: Int32) -> HostError {
    let reason = String(cString: strerror(code))
    let remedy: String? =
      switch code {
      case EACCES, EPERM: "run as root, or join the group that owns it (`ls -l` tells)"
      case ENOENT: "check the spelling; `lsblk -p` lists the block devices"
      case ENXIO, ENODEV: "the device is gone; check its cabling or connection"
      default: nil
      }
    return HostError(place, "cannot \(action): \(reason)", remedy: remedy)
  }

  /// `place: problem`, and the remedy on a line of its own.
  public var withHint: String {
    "\(place): \(problem)" + (remedy.map { "\n  hint: \($0)" } ?? "")
  }

  /// `place: problem; remedy`.
  public var description: String {
    "\(place): \(problem)" + (remedy.map { "; \($0)" } ?? "")
  }
}
