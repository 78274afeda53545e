/// Reads JSON (RFC 8259) straight from bytes, in one pass and without guessing at types.
///
/// Foundation's decoder cannot be asked what a value is, so that ``JSONValue`` has to try every
/// type and pays for an error each time; a record's event file is megabytes of such values. The
/// bytes must outlive the reader.
public struct JSONReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  /// The place of the next byte, from 0.
  public private(set) var offset = 0
  private var depth = 0

  /// Values that are nested deeper are refused, so that no file overflows the stack.
  private static let deepest = 512

  /// What is wrong with a text, and where.
  public struct Fault: Error, Hashable {
    /// The place of the byte at which it shows, from 0.
    public var offset: Int
    /// What is due there.
    public var message: String

    /// Describes a fault.
    public init(offset: Int, message: String) {
      self.offset = offset
      self.message = message
    }
  }

  /// Starts at the first byte.
  public init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// Reads a text that is one value.
  ///
  /// Throws ``Fault`` where it is not whole or more follows. O(bytes).
  public static func value(of bytes: UnsafeBufferPointer<UInt8>) throws(Fault) -> JSONValue {
    var reader = JSONReader(bytes)
    let value = try reader.value()
    try reader.end()
    return value
  }

  /// The next value, whatever it is.
  public mutating func value() throws(Fault) -> JSONValue {
    switch try next() {
    case UInt8(ascii: "{"):
      var members: [String: JSONValue] = [:]
      try object { reader, name throws(Fault) in members[name] = try reader.value() }
      return .object(members)
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try array { reader throws(Fault) in elements.append(try reader.value()) }
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"):
      try literal("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try literal("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try literal("null")
      return .null
    default:
      let text = try numberText()
      if let whole = Self.integer(text) { return .integer(whole) }
      let number = try double(text)
      // As Foundation has it: 2.0 is the whole number 2.
      return Int64(exactly: number).map(JSONValue.integer) ?? .number(number)
    }
  }

  /// Passes over the next value; strings in it are not decoded.
  public mutating func skip() throws(Fault) {
    switch try next() {
    case UInt8(ascii: "{"):
      try members { reader throws(Fault) in
        _ = try reader.stringText()
        try reader.expect(UInt8(ascii: ":"), "a colon")
        try reader.skip()
      }
    case UInt8(ascii: "["): try array { reader throws(Fault) in try reader.skip() }
    case UInt8(ascii: "\""): _ = try stringText()
    case UInt8(ascii: "t"): try literal("true")
    case UInt8(ascii: "f"): try literal("false")
    case UInt8(ascii: "n"): try literal("null")
    default: _ = try numberText()
    }
  }

  /// Passes over the next value, which is checked for being whole only, and gives its bytes.
  ///
  /// Of an object or array no more than strings and the balance of brackets is looked at, which is
  /// several times as fast as ``skip()``. Throws ``Fault`` where the text ends within it. O(bytes).
  @discardableResult
  public mutating func leap() throws(Fault) -> UnsafeBufferPointer<UInt8> {
    let first = try next()
    let start = offset
    switch first {
    case UInt8(ascii: "{"), UInt8(ascii: "["): try leapNested()
    default: try skip()
    }
    return UnsafeBufferPointer(rebasing: bytes[start..<offset])
  }

  /// Reads an object; `member` must read or skip the value of each name.
  public mutating func object(
    _ member: (inout JSONReader, String) throws(Fault) -> Void
  ) throws(Fault) {
    try members { reader throws(Fault) in
      let name = try reader.string()
      try reader.expect(UInt8(ascii: ":"), "a colon")
      try member(&reader, name)
    }
  }

  /// Reads an array; `element` must read or skip each element.
  public mutating func array(_ element: (inout JSONReader) throws(Fault) -> Void) throws(Fault) {
    try list(UInt8(ascii: "["), "an array", UInt8(ascii: "]"), element)
  }

  /// The next value, which must be a string.
  public mutating func string() throws(Fault) -> String {
    let text = try stringText()
    let inside = UnsafeBufferPointer(rebasing: bytes[text])
    // Nothing can be wrong with ASCII, and to have it validated takes longer than all else here.
    let isASCII = inside.reduce(0, |) < 0x80
    guard
      let plain = isASCII
        ? String(decoding: inside, as: UTF8.self) : String(validating: inside, as: UTF8.self)
    else { throw Fault(offset: text.lowerBound, message: "a string is not UTF-8") }
    return inside.contains(UInt8(ascii: "\\")) ? try unescaped(inside, at: text) : plain
  }

  /// The next value, which must be a number.
  public mutating func number() throws(Fault) -> Double {
    let text = try numberText()
    if let whole = Self.integer(text), let exact = Double(exactly: whole) { return exact }
    return try double(text)
  }

  /// Checks that nothing but white space is left.
  public mutating func end() throws(Fault) {
    skipSpace()
    if offset < bytes.count { throw fault("nothing more") }
  }

  // MARK: Parts

  private func fault(_ due: String) -> Fault {
    Fault(
      offset: offset, message: offset < bytes.count ? "\(due) is due" : "the text ends too soon")
  }

  private mutating func skipSpace() {
    // Lines of a record are indented by up to fourteen.
    while bytes.count - offset >= 8, eightBytes == Self.each(0x20) { offset += 8 }
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0A, 0x0D: offset += 1
      default: return
      }
    }
  }

  /// The first byte of the next value, which stays the next one.
  private mutating func next() throws(Fault) -> UInt8 {
    skipSpace()
    guard offset < bytes.count else { throw fault("a value") }
    return bytes[offset]
  }

  private mutating func expect(_ byte: UInt8, _ due: String) throws(Fault) {
    guard try next() == byte else { throw fault(due) }
    offset += 1
  }

  private mutating func literal(_ word: StaticString) throws(Fault) {
    for index in 0..<word.utf8CodeUnitCount {
      guard offset < bytes.count, bytes[offset] == word.utf8Start[index] else {
        throw fault("\(word)")
      }
      offset += 1
    }
  }

  private mutating func members(
    _ member: (inout JSONReader) throws(Fault) -> Void
  ) throws(Fault) {
    try list(UInt8(ascii: "{"), "an object", UInt8(ascii: "}"), member)
  }

  private mutating func list(
    _ open: UInt8, _ due: String, _ close: UInt8,
    _ element: (inout JSONReader) throws(Fault) -> Void
  ) throws(Fault) {
    try expect(open, due)
    guard depth < Self.deepest else { throw fault("a value that is less deep") }
    depth += 1
    defer { depth -= 1 }
    if try next() == close {
      offset += 1
      return
    }
    while true {
      try element(&self)
      if try next() == close { break }
      try expect(UInt8(ascii: ","), "a comma")
    }
    offset += 1
  }

  /// The bytes between the quotes of the next value, which must be a string.
  private mutating func stringText() throws(Fault) -> Range<Int> {
    try expect(UInt8(ascii: "\""), "a string")
    let start = offset
    while true {
      move {
        Self.place(of: "\"", in: $0) | Self.place(of: "\\", in: $0)
          | Self.place(below: 0x20, in: $0)
      }
      guard offset < bytes.count else { break }
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        offset += 1
        return start..<offset - 1
      case UInt8(ascii: "\\"): offset += 2
      default: throw fault("a string without control characters")
      }
    }
    offset = bytes.count
    throw fault("a quote")
  }

  /// Passes over an object or array, whose bracket is the next byte.
  private mutating func leapNested() throws(Fault) {
    var open = 0
    repeat {
      move { Self.place(of: "\"", in: $0) | Self.placeOfBracket(in: $0) }
      switch try next() {
      case UInt8(ascii: "\""):
        _ = try stringText()
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): open += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): open -= 1
      default: break
      }
      offset += 1
    } while open > 0
  }

  private func unescaped(
    _ text: UnsafeBufferPointer<UInt8>, at place: Range<Int>
  ) throws(Fault) -> String {
    var units: [UInt16] = []
    var rest = text[...]
    func fault() -> Fault { Fault(offset: place.lowerBound, message: "an escape is not known") }
    while let backslash = rest.firstIndex(of: UInt8(ascii: "\\")) {
      units += String(decoding: rest[..<backslash], as: UTF8.self).utf16
      rest = rest[(backslash + 1)...]
      guard let letter = rest.popFirst() else { throw fault() }
      switch letter {
      case UInt8(ascii: "b"): units.append(0x08)
      case UInt8(ascii: "f"): units.append(0x0C)
      case UInt8(ascii: "n"): units.append(0x0A)
      case UInt8(ascii: "r"): units.append(0x0D)
      case UInt8(ascii: "t"): units.append(0x09)
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(UInt16(letter))
      case UInt8(ascii: "u"):
        let digits = String(decoding: rest.prefix(4), as: UTF8.self)
        guard digits.utf8.count == 4, let unit = UInt16(digits, radix: 16) else { throw fault() }
        units.append(unit)
        rest = rest.dropFirst(4)
      default: throw fault()
      }
    }
    units += String(decoding: rest, as: UTF8.self).utf16
    guard let string = String(validating: units, as: UTF16.self) else { throw fault() }
    return string
  }

  // MARK: Eight bytes at once

  /// Moves on to the first byte for which `hit` has a bit, or to the end.
  ///
  /// `hit` gets eight bytes, the first the lowest. Only the lowest bit of its answer counts.
  @inline(__always)
  private mutating func move(to hit: (UInt64) -> UInt64) {
    while offset < bytes.count {
      let found = hit(eightBytes)
      if found != 0 {
        offset += found.trailingZeroBitCount / 8
        return
      }
      offset = min(offset + 8, bytes.count)
    }
  }

  /// The bytes from here on; spaces, which nothing looks for, follow the last of the text.
  @inline(__always)
  private var eightBytes: UInt64 {
    let left = bytes.count - offset
    if left >= 8 {
      return UInt64(
        littleEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(
          fromByteOffset: offset, as: UInt64.self))
    }
    return bytes[offset...].reversed().reduce(Self.each(0x20)) { $0 << 8 | UInt64($1) }
  }

  private static func each(_ byte: UInt8) -> UInt64 { 0x0101_0101_0101_0101 &* UInt64(byte) }

  /// The high bit of the lowest byte that is below `limit`, at most 128, and wrong bits above it.
  ///
  /// Warren, Hacker's Delight (2013), section 6-1: a byte borrows only from bytes above it.
  @inline(__always)
  private static func place(below limit: UInt8, in eight: UInt64) -> UInt64 {
    (eight &- each(limit)) & ~eight & each(0x80)
  }

  @inline(__always)
  private static func place(of letter: Unicode.Scalar, in eight: UInt64) -> UInt64 {
    place(below: 1, in: eight ^ each(UInt8(ascii: letter)))
  }

  /// Of `[`, `]`, `{` or `}`; or of `Y`, `_`, `y` or delete, which differ in the same bits.
  @inline(__always)
  private static func placeOfBracket(in eight: UInt64) -> UInt64 {
    place(of: "\u{7F}", in: eight | each(0x26))
  }

  // MARK: Numbers

  /// The bytes of the next value, which must be a number by RFC 8259's grammar.
  private mutating func numberText() throws(Fault) -> UnsafeBufferPointer<UInt8> {
    _ = try next()
    let start = offset
    accept(UInt8(ascii: "-"))
    if !accept(UInt8(ascii: "0")) { try digits("a value") }
    if accept(UInt8(ascii: ".")) { try digits("a digit") }
    if accept(UInt8(ascii: "e")) || accept(UInt8(ascii: "E")) {
      if !accept(UInt8(ascii: "+")) { accept(UInt8(ascii: "-")) }
      try digits("a digit")
    }
    return UnsafeBufferPointer(rebasing: bytes[start..<offset])
  }

  @discardableResult
  private mutating func accept(_ byte: UInt8) -> Bool {
    guard offset < bytes.count, bytes[offset] == byte else { return false }
    offset += 1
    return true
  }

  private mutating func digits(_ due: String) throws(Fault) {
    let start = offset
    while offset < bytes.count, isDigit(bytes[offset]) { offset += 1 }
    if offset == start { throw fault(due) }
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  /// A whole number without point and exponent that fits; nil for any other, and for -0.
  private static func integer(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
    let isNegative = text.first == UInt8(ascii: "-")
    // Eighteen digits always fit.
    guard text.count - (isNegative ? 1 : 0) <= 18 else {
      return Int64(String(decoding: text, as: UTF8.self))
    }
    var value: Int64 = 0
    for byte in text.dropFirst(isNegative ? 1 : 0) {
      guard byte &- UInt8(ascii: "0") < 10 else { return nil }
      value = value &* 10 &+ Int64(byte &- UInt8(ascii: "0"))
    }
    if isNegative && value == 0 { return nil }
    return isNegative ? -value : value
  }

  private func double(_ text: UnsafeBufferPointer<UInt8>) throws(Fault) -> Double {
    guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else {
      throw Fault(offset: offset - text.count, message: "a number is too large")
    }
    return value
  }
}
