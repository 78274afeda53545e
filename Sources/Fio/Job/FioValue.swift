internal import FoundationEssentials
internal import Measure

/// Why a value could not be read.
struct FioValueError: Error {
  var message: String
  var nearest: String?

  init(_ message: String, nearest: String? = nil) {
    self.message = message
    self.nearest = nearest
  }
}

/// Reads fio's values: sizes, times, lists, arithmetic (fio(1), "PARAMETER TYPES").
struct FioValue {
  /// 1024: `k` is 1024 and `ki` is 1000, as in fio by default; 1000 is the other way round.
  var kiloBase: Int64 = 1024

  /// A size or any whole number: `4k`, `0x10`, `1GiB`, `(4k*3)`.
  func whole(_ text: String) throws(FioValueError) -> Int64 {
    try number(text) { suffix throws(FioValueError) in try self.sizeFactor(suffix, in: text) }
  }

  /// A size, or a percentage of something.
  func sizeOrPercent(_ text: String) throws(FioValueError) -> SizeOrPercent {
    guard text.hasSuffix("%") else { return .bytes(try whole(text)) }
    let percent = try whole(String(text.dropLast()))
    guard (0...100).contains(percent) else {
      throw FioValueError("`\(text)` is not between 0% and 100%")
    }
    return .percent(percent)
  }

  enum SizeOrPercent: Equatable {
    case bytes(Int64)
    case percent(Int64)
  }

  /// A time; a bare number is seconds, but microseconds in an expression in parentheses.
  func time(_ text: String) throws(FioValueError) -> Nanoseconds {
    let isExpression = text.hasPrefix("(")
    let micros = try number(text) { suffix throws(FioValueError) in
      switch suffix.lowercased() {
      case "": isExpression ? 1 : 1_000_000
      case "us", "usec": 1
      case "ms", "msec": 1_000
      case "s", "sec": 1_000_000
      case "m", "min": 60_000_000
      case "h", "hour": 3_600_000_000
      case "d", "day": 86_400_000_000
      default:
        throw FioValueError("`\(text)`: `\(suffix)` is no unit of time; use us, ms, s, m, h or d")
      }
    }
    guard micros <= Int64.max / 1000 else { throw FioValueError("`\(text)` is too long") }
    return .microseconds(micros)
  }

  /// A real number.
  func real(_ text: String) throws(FioValueError) -> Double {
    guard let value = Double(text), value.isFinite else {
      throw FioValueError("`\(text)` is not a number")
    }
    return value
  }

  /// CPU numbers: `0-3,8`.
  func cpus(_ text: String) throws(FioValueError) -> [Int] {
    var cpus: [Int] = []
    for part in text.split(whereSeparator: { $0 == "," || $0 == ":" }) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2,
        first >= 0, first <= last, last < 65_536
      else { throw FioValueError("`\(part)` is neither a CPU number nor a range like 0-3") }
      cpus += Array(first...last)
    }
    guard !cpus.isEmpty else { throw FioValueError("no CPU is named") }
    return cpus
  }

  private func sizeFactor(_ suffix: String, in text: String) throws(FioValueError) -> Int64 {
    var unit = suffix.lowercased()
    if unit.hasSuffix("b") { unit.removeLast() }
    if unit.isEmpty { return 1 }
    let other: Int64 = kiloBase == 1024 ? 1000 : 1024
    let base = unit.hasSuffix("i") && unit.count == 2 ? other : kiloBase
    if unit == "z" { throw FioValueError("`\(text)`: sizes in zones have no counterpart") }
    guard let power = unit.first.flatMap({ "kmgtp".firstIndex(of: $0) }),
      unit.count == 1 || (unit.count == 2 && unit.hasSuffix("i"))
    else {
      throw FioValueError("`\(text)`: `\(suffix)` is no unit of size; use k, m, g, t or p")
    }
    let exponent = "kmgtp".distance(from: "kmgtp".startIndex, to: power)
    return (0...exponent).reduce(Int64(1)) { value, _ in value * base }
  }

  private func number(
    _ text: String, factor: @escaping (String) throws(FioValueError) -> Int64
  ) throws(FioValueError) -> Int64 {
    var reader = FioArithmetic(text, factor: factor)
    let value = text.hasPrefix("(") ? try reader.expression() : try reader.single()
    guard value.magnitude < 9e18 else { throw FioValueError("`\(text)` is too large") }
    guard value == value.rounded() else {
      throw FioValueError("`\(text)` is not a whole number")
    }
    return Int64(value)
  }
}

/// fio's arithmetic: `+ - * / % ^`, parentheses, numbers with units.
struct FioArithmetic {
  private let text: String
  private var rest: Substring
  private let factor: (String) throws(FioValueError) -> Int64

  init(_ text: String, factor: @escaping (String) throws(FioValueError) -> Int64) {
    self.text = text
    self.rest = text[...]
    self.factor = factor
  }

  /// The whole text as an expression.
  mutating func expression() throws(FioValueError) -> Double {
    let value = try sum()
    try finish()
    return value
  }

  /// The whole text as one number with its unit, an optional sign before it.
  mutating func single() throws(FioValueError) -> Double {
    let sign: Double = take("-") ? -1 : 1
    let value = try literal()
    try finish()
    return sign * value
  }

  private func finish() throws(FioValueError) {
    guard rest.isEmpty else { throw FioValueError("`\(text)`: `\(rest)` does not belong there") }
  }

  private mutating func skipBlanks() { rest = rest.drop { $0 == " " || $0 == "\t" } }

  private mutating func take(_ sign: Character) -> Bool {
    skipBlanks()
    guard rest.first == sign else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func sum() throws(FioValueError) -> Double {
    var value = try product()
    while true {
      if take("+") {
        value += try product()
      } else if take("-") {
        value -= try product()
      } else {
        return value
      }
    }
  }

  private mutating func product() throws(FioValueError) -> Double {
    var value = try power()
    while true {
      if take("*") {
        value *= try power()
      } else if take("/") {
        let divisor = try power()
        guard divisor != 0 else { throw FioValueError("`\(text)` divides by zero") }
        value = (value / divisor).rounded(.towardZero)
      } else if take("%") {
        let divisor = try power()
        guard divisor != 0 else { throw FioValueError("`\(text)` divides by zero") }
        value = value.truncatingRemainder(dividingBy: divisor)
      } else {
        return value
      }
    }
  }

  private mutating func power() throws(FioValueError) -> Double {
    let base = try atom()
    guard take("^") else { return base }
    let exponent = try power()
    var result = 1.0
    guard exponent >= 0, exponent <= 64 else {
      throw FioValueError("`\(text)`: the exponent is not between 0 and 64")
    }
    for _ in 0..<Int(exponent) { result *= base }
    return result
  }

  private mutating func atom() throws(FioValueError) -> Double {
    if take("-") { return -(try atom()) }
    if take("(") {
      let value = try sum()
      guard take(")") else { throw FioValueError("`\(text)`: a `)` is missing") }
      return value
    }
    return try literal()
  }

  private mutating func literal() throws(FioValueError) -> Double {
    skipBlanks()
    let value: Double
    if rest.lowercased().hasPrefix("0x") {
      let digits = rest.dropFirst(2).prefix { $0.isHexDigit }
      guard let parsed = UInt64(digits, radix: 16) else {
        throw FioValueError("`\(text)` is not a hexadecimal number")
      }
      rest = rest.dropFirst(2 + digits.count)
      value = Double(parsed)
    } else {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let parsed = Double(digits) else {
        throw FioValueError("`\(text)` is not a number")
      }
      rest = rest.dropFirst(digits.count)
      if rest.first == "." {
        throw FioValueError("`\(text)`: fio takes whole numbers only; use a smaller unit")
      }
      value = parsed
    }
    skipBlanks()
    let suffix = rest.prefix { $0.isLetter }
    rest = rest.dropFirst(suffix.count)
    return value * Double(try factor(String(suffix)))
  }
}

extension StringProtocol {
  /// The text without blanks at its ends.
  var trimmed: String {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
