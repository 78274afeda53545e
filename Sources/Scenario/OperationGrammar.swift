internal import Deploy
internal import Host
internal import Measure

/// `operation:` of a storage workload as a scenario file has it.
enum OperationGrammar {
  static let kind = Kind.variant(noun: "operation", triggers.map { [$0] + common })

  /// Every key, for the reference.
  static let members = triggers.map(optional) + common

  private static let triggers = [
    Member(
      name: "command", kind: .list(.text),
      doc: "a program and its arguments; exit status 0 accepts", required: true),
    Member(
      name: "http", kind: .record(http), doc: "a request; a status of 200 to 299 accepts",
      required: true),
    Member(
      name: "qmp", kind: .record(qmp), doc: "commands to QEMU's monitor", required: true),
  ]

  private static let common = [
    Member(
      name: "at", kind: .duration(least: 0), doc: "when, from the start of measuring",
      required: true),
    Member(
      name: "expect",
      kind: .variant(
        noun: "expectation",
        DiskExpectation.Change.allCases.map { change in
          [Member(name: change.rawValue, kind: .text, doc: disk, required: true)]
        }),
      doc: "appears, vanishes or grows: the disk by serial, /dev path, PCI address or NQN"),
    Member(
      name: "within", kind: .duration(least: 1_000_000),
      doc: "longest time until all of it is seen, and again for the undo", standard: "30s"),
    Member(
      name: "undo",
      kind: .variant(
        noun: "undo",
        triggers.map {
          [
            $0,
            Member(
              name: "after", kind: .duration(least: 0),
              doc: "so long after the trigger; without it, after the trial"),
          ]
        }),
      doc: "what takes it back, come what may: a command, http or qmp"),
  ]

  private static let disk =
    "the disk: its serial, a path below /dev, its PCI address, or the NQN of its subsystem"

  static let http = [
    Member(name: "url", kind: .text, doc: "http:// or https://", required: true),
    Member(
      name: "method", kind: .word(HTTPCall.Method.allCases.map(\.rawValue)),
      doc: "what is asked for", standard: HTTPCall.Method.post.rawValue),
    Member(name: "body", kind: .text, doc: "sent as it stands, as JSON unless headers say else"),
    Member(name: "headers", kind: .notes(noun: "header"), doc: "without secrets"),
    Member(
      name: "token-from-env", kind: .text, doc: "a variable of the environment with a secret"),
    Member(name: "token-from-file", kind: .text, doc: "a file with a secret"),
    Member(
      name: "token-header", kind: .text, doc: "the header that carries the secret",
      standard: HTTPCall.standardTokenHeader),
  ]

  static let qmp = [
    Member(
      name: "socket", kind: .text, doc: "a Unix socket, or a virtio-serial port", required: true),
    Member(
      name: "commands", kind: .list(.text), doc: "JSON objects with \"execute\"", required: true),
  ]

  private static func optional(_ member: Member) -> Member {
    var member = member
    member.required = false
    return member
  }

  /// An operation from checked values; nil where a required one is missing.
  static func operation(_ value: Value) -> OnlineOperation? {
    guard let at = value["at"]?.duration, let trigger = trigger(value) else { return nil }
    var operation = OnlineOperation(atNs: at, trigger: trigger)
    if let within = value["within"]?.duration { operation.withinNs = within }
    if let pair = value["expect"]?.pairs.first, let disk = pair.value.word,
      let change = DiskExpectation.Change(rawValue: pair.key)
    {
      operation.expectation = DiskExpectation(change: change, disk: DiskName(disk))
    }
    if let undo = value["undo"], let trigger = self.trigger(undo) {
      operation.undo = .init(trigger: trigger, afterNs: undo["after"]?.duration)
    }
    return operation
  }

  private static func trigger(_ value: Value) -> OperationTrigger? {
    if let words = value["command"] { return .command(words: words.items.compactMap(\.word)) }
    if let qmp = value["qmp"], let socket = qmp["socket"]?.word {
      let commands = qmp["commands"]?.items.compactMap(\.word) ?? []
      return .qmp(call: QMPCall(socket: socket, commands: commands))
    }
    guard let http = value["http"], let url = http["url"]?.word else { return nil }
    var call = HTTPCall(
      method: http["method"]?.word.flatMap(HTTPCall.Method.init(rawValue:)) ?? .post, url: url,
      body: http["body"]?.word)
    for pair in http["headers"]?.pairs ?? [] { call.headers[pair.key] = pair.value.word }
    if let name = http["token-from-env"]?.word { call.token = .environment(name: name) }
    if let path = http["token-from-file"]?.word { call.token = .file(path: path) }
    if let header = http["token-header"]?.word { call.tokenHeader = header }
    return .http(call: call)
  }
}
