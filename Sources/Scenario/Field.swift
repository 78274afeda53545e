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

  static func flag(_ name: String, _ path: Path<Bool>, _ doc: String) -> Self {
    Self(
      name: name, kind: .boolean, doc: doc,
      apply: { value, workload in
        if let flag = value.boolean { workload[keyPath: path] = flag }
      },
      render: { .boolean($0[keyPath: path]) })
  }

  static func word<Word: RawRepresentable<String> & CaseIterable & Sendable>(
    _ name: String, _ path: Path<Word>, _ doc: String
  ) -> Self {
    Self(
      name: name, kind: .word(Word.allCases.map(\.rawValue)), doc: doc,
      apply: { value, workload in
        if let word = value.word.flatMap(Word.init(rawValue:)) { workload[keyPath: path] = word }
      },
      render: { .word($0[keyPath: path].rawValue) })
  }

  static func integer(
    _ name: String, _ path: Path<Int>, _ range: ClosedRange<Int>, _ doc: String
  ) -> Self {
    Self(
      name: name, kind: .integer(range), doc: doc,
      apply: { value, workload in
        if let number = value.integer { workload[keyPath: path] = number }
      },
      render: { .integer($0[keyPath: path]) })
  }

  static func integer(
    _ name: String, _ path: Path<Int?>, _ range: ClosedRange<Int>, _ doc: String
  ) -> Self {
    Self(
      name: name, kind: .integer(range), doc: doc,
      apply: { value, workload in workload[keyPath: path] = value.integer },
      render: { $0[keyPath: path].map { .integer($0) } })
  }

  static func size(
    _ name: String, _ path: Path<ByteCount>, least: Int64, _ doc: String
  ) -> Self {
    Self(
      name: name, kind: .size(least: least), doc: doc,
      apply: { value, workload in if let size = value.size { workload[keyPath: path] = size } },
      render: { .size($0[keyPath: path]) })
  }

  static func size(_ name: String, _ path: Path<ByteCount?>, _ doc: String) -> Self {
    Self(
      name: name, kind: .size(least: 1), doc: doc,
      apply: { value, workload in workload[keyPath: path] = value.size },
      render: { $0[keyPath: path].map { .size($0) } })
  }

  static func duration(
    _ name: String, _ path: Path<Nanoseconds>, least: Int64, _ doc: String
  ) -> Self {
    Self(
      name: name, kind: .duration(least: least), doc: doc,
      apply: { value, workload in
        if let duration = value.duration { workload[keyPath: path] = duration }
      },
      render: { .duration($0[keyPath: path]) })
  }

  static func duration(
    _ name: String, _ path: Path<Nanoseconds?>, least: Int64, _ doc: String
  ) -> Self {
    Self(
      name: name, kind: .duration(least: least), doc: doc,
      apply: { value, workload in workload[keyPath: path] = value.duration },
      render: { $0[keyPath: path].map { .duration($0) } })
  }

  static func share(
    _ name: String, _ path: Path<Fraction>, _ range: ClosedRange<Double>, _ doc: String
  ) -> Self {
    Self(
      name: name, kind: .share(range), doc: doc,
      apply: { value, workload in
        if let share = value.share { workload[keyPath: path] = share }
      },
      render: { .share($0[keyPath: path]) })
  }
}
