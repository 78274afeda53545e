internal import Measure

/// Checks a tree against a kind: values for what fits, diagnostics for what does not.
struct Checker {
  var diagnostics: DiagnosticCollector
  /// Where each value stands, by its dotted path.
  private(set) var places: [String: Diagnostic.Place] = [:]
  /// Where each key stands, by its dotted path.
  private(set) var keyPlaces: [String: Diagnostic.Place] = [:]
  /// Paths whose value could not be read; `*` at the end where the key itself is not known.
  private(set) var broken: Set<String> = []
  /// The limits that could be read: one bad limit does not hide what is wrong with the others.
  private(set) var limits: [(limit: Limit, place: Diagnostic.Place)] = []
  /// Whether there is a limit that could not be read.
  private(set) var hasUnreadLimit = false

  /// Whether what is missing can be given with `--set`.
  private let takesOverrides: Bool

  init(_ diagnostics: DiagnosticCollector, takesOverrides: Bool) {
    self.diagnostics = diagnostics
    self.takesOverrides = takesOverrides
  }

  /// The place of a path, or of the nearest part of it that stands in the file.
  func place(_ path: String) -> Diagnostic.Place {
    var path = path[...]
    while true {
      if let place = places[String(path)] { return place }
      guard let dot = path.lastIndex(of: ".") else { return .file }
      path = path[..<dot]
    }
  }

  /// The value of `tree` as `kind`; nil after an error.
  mutating func value(_ tree: Tree, _ kind: Kind, _ path: String) -> Value? {
    places[path] = tree.place
    if tree.isEmpty {
      switch (tree.content, kind.alternative(.scalar)) {
      // A quoted empty text stands for what the user is to give.
      case (.scalar(_, plain: true), _), (_, .text): return missing(tree, kind, path)
      default: break
      }
    }
    switch tree.content {
    case .scalar(let text, let plain):
      guard let kind = kind.alternative(.scalar) else { return wrongShape(tree, kind, path) }
      return scalar(text, plain, kind, tree.place, path)
    case .sequence(let items):
      guard case .list(let item)? = kind.alternative(.list) else {
        return wrongShape(tree, kind, path)
      }
      return list(items, item, tree, path)
    case .mapping(let entries):
      switch kind.alternative(.mapping) {
      case .record(let members): return record(entries, members, tree.place, path)
      case .variant(let noun, let variants): return variant(entries, noun, variants, tree, path)
      case .map(let noun, let kind): return map(entries, noun, kind, tree.place, path)
      case .notes(let noun): return notes(entries, noun, tree.place, path)
      case .figures: return figures(entries, tree.place, path)
      default: return wrongShape(tree, kind, path)
      }
    }
  }

  private mutating func missing(_ tree: Tree, _ kind: Kind, _ path: String) -> Value? {
    error(
      "\(leaf(path)) is empty", tree.place,
      hint: "\(leaf(path)) takes \(kind.text): write it here"
        + (takesOverrides ? ", or give it with --set \(path)=..." : ""))
    return nil
  }

  private mutating func wrongShape(_ tree: Tree, _ kind: Kind, _ path: String) -> Value? {
    let found: String
    var hint = "it takes \(kind.text)"
    let parts = path.split(separator: ".")
    switch tree.content {
    case .scalar(let text, _):
      found = "\"\(text)\""
      if parts.count == 4, parts[2] == "sweep" { hint = "write [\(text)] for a single value" }
    case .sequence:
      found = "a list"
      if parts.count == 4, parts[2] == "storage" {
        hint += "; to try several values, give the list under sweep"
      }
    case .mapping: found = "a mapping"
    }
    error("\(leaf(path)) cannot be \(found)", tree.place, hint: hint)
    return nil
  }

  private mutating func list(
    _ items: [Tree], _ kind: Kind, _ tree: Tree, _ path: String
  ) -> Value? {
    guard !items.isEmpty else {
      error(
        "\(leaf(path)) is an empty list", tree.place, hint: "give at least one, or leave it out")
      return nil
    }
    let values = items.enumerated().map { value($0.element, kind, "\(path).\($0.offset)") }
    let found = values.compactMap { $0 }
    return found.count == values.count ? .list(found) : nil
  }

  private mutating func record(
    _ entries: [Tree.Entry], _ members: [Member], _ at: Diagnostic.Place, _ path: String
  ) -> Value? {
    var pairs: [Value.Pair] = []
    var complete = true
    // A required key that was misspelt is not reported as missing, too.
    var meant: Set<String> = []
    for entry in entries {
      let inner = path.isEmpty ? entry.key : "\(path).\(entry.key)"
      guard let member = members.first(where: { $0.name == entry.key }) else {
        let near = unknown(entry, members.map(\.name))
        if let near { meant.insert(near) }
        broken.insert("\(path).\(near ?? "*")")
        complete = false
        continue
      }
      keyPlaces[inner] = entry.keyPlace
      if let value = value(entry.value, member.kind, inner) {
        pairs.append(.init(entry.key, value))
      } else {
        broken.insert(inner)
        complete = false
      }
    }
    for member in members where member.required && !meant.contains(member.name) {
      if entries.contains(where: { $0.key == member.name }) { continue }
      error(
        "\(path.isEmpty ? "the file" : isItem(path) ? leaf(path) : path) has no \(member.name)",
        keyPlaces[path] ?? at,
        hint: "add \"\(member.name): ...\": \(member.doc); \(member.kind.text)")
      complete = false
    }
    // What is right of the large mappings is kept, so that later checks find more in one go.
    let depth = path.isEmpty ? 0 : path.split(separator: ".").count
    let keeps = depth == 0 || (path.hasPrefix("workloads.") && depth <= 3)
    return complete || keeps ? .record(pairs) : nil
  }

  /// Reports an unknown key; what was probably meant.
  private mutating func unknown(_ entry: Tree.Entry, _ names: [String]) -> String? {
    let near = NearestWord.of(entry.key, in: names)
    let shown: String? =
      switch names.count {
      case 1: "the only key here is \"\(names[0])\""
      case ...14: "the keys here are \(names.joined(separator: ", "))"
      default: nil
      }
    var hint = near.map { "did you mean \"\($0)\"?" } ?? shown
    if entry.key == "<<" { hint = "merge keys are not read; repeat the keys" }
    error("unknown key \"\(entry.key)\"", entry.keyPlace, hint: hint)
    return near
  }

  private mutating func variant(
    _ entries: [Tree.Entry], _ noun: String, _ variants: [[Member]], _ tree: Tree, _ path: String
  ) -> Value? {
    let kinds = variants.compactMap { $0.first?.name }
    let found = entries.filter { kinds.contains($0.key) }
    guard let first = found.first else {
      let names = variants.flatMap { $0.map(\.name) }
      if let odd = entries.first(where: { !names.contains($0.key) }) {
        let near = NearestWord.of(odd.key, in: kinds).map { "did you mean \"\($0)\"?" }
        error(
          "unknown kind of \(noun) \"\(odd.key)\"", odd.keyPlace,
          hint: near ?? Self.choice(noun, kinds))
      } else {
        error(
          "\(leaf(path)) does not say what kind of \(noun) it is", tree.place,
          hint: Self.choice(noun, kinds))
      }
      return nil
    }
    if found.count > 1 {
      error(
        "\(leaf(path)) is both \(first.key) and \(found[1].key)", found[1].keyPlace,
        hint: Self.choice(noun, kinds))
      return nil
    }
    let members = variants.first { $0.first?.name == first.key } ?? []
    return record(entries, members, tree.place, path)
  }

  private static func choice(_ noun: String, _ kinds: [String]) -> String {
    let article = noun.first.map { "aeiou".contains($0) } == true ? "an" : "a"
    return "\(article) \(noun) is one of: \(kinds.joined(separator: ", "))"
  }

  private mutating func map(
    _ entries: [Tree.Entry], _ noun: String, _ kind: Kind, _ at: Diagnostic.Place, _ path: String
  ) -> Value? {
    var pairs: [Value.Pair] = []
    if entries.isEmpty { error("\(leaf(path)) names no \(noun)", at) }
    for entry in entries {
      let inner = "\(path).\(entry.key)"
      keyPlaces[inner] = entry.keyPlace
      if !Scalars.isName(entry.key) {
        error(
          "\"\(entry.key)\" is not a name for a \(noun)", entry.keyPlace,
          hint: "names are of a-z, 0-9 and hyphens")
      }
      if let value = value(entry.value, kind, inner) { pairs.append(.init(entry.key, value)) }
    }
    return .record(pairs)
  }

  private mutating func notes(
    _ entries: [Tree.Entry], _ noun: String, _ at: Diagnostic.Place, _ path: String
  ) -> Value? {
    if entries.isEmpty { error("\(leaf(path)) names no \(noun)", at) }
    let pairs = entries.compactMap { entry in
      value(entry.value, .text, "\(path).\(entry.key)").map { Value.Pair(entry.key, $0) }
    }
    return pairs.count == entries.count ? .record(pairs) : nil
  }

  private mutating func figures(
    _ entries: [Tree.Entry], _ at: Diagnostic.Place, _ path: String
  ) -> Value? {
    if entries.isEmpty { error("\(leaf(path)) names no metric", at) }
    var pairs: [Value.Pair] = []
    for entry in entries {
      do throws(LimitProblem) {
        let metric = try LimitParser.definition(of: entry.key)
        guard case .scalar(let text, _) = entry.value.content, !text.isEmpty else {
          error(
            "\(entry.key) has no figure", entry.value.place,
            hint: "write it like \(LimitParser.example(of: metric.unit))")
          continue
        }
        do throws(LimitProblem) {
          pairs.append(.init(entry.key, .figure(try .read(text, of: metric))))
        } catch {
          self.error(error.message, entry.value.place, hint: error.hint)
        }
      } catch {
        self.error(error.message, entry.keyPlace, hint: error.hint)
      }
    }
    return pairs.count == entries.count ? .record(pairs) : nil
  }

  private mutating func scalar(
    _ text: String, _ plain: Bool, _ kind: Kind, _ at: Diagnostic.Place, _ path: String
  ) -> Value? {
    do throws(LimitProblem) {
      let value = try Scalars.read(text, plain: plain, kind, name: leaf(path))
      if let limit = value.limit { limits.append((limit, at)) }
      return value
    } catch {
      var place = at
      if case .limit = kind { hasUnreadLimit = true }
      if case .limit = kind, case .position(let line, let column) = at {
        // Inside quotes the text starts one further on.
        place = .position(line: line, column: column + error.offset + (plain ? 0 : 1))
      }
      self.error(error.message, place, hint: error.hint)
      return nil
    }
  }

  mutating func error(_ message: String, _ place: Diagnostic.Place, hint: String? = nil) {
    diagnostics.add(message, at: place, hint: hint)
  }

  /// Reports a name that is none of those there are.
  mutating func unknown(
    _ noun: String, _ name: String, among names: [String], _ place: Diagnostic.Place
  ) {
    guard !names.contains(name) else { return }
    let near = NearestWord.of(name, in: names)
    let all = "the \(noun)s are \(names.joined(separator: ", "))"
    error(
      "there is no \(noun) \"\(name)\"", place, hint: near.map { "did you mean \"\($0)\"?" } ?? all)
  }

  /// The last part of a path that is a name; "limit 2" for an item of a list.
  private func leaf(_ path: String) -> String {
    guard !path.isEmpty else { return "the file" }
    let parts = path.split(separator: ".")
    guard let last = parts.last else { return path }
    guard isItem(path), let index = Int(last) else { return String(last) }
    return "item \(index + 1)" + (parts.count > 1 ? " of \(parts[parts.count - 2])" : "")
  }

  /// Whether a path ends in a place of a list, not in a name of digits.
  private func isItem(_ path: String) -> Bool {
    let parts = path.split(separator: ".")
    return parts.last.flatMap { Int($0) } != nil
      && (parts.count == 1 || !["systems", "workloads"].contains(parts[0]) || parts.count > 2)
  }
}
