internal import Foundation

/// The wall clock: names moments for people; never subtracted, never used to measure.
public enum WallClock {
  /// Now in UTC with milliseconds, `2026-11-21T02:19:00.123Z`.
  public static func now() -> String {
    Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }

  /// Now in UTC as a part of a file name, `20261121T021900Z`.
  public static func fileStamp() -> String {
    String(now().prefix(19)).filter { $0 != "-" && $0 != ":" } + "Z"
  }
}

extension WallClock {
  /// A moment given in seconds since 1970, in the form of ``now()``.
  public static func text(unixSeconds seconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(seconds))
      .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }
}
