/// A span of time, or a point on CLOCK_MONOTONIC, in whole nanoseconds.
public struct Nanoseconds: Hashable, Comparable, Codable, BitwiseCopyable, Sendable {
  /// The number of nanoseconds.
  public var count: Int64

  /// Makes a span of `count` nanoseconds.
  @inlinable public init(_ count: Int64) { self.count = count }

  /// Makes a span of whole microseconds.
  public static func microseconds(_ count: Int64) -> Nanoseconds { .init(count * 1_000) }
  /// Makes a span of whole milliseconds.
  public static func milliseconds(_ count: Int64) -> Nanoseconds { .init(count * 1_000_000) }
  /// Makes a span of whole seconds.
  public static func seconds(_ count: Int64) -> Nanoseconds { .init(count * 1_000_000_000) }

  /// No time at all.
  @inlinable public static var zero: Nanoseconds { Nanoseconds(0) }

  /// The span in seconds, for arithmetic of rates and for display.
  public var inSeconds: Double { Double(count) / 1e9 }

  /// Orders by length, or by time.
  public static func < (left: Nanoseconds, right: Nanoseconds) -> Bool { left.count < right.count }
  /// Adds two spans, or a span to a point.
  public static func + (left: Nanoseconds, right: Nanoseconds) -> Nanoseconds {
    .init(left.count + right.count)
  }
  /// Subtracts; the result may be negative.
  public static func - (left: Nanoseconds, right: Nanoseconds) -> Nanoseconds {
    .init(left.count - right.count)
  }
  /// Scales a span.
  public static func * (span: Nanoseconds, factor: Int64) -> Nanoseconds {
    .init(span.count * factor)
  }

  /// Reads the bare integer.
  public init(from decoder: any Decoder) throws {
    count = try decoder.singleValueContainer().decode(Int64.self)
  }
  /// Writes the bare integer; the key names the unit.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(count)
  }
}

/// An amount of data or a place on a device, in bytes.
public struct ByteCount: Hashable, Comparable, Codable, BitwiseCopyable, Sendable {
  /// The number of bytes.
  public var count: Int64

  /// Makes an amount of `count` bytes.
  public init(_ count: Int64) { self.count = count }

  /// Makes an amount of whole KiB (1024 bytes).
  public static func kibibytes(_ count: Int64) -> ByteCount { .init(count << 10) }
  /// Makes an amount of whole MiB.
  public static func mebibytes(_ count: Int64) -> ByteCount { .init(count << 20) }
  /// Makes an amount of whole GiB.
  public static func gibibytes(_ count: Int64) -> ByteCount { .init(count << 30) }

  /// Nothing.
  public static let zero = ByteCount(0)

  /// Orders by size.
  public static func < (left: ByteCount, right: ByteCount) -> Bool { left.count < right.count }

  /// Reads the bare integer.
  public init(from decoder: any Decoder) throws {
    count = try decoder.singleValueContainer().decode(Int64.self)
  }
  /// Writes the bare integer; the key names the unit.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(count)
  }
}

/// Events per second.
public struct Rate: Hashable, Comparable, Codable, BitwiseCopyable, Sendable {
  /// How many in one second.
  public var perSecond: Double

  /// Makes a rate of `perSecond` events each second.
  public init(perSecond: Double) { self.perSecond = perSecond }

  /// Orders by speed.
  public static func < (left: Rate, right: Rate) -> Bool { left.perSecond < right.perSecond }
}

/// A part of a whole: 0.7 is 70 %.
public struct Fraction: Hashable, Comparable, Codable, BitwiseCopyable, Sendable {
  /// 0 is none and 1 is all.
  public var value: Double

  /// Makes a fraction; 0.7 is 70 %.
  public init(_ value: Double) { self.value = value }

  /// Makes a fraction of `percent` hundredths.
  public static func percent(_ percent: Double) -> Fraction { .init(percent / 100) }

  /// Orders by size.
  public static func < (left: Fraction, right: Fraction) -> Bool { left.value < right.value }

  /// Reads the bare number.
  public init(from decoder: any Decoder) throws {
    value = try decoder.singleValueContainer().decode(Double.self)
  }
  /// Writes the bare number: 0.7 for 70 %.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}
