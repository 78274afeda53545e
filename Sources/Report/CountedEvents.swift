/// What the figures of some cases count, for headings.
enum CountedEvents: Sendable {
  case ios, messages, both

  init(_ cases: [CaseFigures]) {
    let messages = cases.count(where: \.isOfMessages)
    self = messages == 0 ? .ios : messages == cases.count ? .messages : .both
  }

  /// Of them in a second: `IOPS`.
  var rate: String {
    switch self {
    case .ios: "IOPS"
    case .messages: "messages/s"
    case .both: "IOPS or messages/s"
    }
  }

  /// They themselves: `I/Os`.
  var noun: String {
    switch self {
    case .ios: "I/Os"
    case .messages: "messages"
    case .both: "I/Os or messages"
    }
  }

  /// CPU time for one of them: `CPU/IO`.
  var cost: String {
    switch self {
    case .ios: "CPU/IO"
    case .messages: "CPU/message"
    case .both: "CPU/IO or message"
    }
  }
}
