/// Something to say about a place in a fio job file.
public struct FioDiagnostic: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of thing it is.
  public var kind: Kind
  /// Where it is.
  public var place: FioPlace
  /// What is wrong or different, and how to mend it.
  public var message: String
  /// The nearest valid word, where a word was not known.
  public var nearest: String?

  /// Kinds of diagnostics.
  public enum Kind: String, Sendable {
    /// The job file is wrong, or says something that cannot be imported at all.
    case error
    /// fio knows the option and Assay has nothing like it: the workload runs without it.
    case noCounterpart = "no counterpart"
    /// The option was imported and means something a little different.
    case changedMeaning = "changed meaning"
  }

  /// Makes a diagnostic.
  public init(_ kind: Kind, at place: FioPlace, _ message: String, nearest: String? = nil) {
    self.kind = kind
    self.place = place
    self.message = message
    self.nearest = nearest
  }

  /// `file:line:column: message`, with the nearest word.
  public var description: String {
    let prefix = kind == .error ? "" : "\(kind.rawValue): "
    let hint = nearest.map { "; did you mean `\($0)`?" } ?? ""
    return "\(place): \(prefix)\(message)\(hint)"
  }
}

/// A place in a job file.
public struct FioPlace: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The file as it was named.
  public var file: String
  /// The line, from 1.
  public var line: Int
  /// The column in characters, from 1.
  public var column: Int

  /// Names a place.
  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// `file:line:column`.
  public var description: String { "\(file):\(line):\(column)" }

  /// Orders by file, then line, then column.
  public static func < (left: FioPlace, right: FioPlace) -> Bool {
    (left.file, left.line, left.column) < (right.file, right.line, right.column)
  }
}
