internal import Measure

/// Applies `--set path=value` to the tree, before anything is checked.
enum Overrides {
  static func apply(
    _ overrides: [String], to tree: inout Tree, _ diagnostics: inout DiagnosticCollector
  ) {
    for override in overrides {
      let place = Diagnostic.Place.override(override)
      guard let equals = override.firstIndex(of: "="), equals != override.startIndex else {
        diagnostics.add(
          "an override is path=value", at: place,
          hint: "write it like workloads.random-read.storage.duration=5s")
        continue
      }
      let path = String(override[..<equals])
      let text = String(override[override.index(after: equals)...])
      guard let value = TreeReader.read(override: text, place: place, into: &diagnostics) else {
        continue
      }
      let parts = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      if !set(parts[...], value, in: &tree, Grammar.document) {
        let near = NearestWord.of(path, in: paths(tree, Grammar.document, ""))
        diagnostics.add(
          "there is no \"\(path)\" in the scenario", at: place,
          hint: near.map { "did you mean \"\($0)\"?" })
      }
    }
  }

  /// Sets what `parts` leads to; keys of the grammar are made, names of the user must be there.
  private static func set(
    _ parts: ArraySlice<String>, _ value: Tree, in tree: inout Tree, _ kind: Kind
  ) -> Bool {
    guard let part = parts.first else {
      tree = value
      return true
    }
    switch tree.content {
    case .sequence(var items):
      guard let index = Int(part), items.indices.contains(index),
        case .list(let item)? = kind.alternative(.list),
        set(parts.dropFirst(), value, in: &items[index], item)
      else { return false }
      tree.content = .sequence(items)
      return true
    case .mapping(var entries):
      guard let inner = inner(kind, part, beside: entries) else { return false }
      if let index = entries.firstIndex(where: { $0.key == part }) {
        guard set(parts.dropFirst(), value, in: &entries[index].value, inner) else { return false }
      } else {
        // A name that is not there would make a system or workload out of a slip.
        guard !isMap(kind) else { return false }
        var made = Tree(content: .mapping([]), place: value.place)
        guard set(parts.dropFirst(), value, in: &made, inner) else { return false }
        entries.append(Tree.Entry(key: part, keyPlace: value.place, value: made))
      }
      tree.content = .mapping(entries)
      return true
    case .scalar:
      // `precondition: none` gives way to `precondition.fill=2`.
      guard inner(kind, part, beside: []) != nil else { return false }
      tree = Tree(content: .mapping([]), place: value.place)
      return set(parts, value, in: &tree, kind)
    }
  }

  private static func isMap(_ kind: Kind) -> Bool {
    if case .map = kind { true } else { false }
  }

  /// The kind of what stands under `key`; nil where the grammar has no such key.
  ///
  /// Of several kinds that have it, the one counts whose own key stands `beside` it.
  private static func inner(_ kind: Kind, _ key: String, beside entries: [Tree.Entry]) -> Kind? {
    switch kind.alternative(.mapping) {
    case .map(_, let kind): kind
    case .record(let members): members.first { $0.name == key }?.kind
    case .variant(_, let variants): member(key, of: variants, beside: entries)?.kind
    default: nil
    }
  }

  private static func member(
    _ key: String, of variants: [[Member]], beside entries: [Tree.Entry]
  ) -> Member? {
    let known = variants.first { variant in
      entries.contains { $0.key == variant.first?.name }
    }
    return (known ?? Array(variants.joined())).first { $0.name == key }
      ?? variants.joined().first { $0.name == key }
  }

  /// Every path that can be set, for naming the nearest.
  private static func paths(_ tree: Tree?, _ kind: Kind, _ prefix: String) -> [String] {
    func below(_ names: [(String, Kind)]) -> [String] {
      names.flatMap { name, kind in
        let path = prefix.isEmpty ? name : "\(prefix).\(name)"
        return [path] + paths(tree?[name], kind, path)
      }
    }
    switch kind.alternative(.mapping) {
    case .map(_, let kind): return below((tree?.entries ?? []).map { ($0.key, kind) })
    case .record(let members): return below(members.map { ($0.name, $0.kind) })
    case .variant(_, let variants): return below(variants.joined().map { ($0.name, $0.kind) })
    default: return []
    }
  }
}
