internal import Foundation

/// Why a file cannot be read or written, in words.
public enum FaultReason {
  /// The words of strerror(3), where Foundation only has a number.
  public static func of(_ error: any Error) -> String {
    let fault = error as NSError
    let cause = fault.userInfo[NSUnderlyingErrorKey] as? NSError
    if let posix = [fault, cause].compactMap(\.self).first(where: {
      $0.domain == NSPOSIXErrorDomain
    }) {
      return String(cString: strerror(Int32(posix.code)))
    }
    let code: Int32? =
      switch (error as? CocoaError)?.code {
      case .fileNoSuchFile, .fileReadNoSuchFile: ENOENT
      case .fileReadNoPermission, .fileWriteNoPermission: EACCES
      case .fileWriteOutOfSpace: ENOSPC
      case .fileReadInapplicableStringEncoding, .fileReadCorruptFile: EILSEQ
      default: nil
      }
    if code == EILSEQ { return "it is not UTF-8 text" }
    return code.map { String(cString: strerror($0)) } ?? error.localizedDescription
  }
}
