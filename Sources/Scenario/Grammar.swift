internal import Measure

/// The whole scenario file as one kind.
enum Grammar {
  static let document = Kind.record([
    Member(
      name: "assay", kind: .integer(1...1), doc: "version of the scenario format", required: true),
    Member(name: "name", kind: .name, doc: "name of the scenario and its runs", required: true),
    Member(name: "about", kind: .text, doc: "what it is for, in a sentence"),
    Member(name: "seed", kind: .seed, doc: "seed of every random thing; without it, one is drawn"),
    Member(
      name: "systems", kind: .map(noun: "system", SystemGrammar.kind), doc: "what is tested",
      required: true),
    Member(
      name: "workloads", kind: .map(noun: "workload", workload), doc: "what is done to it",
      required: true),
    Member(name: "design", kind: .record(design), doc: "order and repetitions of trials"),
    Member(name: "limits", kind: .list(.limit), doc: "what must hold"),
  ])

  static let workload = Kind.variant(
    noun: "workload", WorkloadGrammar.allCases.map(\.variant))

  private static let design: [Member] = {
    let standard = Design()
    return [
      Member(
        name: "order", kind: .word(Design.Order.allCases.map(\.rawValue)),
        doc: "order of trials: A B, B A, ...; one system after the other; drawn",
        standard: standard.order.rawValue),
      Member(
        name: "blocks", kind: .integer(1...1000), doc: "how often every case is run",
        standard: String(standard.blocks)),
      Member(
        name: "confidence", kind: .share(0.5...0.9999),
        doc: "confidence of the intervals that limits are judged by",
        standard: standard.confidence.text),
    ]
  }()
}
