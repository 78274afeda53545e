internal import Measure
internal import Storage

/// The whole scenario file as one kind.
enum Grammar {
  static let document = Kind.record([
    Member(
      name: "assay", kind: .integer(1...1), doc: "version of the scenario format", required: true),
    Member(name: "name", kind: .name, doc: "name of the scenario and its runs", required: true),
    Member(name: "about", kind: .text, doc: "what it is for, in a sentence"),
    Member(name: "seed", kind: .seed, doc: "seed of every random thing; without it, one is drawn"),
    Member(
      name: "systems", kind: .map(noun: "system", system), doc: "what is tested", required: true),
    Member(
      name: "workloads", kind: .map(noun: "workload", workload), doc: "what is done to it",
      required: true),
    Member(name: "design", kind: .record(design), doc: "order and repetitions of trials"),
    Member(name: "limits", kind: .list(.limit), doc: "what must hold"),
  ])

  static let system = Kind.variant(
    noun: "system",
    [
      [
        Member(
          name: "device", kind: .text,
          doc: "a block device, or an NVMe generic device (/dev/ng0n1) for passthrough",
          required: true)
      ],
      [
        Member(name: "file", kind: .text, doc: "path of a regular file", required: true),
        Member(
          name: "size", kind: .size(least: 1),
          doc: "how large it is made; without it, an existing file as it is"),
        Member(
          name: "keep", kind: .boolean, doc: "whether it stays after the run", standard: "false"),
        Member(
          name: "existing", kind: .word(["refuse", "overwrite"]),
          doc: "whether writes to a file that was there before are refused", standard: "refuse"),
      ],
      [
        Member(
          name: "none",
          kind: .record([
            Member(
              name: "size", kind: .size(least: 1), doc: "size it pretends to have", required: true)
          ]), doc: "no device: what this tool and the ring alone cost", required: true)
      ],
    ])

  static let workload = Kind.variant(
    noun: "workload",
    [
      [
        Member(
          name: "storage", kind: .record(StorageFields.members), doc: "storage I/O",
          required: true),
        Member(
          name: "sweep", kind: .record(sweep),
          doc: "keys of storage with the values to try; several keys give every combination"),
        Member(
          name: "systems", kind: .list(.name), doc: "systems it runs against; without it, all"),
      ]
    ])

  private static let sweep = StorageFields.members.map {
    Member(name: $0.name, kind: .list($0.kind), doc: $0.doc)
  }

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
