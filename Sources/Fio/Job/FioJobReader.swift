internal import Foundation

/// Reads the lines of a job file and of what it includes.
struct FioJobReader {
  var sections: [FioJobFile.Section] = []
  var errors: [FioDiagnostic] = []
  private let environment: [String: String]
  private let keywords: FioJobFile.Keywords
  private let loader: (String) -> String?
  private var globals: [FioJobFile.Setting] = []
  private var current = Current.none

  private enum Current { case none, global, job }

  init(
    environment: [String: String], keywords: FioJobFile.Keywords,
    loader: @escaping (String) -> String?
  ) {
    self.environment = environment
    self.keywords = keywords
    self.loader = loader
  }

  /// Reads one file; `depth` holds the files that are being read, outermost first.
  mutating func read(_ text: String, path: String, depth: [String]) {
    var number = 0
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    for line in lines {
      number += 1
      let code = line.prefix { $0 != ";" && $0 != "#" }
      let body = code.drop { $0.isWhitespace }
      let column = code.count - body.count + 1
      let trimmed = body.trimmed
      if trimmed.isEmpty { continue }
      let place = FioPlace(file: path, line: number, column: column)
      if trimmed.hasPrefix("[") {
        section(trimmed, at: place, included: depth.count > 1)
      } else if isInclude(trimmed) {
        include(trimmed, at: place, depth: depth)
      } else {
        option(trimmed, at: place)
      }
    }
  }

  private mutating func fail(_ place: FioPlace, _ message: String, nearest: String? = nil) {
    errors.append(FioDiagnostic(.error, at: place, message, nearest: nearest))
  }

  private mutating func section(_ text: String, at place: FioPlace, included: Bool) {
    if included {
      return fail(place, "an included file may not open a section; move `\(text)` out of it")
    }
    guard let end = text.firstIndex(of: "]") else {
      current = .none
      return fail(place, "the section `\(text)` is not closed by `]`")
    }
    let name = String(text[text.index(after: text.startIndex)..<end])
    let rest = text[text.index(after: end)...]
    if !rest.isEmpty { fail(place, "`\(rest)` stands after the section's name; begin a new line") }
    if name.isEmpty { fail(place, "the section has no name") }
    if name == "global" {
      current = .global
    } else {
      current = .job
      sections.append(.init(name: name, place: place, options: globals))
    }
  }

  private func isInclude(_ text: String) -> Bool {
    let rest = text.dropFirst("include".count)
    return text.hasPrefix("include") && (rest.isEmpty || rest.first?.isWhitespace == true)
  }

  private mutating func include(_ text: String, at place: FioPlace, depth: [String]) {
    let name = text.dropFirst("include".count).trimmed
    guard !name.isEmpty else { return fail(place, "`include` names no file") }
    guard current != .none else {
      return fail(place, "`include` stands before the first [section]")
    }
    let resolved = Self.resolve(name, from: place.file)
    if depth.contains(resolved) {
      let chain = (depth + [resolved]).joined(separator: " -> ")
      return fail(place, "the files include each other: \(chain)")
    }
    guard let content = loader(resolved) else {
      return fail(place, "the included file \(resolved) cannot be read")
    }
    read(content, path: resolved, depth: depth + [resolved])
  }

  /// A path relative to the file that names it, with `.` and `..` taken out.
  static func resolve(_ name: String, from file: String) -> String {
    var parts: [Substring] = []
    let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let whole = name.hasPrefix("/") ? name : (folder + [name[...]]).joined(separator: "/")
    for part in whole.split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != ".." {
        parts.removeLast()
      } else {
        parts.append(part)
      }
    }
    return (whole.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }

  private mutating func option(_ text: String, at place: FioPlace) {
    let equals = text.firstIndex(of: "=")
    let written = text[..<(equals ?? text.endIndex)].trimmed
    guard let known = FioOption.named(written) else {
      return fail(
        place, "fio has no option `\(written)`", nearest: FioOption.nearest(to: written))
    }
    guard current != .none else {
      return fail(place, "`\(written)` stands before the first [section]")
    }
    var value: String?
    var valuePlace = place
    if let equals {
      let after = text[text.index(after: equals)...]
      let raw = after.drop { $0.isWhitespace }
      valuePlace.column +=
        text.distance(from: text.startIndex, to: equals) + 1 + after.count - raw.count
      do {
        value = try expand(String(raw))
      } catch {
        return fail(valuePlace, "`\(written)`: \(error.message)")
      }
      if value?.isEmpty == true {
        let why = raw.isEmpty ? "" : " (`\(raw)` is not set in the environment)"
        return fail(valuePlace, "`\(written)` has no value\(why)")
      }
    } else if known.kind != .flag, known.kind != .optional {
      return fail(place, "`\(written)` needs a value: `\(written)=...`")
    }
    add(
      FioJobFile.Setting(
        name: known.name, written: written, value: value, place: place, valuePlace: valuePlace))
  }

  private mutating func add(_ setting: FioJobFile.Setting) {
    switch current {
    case .global: globals.append(setting)
    case .job: sections[sections.count - 1].options.append(setting)
    case .none: break
    }
  }

  /// Replaces `${NAME}`, then fio's keywords; arithmetic with a keyword in it is worked out.
  private func expand(_ raw: String) throws(FioValueError) -> String {
    var text = ""
    var rest = raw[...]
    while let start = rest.range(of: "${") {
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else { break }
      text += rest[..<start.lowerBound]
      text += environment[String(rest[start.upperBound..<end])] ?? ""
      rest = rest[rest.index(after: end)...]
    }
    text += rest
    let values = [
      "$pagesize": keywords.pageSize, "$mb_memory": keywords.memoryMegabytes,
      "$ncpus": keywords.cpus,
    ]
    var replaced = false
    for (word, value) in values where text.contains(word) {
      text = text.replacing(word, with: String(value))
      replaced = true
    }
    guard replaced, text.contains(where: { "+-*/".contains($0) }), !text.hasPrefix("("),
      text.allSatisfy({ $0.isNumber || "+-*/() ".contains($0) })
    else { return text }
    var arithmetic = FioArithmetic(text) { _ throws(FioValueError) in 1 }
    return String(Int64(try arithmetic.expression()))
  }
}
