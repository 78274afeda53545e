public import Measure

/// What was seen of an operation, and when.
///
/// Moments are on CLOCK_MONOTONIC until ``moved(by:)`` counts them from the start of measuring.
public struct OperationTimeline: Hashable, Codable, Sendable {
  /// The trigger was about to be called; nil where the trial ended before.
  public var triggeredNs: Nanoseconds?
  /// The program had exited, the request was answered, the commands had returned: well.
  public var acceptedNs: Nanoseconds?
  /// The kernel's event of the disk was received.
  public var ueventNs: Nanoseconds?
  /// Sysfs showed the change.
  public var sysfsNs: Nanoseconds?
  /// The device node had come, or gone.
  public var nodeNs: Nanoseconds?
  /// The first read had succeeded.
  public var usableNs: Nanoseconds?
  /// The way back was about to be called.
  public var undoTriggeredNs: Nanoseconds?
  /// The way back was accepted.
  public var undoAcceptedNs: Nanoseconds?
  /// The longest time between two looks at sysfs: how late a moment there may be.
  public var resolutionNs: Nanoseconds?
  /// The kernel's name of the disk.
  public var disk: String?
  /// Its size before; nil where it was not there.
  public var sizeBefore: ByteCount?
  /// Its size after; nil where it is not there.
  public var sizeAfter: ByteCount?
  /// Why the operation failed: not accepted, or not to be seen in time.
  public var failure: String?
  /// Why the way back failed.
  public var undoFailure: String?

  /// Nothing seen yet.
  public init() {}

  /// The first sign of the change: event or sysfs.
  public var visibleNs: Nanoseconds? { [ueventNs, sysfsNs].compactMap { $0 }.min() }

  /// Every moment of the operation itself, without the way back.
  private static var moments: [WritableKeyPath<OperationTimeline, Nanoseconds?>] {
    [\.triggeredNs, \.acceptedNs, \.ueventNs, \.sysfsNs, \.nodeNs, \.usableNs]
  }

  /// When the last thing was seen; a way back that began later than `end` is no part of it.
  public func lastNs(before end: Nanoseconds) -> Nanoseconds? {
    let isUndone = undoTriggeredNs.map { $0 < end } ?? false
    return (Self.moments.map { self[keyPath: $0] } + [isUndone ? undoAcceptedNs : nil])
      .compactMap { $0 }.max()
  }

  /// The same with all moments counted from `start`.
  public func since(_ start: Nanoseconds) -> OperationTimeline {
    var moved = self
    for path in Self.moments + [\.undoTriggeredNs, \.undoAcceptedNs] {
      moved[keyPath: path] = moved[keyPath: path].map { $0 - start }
    }
    return moved
  }
}
