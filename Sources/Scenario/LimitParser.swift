internal import Measure

/// Something wrong inside a limit's text.
struct LimitProblem: Error {
  var message: String
  /// Scalars from the start of the text.
  var offset: Int
  var hint: String?
}

/// Reads `metric [of system] [for workload] >= bound [in 95% of trials] [when key = value, ...]
/// [severity warn]`.
struct LimitParser {
  private struct Word {
    var text: String
    var offset: Int
  }

  private static let example =
    "write it like \"iops of disk >= 100000/s\" or \"latency p99 < 800us when queue-depth = 1\""

  private let text: String
  private let end: Int
  private var words: [Word] = []
  private var next = 0

  private init(_ text: String) {
    self.text = text
    let scalars = Array(text.unicodeScalars)
    end = scalars.count
    let operators: Set<Unicode.Scalar> = ["<", ">", "=", "!"]
    var index = 0
    while index < scalars.count {
      let start = index
      let first = scalars[index]
      if first == " " || first == "\t" || first == "\n" {
        index += 1
        continue
      }
      if first == "," {
        index += 1
      } else if operators.contains(first) {
        while index < scalars.count, operators.contains(scalars[index]) { index += 1 }
      } else {
        while index < scalars.count, !operators.contains(scalars[index]),
          ![" ", "\t", "\n", ","].contains(scalars[index])
        {
          index += 1
        }
      }
      var word = String.UnicodeScalarView()
      word.append(contentsOf: scalars[start..<index])
      words.append(Word(text: String(word), offset: start))
    }
  }

  /// Parses; names of systems, workloads and keys are checked later, against the scenario.
  static func parse(_ text: String) throws(LimitProblem) -> Limit {
    var parser = LimitParser(text)
    return try parser.limit()
  }

  private var offset: Int { next < words.count ? words[next].offset : end }
  private var peek: String? { next < words.count ? words[next].text : nil }

  private mutating func take(_ what: String) throws(LimitProblem) -> String {
    guard let word = peek else {
      throw LimitProblem(
        message: "the limit ends where \(what) is due", offset: end, hint: Self.example)
    }
    next += 1
    return word
  }

  private mutating func limit() throws(LimitProblem) -> Limit {
    let metric = try metric()
    var limit = Limit(
      text: text, metric: metric.name, system: nil, workload: nil, comparison: .equal,
      bound: .value(0), conditions: [], severity: .fail)
    while let word = peek, word == "of" || word == "for" {
      next += 1
      let name = try take(word == "of" ? "a system" : "a workload")
      if word == "of" { limit.system = name } else { limit.workload = name }
    }
    limit.comparison = try comparison()
    limit.bound = try bound(metric)
    if peek == "in" { limit.share = try share(limit) }
    if peek == "when" {
      repeat {
        next += 1
        limit.conditions.append(try condition())
      } while peek == ","
    }
    if peek == "severity" {
      next += 1
      let place = offset
      let word = try take("fail or warn")
      guard let severity = Limit.Severity(rawValue: word) else {
        throw LimitProblem(
          message: "unknown severity \"\(word)\"", offset: place, hint: "write fail or warn")
      }
      limit.severity = severity
    }
    if let word = peek {
      throw LimitProblem(
        message: "\"\(word)\" is not expected here", offset: offset,
        hint: "after the bound come \"in 95% of trials\", \"when key = value, ...\", "
          + "\"severity warn\"")
    }
    return limit
  }

  /// Reads `in 95% of trials`.
  private mutating func share(_ limit: Limit) throws(LimitProblem) -> Fraction {
    next += 1
    let start = offset
    let word = try take("a share such as 95%")
    do throws(QuantityError) {
      let share = try QuantityText.share(word)
      guard share.value > 0, share.value < 1 else {
        throw QuantityError(
          "a share of trials must be above 0% and below 100%, not \(word)",
          hint: "no number of trials shows that all trials to come will hold a limit")
      }
      guard case .value = limit.bound else {
        throw QuantityError(
          "a share of trials is of a limit with a value, not of one that compares",
          hint: "leave out \"in \(word) of trials\"")
      }
      for due in ["of", "trials"] {
        guard peek == due else {
          throw QuantityError(
            "\"of trials\" is due after \"in \(word)\"", hint: "write \"in \(word) of trials\"")
        }
        next += 1
      }
      return share
    } catch {
      throw LimitProblem(message: error.message, offset: start, hint: error.hint)
    }
  }

  private mutating func metric() throws(LimitProblem) -> MetricDefinition {
    let start = offset
    var parts: [String] = []
    while let word = peek, !["of", "for", "when"].contains(word),
      word.first.map({ !"<>=!".contains($0) }) ?? false
    {
      parts.append(word)
      next += 1
    }
    let name = parts.joined(separator: " ")
    guard !name.isEmpty else {
      throw LimitProblem(message: "the limit names no metric", offset: start, hint: Self.example)
    }
    do throws(LimitProblem) {
      return try Self.definition(of: name)
    } catch {
      throw LimitProblem(message: error.message, offset: start, hint: error.hint)
    }
  }

  /// The metric called `name`, with its statistic where it takes one.
  static func definition(of name: String) throws(LimitProblem) -> MetricDefinition {
    if let metric = MetricCatalogue.definition(of: name) { return metric }
    if MetricCatalogue.entries.contains(where: { $0.name == name }) {
      throw LimitProblem(
        message: "\"\(name)\" needs a statistic", offset: 0,
        hint: "write \"\(name) p99\", or mean, min, max, p50, p99.9")
    }
    let near = MetricCatalogue.nearest(name).map { "did you mean \"\($0)\"? " } ?? ""
    throw LimitProblem(
      message: "unknown metric \"\(name)\"", offset: 0,
      hint: near + "`assay list metrics` shows all")
  }

  private mutating func comparison() throws(LimitProblem) -> Limit.Comparison {
    let start = offset
    let word = try take("one of >=, <=, >, <, =")
    guard let comparison = Limit.Comparison(rawValue: word) else {
      let meant = ["==": "=", "=>": ">=", "=<": "<="][word].map { "did you mean \($0)?" }
      throw LimitProblem(
        message: "\"\(word)\" is not a comparison", offset: start,
        hint: meant ?? "write one of >=, <=, >, <, =")
    }
    return comparison
  }

  private mutating func bound(_ metric: MetricDefinition) throws(LimitProblem) -> Limit.Bound {
    let start = offset
    let word = try take("a bound")
    if word.hasSuffix("%"), peek == "of" {
      next += 1
      let share = try number(word.dropLast(), start)
      return .ratio(share / 100, of: try take("a system"))
    }
    if word.hasSuffix("x"), let system = peek, system != "when", system != "severity" {
      next += 1
      return .ratio(try number(word.dropLast(), start), of: system)
    }
    do throws(LimitProblem) {
      return .value(try Self.quantity(word, of: metric))
    } catch {
      throw LimitProblem(message: error.message, offset: start, hint: error.hint)
    }
  }

  private func number(_ text: Substring, _ place: Int) throws(LimitProblem) -> Double {
    do throws(QuantityError) {
      let value = try QuantityText.number(String(text))
      guard value > 0 else { throw QuantityError("the factor must be above 0") }
      return value
    } catch {
      throw LimitProblem(message: error.message, offset: place, hint: error.hint)
    }
  }

  /// A text as a value in the metric's unit.
  static func quantity(_ text: String, of metric: MetricDefinition) throws(LimitProblem) -> Double {
    do throws(QuantityError) {
      return try quantity(text, metric.unit)
    } catch {
      throw mismatch(text, metric, error)
    }
  }

  private static func quantity(
    _ text: String, _ unit: MetricUnit
  ) throws(QuantityError) -> Double {
    switch unit {
    case .perSecond: return try QuantityText.rate(text).perSecond
    case .bytesPerSecond: return try QuantityText.bandwidth(text)
    case .nanoseconds: return Double(try QuantityText.duration(text).count)
    case .percent:
      // Written in percent, kept in percent, the unit of the metric: without a way over shares.
      _ = try QuantityText.share(text)
      return try QuantityText.number(String(text.dropLast()))
    case .count: return try QuantityText.number(text)
    }
  }

  /// Says which kind of quantity the word is, when it is one of another kind.
  private static func mismatch(
    _ word: String, _ metric: MetricDefinition, _ error: QuantityError
  ) -> LimitProblem {
    let other = MetricUnit.allCases.first {
      $0 != metric.unit && $0 != .count && (try? quantity(word, $0)) != nil
    }
    guard let other else {
      return LimitProblem(message: error.message, offset: 0, hint: error.hint)
    }
    return LimitProblem(
      message: "\(metric.name) is \(metric.unit.noun), \(word) is \(other.noun)", offset: 0,
      hint: "write it like \(example(of: metric.unit))")
  }

  /// A value of the unit as it is written.
  static func example(of unit: MetricUnit) -> String {
    switch unit {
    case .perSecond: "100000/s"
    case .bytesPerSecond: "500MiB/s"
    case .nanoseconds: "800us"
    case .percent: "50%"
    case .count: "0"
    }
  }

  private mutating func condition() throws(LimitProblem) -> Limit.Condition {
    let key = try take("a swept key")
    let place = offset
    guard try take("\"=\"") == "=" else {
      throw LimitProblem(
        message: "a condition is \"key = value\"", offset: place,
        hint: "write \"when \(key) = ...\"")
    }
    return Limit.Condition(key: key, value: try take("a value"))
  }
}
