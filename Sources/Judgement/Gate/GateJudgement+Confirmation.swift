public import Measure

extension GateJudgement {
  /// The cases that lost more than is tolerated.
  public var failingCases: Set<CaseKey> { Set(rows(.fail).map(\.key)) }

  /// The judgement after fresh data of the failing cases were judged by themselves.
  ///
  /// A failure stands only where the fresh data fail too; else the row is what the fresh data say.
  /// Where they are invalid, failed or not comparable they say nothing: the failure stands.
  /// O(rows²).
  public func confirmed(by fresh: GateJudgement, record: String) -> GateJudgement {
    var whole = self
    var hindrance: String?
    for index in rows.indices where rows[index].verdict == .fail {
      let its = fresh.rows.first { $0.key == rows[index].key && $0.metric == rows[index].metric }
      whole.rows[index].fresh = its.map {
        GateRow.Fresh(
          interval: $0.interval, ratio: $0.ratio, adjustedP: $0.adjustedP, verdict: $0.verdict,
          reason: $0.reason)
      }
      switch its?.verdict {
      case .fail:
        whole.rows[index].reason += "; confirmed by fresh data"
      case .pass, .inconclusive:
        whole.rows[index].verdict = its?.verdict ?? .fail
        whole.rows[index].reason =
          "failed at first (\(rows[index].reason)), and was not confirmed; fresh data: "
          + (its?.reason ?? "")
      default:
        hindrance =
          "the fresh data say nothing of \(rows[index].key): "
          + (its?.reason ?? fresh.reason ?? "they lack it")
      }
    }
    whole.confirmation = Confirmation(record: record, hindrance: hindrance, first: verdict)
    whole.conclude()
    return whole
  }

  /// The judgement where no fresh data could be had: the failure stands.
  public func unconfirmed(because hindrance: String) -> GateJudgement {
    var whole = self
    whole.confirmation = Confirmation(record: nil, hindrance: hindrance, first: verdict)
    return whole
  }
}
