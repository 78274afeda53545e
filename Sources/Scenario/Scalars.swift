internal import Measure

/// Reads single values.
enum Scalars {
  /// Whether a text is of a-z, 0-9 and hyphens.
  static func isName(_ text: String) -> Bool {
    !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "-"
      }
  }

  /// Whether a text is a day of the calendar, `2024-09-23`.
  static func isDate(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.count) == [4, 2, 2], let year = Int(parts[0]), let month = Int(parts[1]),
      let day = Int(parts[2]), (1...12).contains(month)
    else { return false }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return (1...days[month - 1]).contains(day)
  }

  /// Reads `text` as a scalar kind; only limits use the offset of the problem.
  static func read(
    _ text: String, plain: Bool, _ kind: Kind, name: String
  ) throws(LimitProblem) -> Value {
    switch kind {
    case .integer(let range): return .integer(try integer(text, plain, range, name))
    case .seed:
      guard plain, let seed = UInt64(text) else { throw wrong(text, kind, name) }
      return .seed(seed)
    case .boolean: return .boolean(try boolean(text, plain, name))
    case .word(let words): return .word(try word(text, words, name))
    case .text: return .word(text)
    case .name:
      guard isName(text) else { throw wrong(text, kind, name) }
      return .word(text)
    case .date(let orMonth):
      guard isDate(text) || (orMonth && text.count == 7 && isDate(text + "-01")) else {
        throw wrong(text, kind, name)
      }
      return .word(text)
    case .limit: return .limit(try LimitParser.parse(text))
    default:
      do throws(QuantityError) {
        return try quantity(text, kind, name)
      } catch {
        throw LimitProblem(message: error.message, offset: 0, hint: error.hint)
      }
    }
  }

  private static func wrong(_ text: String, _ kind: Kind, _ name: String) -> LimitProblem {
    LimitProblem(message: "\(name) cannot be \"\(text)\"", offset: 0, hint: "it takes \(kind.text)")
  }

  private static func integer(
    _ text: String, _ plain: Bool, _ range: ClosedRange<Int>, _ name: String
  ) throws(LimitProblem) -> Int {
    guard plain, let value = Int(text) else { throw wrong(text, .integer(range), name) }
    guard value >= range.lowerBound else {
      throw LimitProblem(
        message: "\(name) must be at least \(range.lowerBound), not \(value)", offset: 0)
    }
    guard value <= range.upperBound else {
      throw LimitProblem(
        message: "\(name) must be at most \(range.upperBound), not \(value)", offset: 0)
    }
    return value
  }

  private static func boolean(
    _ text: String, _ plain: Bool, _ name: String
  ) throws(LimitProblem) -> Bool {
    switch text {
    case "true" where plain: return true
    case "false" where plain: return false
    default:
      let likely = ["yes": "true", "on": "true", "no": "false", "off": "false"][text.lowercased()]
      throw LimitProblem(
        message: "\(name) must be true or false, not \"\(text)\"", offset: 0,
        hint: likely.map { "write \($0)" })
    }
  }

  private static func word(
    _ text: String, _ words: [String], _ name: String
  ) throws(LimitProblem) -> String {
    if words.contains(text) { return text }
    let all = "it takes \(words.joined(separator: ", "))"
    throw LimitProblem(
      message: "\(name) cannot be \"\(text)\"", offset: 0,
      hint: NearestWord.of(text, in: words).map { "did you mean \"\($0)\"? \(all)" } ?? all)
  }

  private static func quantity(
    _ text: String, _ kind: Kind, _ name: String
  ) throws(QuantityError) -> Value {
    switch kind {
    case .size(let least):
      let size = try QuantityText.size(text)
      guard size.count >= least else {
        throw QuantityError("\(name) must be at least \(ByteCount(least).text), not \(text)")
      }
      return .size(size)
    case .sizes: return try sizes(text, name)
    case .duration(let least):
      let duration = try QuantityText.duration(text)
      guard duration.count >= least else {
        throw QuantityError("\(name) must be longer than \(text)")
      }
      return .duration(duration)
    case .share(let range):
      let share = try QuantityText.share(text)
      guard range.contains(share.value) else {
        let bounds = "\(Fraction(range.lowerBound).text) to \(Fraction(range.upperBound).text)"
        throw QuantityError("\(name) must be within \(bounds), not \(text)")
      }
      return .share(share)
    case .number(let above, let below):
      let number = try QuantityText.number(text)
      guard number > above, number < below else {
        let upper = below.isFinite ? " and below \(decimalText(below))" : ""
        throw QuantityError("\(name) must be above \(decimalText(above))\(upper), not \(text)")
      }
      return .number(number)
    case .rate: return .rate(try rate(text, name))
    case .perSecond(let allowsZero):
      let rate = try QuantityText.rate(text).perSecond
      guard rate > 0 || allowsZero else {
        throw QuantityError("\(name) must be above 0, not \(text)")
      }
      return .rate(.perSecond(rate))
    default: throw QuantityError("\(name) cannot be \"\(text)\"", hint: "it takes \(kind.text)")
    }
  }

  private static func sizes(_ text: String, _ name: String) throws(QuantityError) -> Value {
    // A leading hyphen is a sign, not a range.
    guard let hyphen = text.dropFirst().firstIndex(of: "-") else {
      return try quantity(text, .size(least: 1), name)
    }
    let from = try QuantityText.size(String(text[..<hyphen]))
    let to = try QuantityText.size(String(text[text.index(after: hyphen)...]))
    guard from.count > 0 else { throw QuantityError("\(name) must be at least 1B, not \(text)") }
    guard from < to else {
      throw QuantityError("the range \(text) does not rise", hint: "write the smaller size first")
    }
    guard to.count % from.count == 0 else {
      throw QuantityError(
        "\(to.text) is not a multiple of \(from.text)",
        hint: "sizes of a range are the multiples of its first")
    }
    return .sizes(from: from, to: to)
  }

  private static func rate(_ text: String, _ name: String) throws(QuantityError) -> Value.RateValue
  {
    let share = text.hasSuffix("% of maximum") ? String(text.dropLast(11)) : text
    if share.hasSuffix("%") {
      let fraction = try QuantityText.share(share)
      guard fraction.value > 0, fraction.value <= 10 else {
        throw QuantityError("\(name) must be above 0% and at most 1000%, not \(text)")
      }
      return .shareOfMaximum(fraction)
    }
    let isBandwidth = text.hasSuffix("B/s")
    let value =
      isBandwidth ? try QuantityText.bandwidth(text) : try QuantityText.rate(text).perSecond
    guard value > 0 else { throw QuantityError("\(name) must be above 0, not \(text)") }
    return isBandwidth ? .bytesPerSecond(value) : .perSecond(value)
  }
}
