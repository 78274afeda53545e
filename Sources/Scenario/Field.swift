internal import Measure

/// One key of a workload with the way to and from its type.
struct Field<Workload: Sendable>: Sendable {
  var name: String
  var kind: Kind
  var doc: String
  var required = false
  /// Sets the value; keys are applied in the order of the table.
  var apply: @Sendable (Value, inout Workload) -> Void
  /// The value as the workload has it; nil where there is nothing to write.
  var render: @Sendable (Workload) -> Value?

  /// The key for schema, reader and reference; its default is what `new` has, a new workload.
  func member(_ new: Workload) -> Member {
    let standard = render(new)
    return Member(
      name: name, kind: kind, doc: doc, required: required,
      standard: required ? nil : standard?.text)
  }
}

extension Field {
  typealias Path<Part> = any (WritableKeyPath<Workload, Part> & Sendable)

  /// A key for a part of the workload, by the way to and from its value.
  private static func part<Part>(
    _ name: String, _ kind: Kind, _ path: Path<Part>, _ doc: String,
    _ read: @escaping @Sendable (Value) -> Part?, _ write: @escaping @Sendable (Part) -> Value?
  ) -> Self {
    Self(
      name: name, kind: kind, doc: doc,
      apply: { value, workload in
        if let part = read(value) { workload[keyPath: path] = part }
      },
      render: { write($0[keyPath: path]) })
  }

  /// Likewise, for a part that may be missing.
  private static func optional<Part>(
    _ name: String, _ kind: Kind, _ path: Path<Part?>, _ doc: String,
    _ read: @escaping @Sendable (Value) -> Part?, _ write: @escaping @Sendable (Part) -> Value
  ) -> Self {
    part(name, kind, path, doc, { .some(read($0)) }, { $0.map(write) })
  }

  static func flag(_ name: String, _ path: Path<Bool>, _ doc: String) -> Self {
    part(name, .boolean, path, doc, \.boolean, Value.boolean)
  }

  static func word<Word: RawRepresentable<String> & CaseIterable & Sendable>(
    _ name: String, _ path: Path<Word>, _ doc: String
  ) -> Self {
    part(
      name, .word(Word.allCases.map(\.rawValue)), path, doc,
      { $0.word.flatMap(Word.init(rawValue:)) }, { .word($0.rawValue) })
  }

  static func integer(
    _ name: String, _ path: Path<Int>, _ range: ClosedRange<Int>, _ doc: String
  ) -> Self {
    part(name, .integer(range), path, doc, \.integer, Value.integer)
  }

  static func integer(
    _ name: String, _ path: Path<Int?>, _ range: ClosedRange<Int>, _ doc: String
  ) -> Self {
    optional(name, .integer(range), path, doc, \.integer, Value.integer)
  }

  static func size(
    _ name: String, _ path: Path<ByteCount>, least: Int64, _ doc: String
  ) -> Self {
    part(name, .size(least: least), path, doc, \.size, Value.size)
  }

  static func size(_ name: String, _ path: Path<ByteCount?>, _ doc: String) -> Self {
    optional(name, .size(least: 1), path, doc, \.size, Value.size)
  }

  static func duration(
    _ name: String, _ path: Path<Nanoseconds>, least: Int64, _ doc: String
  ) -> Self {
    part(name, .duration(least: least), path, doc, \.duration, Value.duration)
  }

  static func duration(
    _ name: String, _ path: Path<Nanoseconds?>, least: Int64, _ doc: String
  ) -> Self {
    optional(name, .duration(least: least), path, doc, \.duration, Value.duration)
  }

  static func perSecond(
    _ name: String, _ path: Path<Rate>, allowsZero: Bool = false, _ doc: String
  ) -> Self {
    part(
      name, .perSecond(allowsZero: allowsZero), path, doc, \.perSecond,
      { .rate(.perSecond($0.perSecond)) })
  }

  static func share(
    _ name: String, _ path: Path<Fraction>, _ range: ClosedRange<Double>, _ doc: String
  ) -> Self {
    part(name, .share(range), path, doc, \.share, Value.share)
  }
}
