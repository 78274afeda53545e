internal import Yams

/// A YAML value with its place: what Yams composed, without its types.
struct Tree {
  var content: Content
  var place: Diagnostic.Place

  indirect enum Content {
    /// Text; plain when it stood without quotes.
    case scalar(String, plain: Bool)
    case sequence([Tree])
    case mapping([Entry])
  }

  struct Entry {
    var key: String
    var keyPlace: Diagnostic.Place
    var value: Tree
  }

  var entries: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }

  /// Whether nothing stands after the key.
  var isEmpty: Bool {
    if case .scalar(let text, _) = content { text.isEmpty } else { false }
  }

  subscript(key: String) -> Tree? { entries?.first { $0.key == key }?.value }
}

/// Turns YAML text into a tree, or diagnostics.
struct TreeReader {
  private var duplicates: [String: (key: String, place: Diagnostic.Place)] = [:]
  private var nodes = 0
  private let override: Diagnostic.Place?

  private init(override: Diagnostic.Place?) { self.override = override }

  /// Reads a file; nil after an error that leaves nothing to look at.
  static func read(_ text: String, into diagnostics: inout DiagnosticCollector) -> Tree? {
    var reader = TreeReader(override: nil)
    return reader.compose(text, &diagnostics)
  }

  /// Reads the value of an override; everything in it stands at `place`.
  static func read(
    override text: String, place: Diagnostic.Place, into diagnostics: inout DiagnosticCollector
  ) -> Tree? {
    var reader = TreeReader(override: place)
    return reader.compose(text, &diagnostics)
  }

  /// Composes, marking every first of two equal keys until the rest can be read.
  ///
  /// Yams stops at the first duplicate. Its first letter is replaced by one of the private use area
  /// (one scalar for one, so columns stay), so that all errors of a file come at once.
  private mutating func compose(_ text: String, _ diagnostics: inout DiagnosticCollector) -> Tree? {
    var text = text
    for attempt in 0..<1_000 {
      do {
        guard let node = try Yams.compose(yaml: text, .basic) else {
          diagnostics.add(
            override == nil ? "the file is empty" : "the value is empty", at: override ?? .file,
            hint: override == nil ? "start with \"assay: 1\"" : nil)
          return nil
        }
        return tree(node, depth: 0, &diagnostics)
      } catch YamlError.duplicatedKeysInMapping(let keys, let context) where override == nil {
        guard let key = keys.first, let marker = Unicode.Scalar(0xE000 + UInt32(attempt)),
          let marked = Self.mark(text, at: context.mark, with: marker)
        else {
          diagnostics.add("a key is given twice: \(keys)", at: place(context.mark))
          return nil
        }
        duplicates[String(marker)] = (key, place(context.mark))
        text = marked
      } catch {
        add(error, &diagnostics)
        return nil
      }
    }
    diagnostics.add("more than 1000 keys are given twice", at: .file)
    return nil
  }

  /// Replaces the first letter of the key at `mark`; nil where there is none.
  private static func mark(_ text: String, at mark: Mark, with marker: Unicode.Scalar) -> String? {
    var scalars = Array(text.unicodeScalars)
    var index = 0
    var line = 1
    while line < mark.line, index < scalars.count {
      if scalars[index] == "\n" { line += 1 }
      index += 1
    }
    index += mark.column - 1
    guard index < scalars.count else { return nil }
    if scalars[index] == "\"" || scalars[index] == "'" { index += 1 }
    guard index < scalars.count else { return nil }
    scalars[index] = marker
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars)
    return String(result)
  }

  private func place(_ mark: Mark?) -> Diagnostic.Place {
    if let override { return override }
    return mark.map { .position(line: $0.line, column: $0.column) } ?? .file
  }

  private mutating func tree(
    _ node: Node, depth: Int, _ diagnostics: inout DiagnosticCollector
  ) -> Tree? {
    nodes += 1
    guard depth < 64, nodes < 100_000 else {
      if nodes <= 100_000 || depth >= 64 {
        diagnostics.add("the file nests too deep or is too large", at: place(node.mark))
      }
      return nil
    }
    let place = place(node.mark)
    switch node {
    case .scalar(let scalar):
      let plain = scalar.style == .plain
      let empty = plain && (scalar.string == "~" || scalar.string == "null")
      return Tree(content: .scalar(empty ? "" : scalar.string, plain: plain), place: place)
    case .sequence(let sequence):
      let items = sequence.compactMap { tree($0, depth: depth + 1, &diagnostics) }
      return Tree(content: .sequence(items), place: place)
    case .mapping(let mapping):
      return Tree(content: .mapping(entries(mapping, depth, &diagnostics)), place: place)
    case .alias:
      diagnostics.add("an alias cannot be read here", at: place)
      return nil
    }
  }

  private mutating func entries(
    _ mapping: Node.Mapping, _ depth: Int, _ diagnostics: inout DiagnosticCollector
  ) -> [Tree.Entry] {
    var entries: [Tree.Entry] = []
    var marked: [(key: String, place: Diagnostic.Place)] = []
    for (key, value) in mapping {
      guard case .scalar(let scalar) = key else {
        diagnostics.add("a key must be a word", at: place(key.mark))
        continue
      }
      if let first = scalar.string.unicodeScalars.first,
        let duplicate = duplicates[String(first)]
      {
        marked.append(duplicate)
        continue
      }
      guard let value = tree(value, depth: depth + 1, &diagnostics) else { continue }
      entries.append(
        Tree.Entry(key: scalar.string, keyPlace: place(key.mark), value: value))
    }
    for duplicate in marked {
      let last = entries.first { $0.key == duplicate.key }?.keyPlace ?? duplicate.place
      var hint: String?
      if case .position(let line, _) = duplicate.place {
        hint = "it was first given on line \(line)"
      }
      diagnostics.add("\"\(duplicate.key)\" is given twice", at: last, hint: hint)
    }
    return entries
  }

  private func add(_ error: any Error, _ diagnostics: inout DiagnosticCollector) {
    switch error {
    case YamlError.scanner(let context, let problem, let mark, _),
      YamlError.parser(let context, let problem, let mark, _),
      YamlError.composer(let context, let problem, let mark, _):
      var hint: String?
      if problem.contains("cannot start any token") {
        hint = "YAML indents with spaces, not tabs; quote a text that starts with @, ` or %"
      } else if context?.text.contains("block scalar") == true {
        hint = "quote a text that starts with > or |: \">= 1200s\""
      } else if let context {
        hint = "\(context.text), at line \(context.mark.line)"
      }
      diagnostics.add("this is not YAML: \(problem)", at: place(mark), hint: hint)
    case YamlError.duplicatedKeysInMapping(let keys, let context):
      diagnostics.add(
        "\(keys.map { "\"\($0)\"" }.joined(separator: ", ")) is given twice",
        at: place(context.mark))
    case YamlError.reader(let problem, _, _, _):
      diagnostics.add("this is not text: \(problem)", at: override ?? .file)
    default:
      diagnostics.add("this is not YAML: \(error)", at: override ?? .file)
    }
  }
}
