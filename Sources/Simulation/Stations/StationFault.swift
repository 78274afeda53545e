internal import Measure

/// What the books of a station show to be wrong: a fault of the model, not of what it models.
public struct StationFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// Which station, and which sums disagree.
  public let description: String

  init(_ description: String) { self.description = description }

  /// Each job's own wait, added up, against the number that waited over time.
  static func require(
    _ place: String, _ waits: Int128, _ waiting: Population, at now: Nanoseconds
  ) throws(StationFault) {
    guard waits == waiting.integral(at: now) else {
      throw StationFault(
        "\(place): the jobs waited \(waits) ns in all, the number waiting over time says "
          + "\(waiting.integral(at: now)) ns")
    }
  }

  /// Who stops waiting starts.
  static func require(
    _ place: String, stoppedWaiting: UInt64, started: UInt64
  ) throws(StationFault) {
    guard stoppedWaiting == started else {
      throw StationFault("\(place): \(stoppedWaiting) stopped waiting, but \(started) started")
    }
  }
}
