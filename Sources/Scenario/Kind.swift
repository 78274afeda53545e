internal import Measure

/// What may stand at one place of a scenario: the grammar's only vocabulary.
///
/// The reader, the JSON Schema, the writer and the reference all walk the same tree of kinds, so
/// they cannot disagree.
indirect enum Kind: Sendable {
  /// A whole number.
  case integer(ClosedRange<Int>)
  /// A seed: 64 bits.
  case seed
  /// `true` or `false`.
  case boolean
  /// One of these words.
  case word([String])
  /// Any text that is not empty.
  case text
  /// Lower-case letters, digits and hyphens.
  case name
  /// A limit.
  case limit
  /// A size of at least so many bytes.
  case size(least: Int64)
  /// A size, or two joined by a hyphen.
  case sizes
  /// A duration of at least so many nanoseconds.
  case duration(least: Int64)
  /// A share within these bounds, 1 is 100 %.
  case share(ClosedRange<Double>)
  /// A number between the bounds, both excluded.
  case number(above: Double, below: Double)
  /// `1000/s`, `100MiB/s` or `70%` of the maximum.
  case rate
  /// `20/s`; zero only where it means something.
  case perSecond(allowsZero: Bool)
  /// A list of at least one.
  case list(Kind)
  /// A mapping with these keys.
  case record([Member])
  /// A mapping that is one of several: each is known by its first key.
  case variant(noun: String, [[Member]])
  /// A mapping from names that the user chooses.
  case map(noun: String, Kind)
  /// A mapping from words of the user's choice to text.
  case notes(noun: String)
  /// A mapping from metrics to figures: `iops: 682k/s`, `create to ping: ">= 1200s"`.
  case figures
  /// A day, `2024-09-23`, or where that may be all that is known, a month.
  case date(orMonth: Bool)
  /// One of several of different shape: at most one scalar, one list, one mapping.
  case anyOf([Kind])

  enum Shape { case scalar, list, mapping }

  var shape: Shape {
    switch self {
    case .list: .list
    case .record, .variant, .map, .notes, .figures: .mapping
    case .anyOf(let kinds): kinds.first?.shape ?? .scalar
    default: .scalar
    }
  }

  /// The alternative of this shape.
  func alternative(_ shape: Shape) -> Kind? {
    if case .anyOf(let kinds) = self { return kinds.first { $0.shape == shape } }
    return self.shape == shape ? self : nil
  }

  /// What may stand here, for people.
  var text: String {
    switch self {
    case .integer(let range):
      if range.lowerBound == range.upperBound {
        "\(range.lowerBound)"
      } else if range.upperBound == .max {
        "a whole number from \(range.lowerBound)"
      } else {
        "a whole number from \(range.lowerBound) to \(range.upperBound)"
      }
    case .seed: "a whole number"
    case .boolean: "true or false"
    case .word(let words): words.joined(separator: ", ")
    case .text: "text"
    case .name: "a name of a-z, 0-9 and hyphens"
    case .limit: "a limit such as \"latency p99 < 800us\""
    case .size: "a size such as 4KiB"
    case .sizes: "a size such as 4KiB, or a range such as 4KiB-64KiB"
    case .duration: "a duration such as 30s"
    case .share: "a share such as 70%"
    case .number: "a number"
    case .rate: "a rate such as 1000/s, 100MiB/s or 70% (of the maximum, found first)"
    case .perSecond: "a rate such as 20/s"
    case .list(let kind): "a list: \(kind.text)"
    case .record(let members):
      "a mapping with \(members.prefix(14).map(\.name).joined(separator: ", "))"
        + (members.count > 14 ? " ..." : "")
    case .variant(_, let variants):
      "a mapping with \(variants.compactMap { $0.first?.name }.joined(separator: " or "))"
    case .map(let noun, _): "a mapping from names to \(noun)s"
    case .notes(let noun): "a mapping with a text for each \(noun)"
    case .figures: "a mapping from metrics to figures such as 682k/s"
    case .date(let orMonth): "a day such as 2024-09-23" + (orMonth ? ", or a month" : "")
    case .anyOf(let kinds): kinds.map(\.text).joined(separator: "; or ")
    }
  }
}

/// One key of a mapping.
struct Member: Sendable {
  var name: String
  var kind: Kind
  /// One line for people and for the schema.
  var doc: String
  var required = false
  /// The default as it would be written; nil where there is none.
  var standard: String?
}

/// A value that fits its kind.
indirect enum Value: Hashable, Sendable {
  case integer(Int)
  case seed(UInt64)
  case boolean(Bool)
  /// A word or a text.
  case word(String)
  case size(ByteCount)
  case sizes(from: ByteCount, to: ByteCount)
  case duration(Nanoseconds)
  case share(Fraction)
  case number(Double)
  case rate(RateValue)
  case limit(Limit)
  /// What a record's histogram holds; no file has it, a reference in one leads to it.
  case measured(LatencyDistribution)
  case figure(PublishedFigures.Figure)
  case list([Value])
  case record([Pair])

  struct Pair: Hashable, Sendable {
    var key: String
    var value: Value
    init(_ key: String, _ value: Value) {
      self.key = key
      self.value = value
    }
  }

  /// A rate before the block size is known.
  enum RateValue: Hashable, Sendable {
    case perSecond(Double)
    case bytesPerSecond(Double)
    case shareOfMaximum(Fraction)
  }

  subscript(key: String) -> Value? { pairs.first { $0.key == key }?.value }

  var pairs: [Pair] { if case .record(let pairs) = self { pairs } else { [] } }
  var items: [Value] { if case .list(let items) = self { items } else { [] } }
  var word: String? { if case .word(let word) = self { word } else { nil } }
  var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
  var size: ByteCount? { if case .size(let value) = self { value } else { nil } }
  var duration: Nanoseconds? { if case .duration(let value) = self { value } else { nil } }
  var share: Fraction? { if case .share(let value) = self { value } else { nil } }
  var number: Double? { if case .number(let value) = self { value } else { nil } }
  var perSecond: Rate? {
    if case .rate(.perSecond(let rate)) = self { Rate(perSecond: rate) } else { nil }
  }
  var limit: Limit? { if case .limit(let value) = self { value } else { nil } }
  var figure: PublishedFigures.Figure? {
    if case .figure(let value) = self { value } else { nil }
  }

  /// The value as it is written in a scenario, in one line.
  var text: String {
    switch self {
    case .integer(let value): return String(value)
    case .seed(let value): return String(value)
    case .boolean(let value): return String(value)
    case .word(let word): return YAMLText.scalar(word)
    case .size(let size): return size.text
    case .sizes(let from, let to): return "\(from.text)-\(to.text)"
    case .duration(let duration): return duration.text
    case .share(let share): return share.text
    case .number(let number): return decimalText(number)
    case .rate(.perSecond(let rate)): return Rate(perSecond: rate).text
    case .rate(.bytesPerSecond(let bytes)): return decimalText(bytes) + "B/s"
    case .rate(.shareOfMaximum(let share)): return share.text
    case .limit(let limit): return YAMLText.scalar(limit.text)
    case .figure(let figure): return YAMLText.scalar(figure.text)
    case .measured(let distribution):
      let parts = [("p50", 0.5), ("p99", 0.99)].compactMap { name, share in
        distribution.quantile(share).map { "\(name) \(Nanoseconds(Int64(clamping: $0)).text)" }
      }
      return "measured (\(parts.joined(separator: ", ")))"
    case .list(let items): return "[\(items.map(\.text).joined(separator: ", "))]"
    case .record(let pairs):
      let body = pairs.map { "\($0.key): \($0.value.text)" }.joined(separator: ", ")
      return "{\(body)}"
    }
  }
}

/// Text that YAML reads back as it was.
enum YAMLText {
  /// A scalar, quoted where it must be.
  static func scalar(_ text: String) -> String {
    let plain = text.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
        || "_-./+~=% ".unicodeScalars.contains($0)
    }
    let starts = text.unicodeScalars.first.map { !"-~=% ".unicodeScalars.contains($0) } ?? false
    // Words that YAML would read as something other than text.
    let reserved =
      ["true", "false", "null"].contains(text.lowercased()) || Double(text) != nil
    if plain, starts, text.last != " ", !reserved { return text }
    return quoted(text)
  }

  /// A text in double quotes.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
        let hex = String(scalar.value, radix: 16)
        result += "\\x" + String(repeating: "0", count: 2 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
