/// What the figures of some cases count, for headings.
struct CountedEvents: Sendable {
  private enum Kind: CaseIterable, Sendable { case ios, messages, requests }
  /// What there is, in the order of the kinds.
  private let kinds: [Kind]

  init(_ cases: [CaseFigures]) {
    let found = Set(
      cases.map { $0.isOfMessages ? Kind.messages : $0.isOfRequests ? .requests : .ios })
    kinds = found.isEmpty ? [.ios] : Kind.allCases.filter(found.contains)
  }

  /// Of them in a second: `IOPS`.
  var rate: String {
    text { kind in
      switch kind {
      case .ios: "IOPS"
      case .messages: "messages/s"
      case .requests: "requests/s"
      }
    }
  }

  /// They themselves: `I/Os`.
  var noun: String {
    text { kind in
      switch kind {
      case .ios: "I/Os"
      case .messages: "messages"
      case .requests: "requests"
      }
    }
  }

  /// CPU time for one of them: `CPU/IO`.
  var cost: String {
    "CPU/"
      + text { kind in
        switch kind {
        case .ios: "IO"
        case .messages: "message"
        case .requests: "request"
        }
      }
  }

  /// Of the columns `used` those whose values are medians of trials.
  func medians(among used: [String]) -> [String] {
    [rate, "bandwidth", cost].filter(used.contains)
  }

  /// Words as a list: `IOPS, bandwidth and CPU/IO`; nil for none.
  static func list(_ words: [String]) -> String? {
    guard let last = words.last else { return nil }
    return words.count == 1
      ? last : words.dropLast().joined(separator: ", ") + " and " + last
  }

  private func text(_ word: (Kind) -> String) -> String {
    kinds.map(word).joined(separator: " or ")
  }
}
