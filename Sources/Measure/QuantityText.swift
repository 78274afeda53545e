/// Why a text is not the quantity that is due, and how to mend it.
public struct QuantityError: Error, Hashable, Sendable {
  /// What is wrong.
  public var message: String
  /// How to mend it, where that can be said.
  public var hint: String?

  /// Says what is wrong with a quantity.
  public init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}

/// Reads quantities as people write them, always with their unit.
public enum QuantityText {
  /// Units of data and their bytes, the natural ones for writing first.
  public static let sizeUnits: [(name: String, factor: Int64)] = [
    ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000),
  ]
  /// Units of time and their nanoseconds.
  public static let durationUnits: [(name: String, factor: Int64)] = [
    ("h", 3_600_000_000_000), ("min", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
    ("us", 1_000), ("µs", 1_000), ("ns", 1),
  ]
  /// Units of a rate of events.
  public static let rateUnits: [(name: String, factor: Int64)] = [
    ("/s", 1), ("k/s", 1_000), ("M/s", 1_000_000),
  ]

  /// Reads `4KiB`, `1.5GiB`, `512B`: zero or more whole bytes.
  public static func size(_ text: String) throws(QuantityError) -> ByteCount {
    ByteCount(try whole(text, noun: "a size", examples: ("B", "KiB"), units: sizeUnits))
  }

  /// Reads `30s`, `200us`, `1.5ms`: zero or more whole nanoseconds.
  public static func duration(_ text: String) throws(QuantityError) -> Nanoseconds {
    Nanoseconds(try whole(text, noun: "a duration", examples: ("s", "ms"), units: durationUnits))
  }

  /// Reads `1000/s`, `100k/s`, `1.2M/s`.
  public static func rate(_ text: String) throws(QuantityError) -> Rate {
    let (number, unit) = try split(text, noun: "a rate", examples: ("/s", "k/s"), units: rateUnits)
    return Rate(perSecond: (try real(number, of: text)) * Double(unit))
  }

  /// Reads `100MiB/s` or `1.2GB/s`: bytes per second.
  public static func bandwidth(_ text: String) throws(QuantityError) -> Double {
    let units = sizeUnits.map { (name: $0.name + "/s", factor: $0.factor) }
    let (number, unit) = try split(
      text, noun: "a bandwidth", examples: ("MiB/s", "GiB/s"), units: units)
    return (try real(number, of: text)) * Double(unit)
  }

  /// Reads `70%`; more than 100 % is for the caller to refuse.
  public static func share(_ text: String) throws(QuantityError) -> Fraction {
    let (number, _) = try split(
      text, noun: "a share", examples: ("%", nil), units: [(name: "%", factor: 1)])
    return .percent(try real(number, of: text))
  }

  /// Reads a number without a unit, zero or more.
  public static func number(_ text: String) throws(QuantityError) -> Double {
    let number = text.prefix(while: isNumeric)
    guard !number.isEmpty, number.count == text.count else {
      throw QuantityError("\"\(text)\" is not a number")
    }
    guard !number.hasPrefix("-") else { throw QuantityError("\(text) is negative") }
    return try real(number, of: text)
  }

  private static func isNumeric(_ character: Character) -> Bool {
    character.isASCII && (character.isNumber || character == "." || character == "-")
  }

  private static func split(
    _ text: String, noun: String, examples: (String, String?),
    units: [(name: String, factor: Int64)]
  ) throws(QuantityError) -> (number: Substring, factor: Int64) {
    let number = text.prefix(while: isNumeric)
    let unit = text.dropFirst(number.count)
    let shown = number.isEmpty ? "4" : String(number.drop { $0 == "-" })
    let example = [examples.0, examples.1].compactMap { $0 }.map { shown + $0 }
      .joined(separator: " or ")
    guard !number.isEmpty else {
      throw QuantityError("\"\(text)\" is not \(noun)", hint: "write it like \(example)")
    }
    guard number.first != "-" else {
      throw QuantityError("\(noun) cannot be negative: \(text)")
    }
    guard !unit.isEmpty else {
      throw QuantityError("\(noun) needs a unit: \(text)", hint: "write \(example)")
    }
    if let known = units.first(where: { $0.name == unit }) { return (number, known.factor) }
    let names = units.map(\.name)
    if unit.first == " ", names.contains(String(unit.drop { $0 == " " })) {
      throw QuantityError(
        "\(noun) is written without a space: \"\(text)\"",
        hint: "write \(number)\(unit.drop { $0 == " " })")
    }
    throw QuantityError(
      "unknown unit \"\(unit)\" in \"\(text)\"",
      hint: hint(unit: String(unit), number: shown, names: names))
  }

  /// What to write in place of a unit that is not known.
  private static func hint(unit: String, number: String, names: [String]) -> String {
    let all = "units are \(names.filter { $0 != "µs" }.joined(separator: ", "))"
    switch (unit.lowercased(), names.contains("KiB")) {
    case ("k", true), ("kb", true), ("kib", true):
      return "write \(number)KiB for 1024 bytes, \(number)kB for 1000"
    case ("m", true), ("mb", true), ("mib", true):
      return "write \(number)MiB for 1024 KiB, \(number)MB for 1000 kB"
    case ("g", true), ("gb", true), ("gib", true):
      return "write \(number)GiB for 1024 MiB, \(number)GB for 1000 MB"
    case ("m", false) where names.contains("min"):
      return "write \(number)min for minutes, \(number)ms for milliseconds"
    default:
      guard let near = NearestWord.of(unit, in: names) else { return all }
      return "did you mean \(number)\(near)? \(all)"
    }
  }

  /// A decimal number times a unit, exactly, in whole base units.
  private static func whole(
    _ text: String, noun: String, examples: (String, String?),
    units: [(name: String, factor: Int64)]
  ) throws(QuantityError) -> Int64 {
    let (number, factor) = try split(text, noun: noun, examples: examples, units: units)
    let parts = number.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && !$0.contains("-") }) else {
      throw QuantityError("\"\(number)\" in \"\(text)\" is not a number")
    }
    let decimals = parts.count == 2 ? parts[1].count : 0
    var scale: UInt64 = 1
    for _ in 0..<min(decimals, 18) { scale *= 10 }
    guard decimals <= 18, let digits = UInt64(parts.joined()) else {
      throw QuantityError("\(text) is too large or too precise")
    }
    let product = digits.multipliedFullWidth(by: UInt64(factor))
    // The quotient fits when the high half is below the divisor.
    guard product.high < scale else { throw QuantityError("\(text) is too large") }
    let (quotient, remainder) = scale.dividingFullWidth(product)
    guard remainder == 0 else {
      let base = units.last { $0.factor == 1 }.map(\.name) ?? noun
      throw QuantityError("\(text) is not a whole number of \(base)")
    }
    guard let result = Int64(exactly: quotient) else {
      throw QuantityError("\(text) is too large")
    }
    return result
  }

  private static func real(_ number: Substring, of text: String) throws(QuantityError) -> Double {
    guard number.first != ".", number.last != ".", !number.dropFirst().contains("-"),
      let value = Double(number), value.isFinite
    else {
      throw QuantityError("\"\(number)\" in \"\(text)\" is not a number")
    }
    return value
  }
}

extension ByteCount {
  /// The size in the largest binary unit that divides it: `4KiB`, `2300B`.
  public var text: String { naturalText(count, QuantityText.sizeUnits.prefix(5)) }
}

extension Nanoseconds {
  /// The span in the largest unit that divides it: `90s`, `1500us`; whole minutes as `5min`.
  public var text: String {
    naturalText(count, QuantityText.durationUnits.filter { $0.name != "µs" }[...])
  }
}

extension Rate {
  /// The rate per second: `1000/s`.
  public var text: String { decimalText(perSecond) + "/s" }
}

extension Fraction {
  /// The share in percent: `70%`; reads back as the same number.
  public var text: String {
    let percent = value * 100
    let candidates = [percent.rounded(), percent, percent.nextUp, percent.nextDown]
    return decimalText(candidates.first { $0 / 100 == value } ?? percent) + "%"
  }
}

/// A count with its noun: `1 trial`, `2 trials`.
public func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}

/// A number as short as it reads back the same, whole numbers without a point.
public func decimalText(_ value: Double) -> String {
  if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
  return "\(value)"
}

private func naturalText(
  _ count: Int64, _ units: ArraySlice<(name: String, factor: Int64)>
) -> String {
  for unit in units where count != 0 && count % unit.factor == 0 {
    return "\(count / unit.factor)\(unit.name)"
  }
  return units.contains { $0.name == "s" } ? "\(count)\(count == 0 ? "s" : "ns")" : "\(count)B"
}
