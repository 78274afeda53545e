internal import Ledger
internal import Measure

/// Which trial of a case in which block: what a pair has in common.
struct BlockPlace: Hashable, Comparable {
  var block: Int
  var turn: Int

  static func < (left: BlockPlace, right: BlockPlace) -> Bool {
    (left.block, left.turn) < (right.block, right.turn)
  }

  /// Values of a case by block, and by which of its trials it is there; a trial without a value
  /// takes its turn all the same.
  static func values<Trial, Value>(
    of trials: [Trial], block: (Trial) -> Int, _ value: (Trial) -> Value?
  ) -> [BlockPlace: Value] {
    var turns: [Int: Int] = [:]
    var values: [BlockPlace: Value] = [:]
    for trial in trials {
      let block = block(trial)
      let turn = turns[block, default: 0] + 1
      turns[block] = turn
      values[BlockPlace(block: block, turn: turn)] = value(trial)
    }
    return values
  }
}

/// In which order the trials of two cases ran.
enum BlockOrder {
  /// What it means that they did not run in turn, and how to mend it.
  static let caution =
    "drift cannot be told from a difference; run with design: {order: abba}"

  /// Whether the trials of each block ran before those of the next.
  ///
  /// What ran counts, not what was planned: so blocks hold trials that drift has hit alike, in an
  /// ABBA order as in a drawn one. `places` are places in executed order. O(trials log trials).
  static func isInTurn(_ trials: [(block: Int, place: Int)]) -> Bool {
    var spans: [Int: ClosedRange<Int>] = [:]
    for (block, place) in trials {
      let known = spans[block] ?? place...place
      spans[block] = min(known.lowerBound, place)...max(known.upperBound, place)
    }
    let inOrder = spans.values.sorted { $0.lowerBound < $1.lowerBound }
    return zip(inOrder, inOrder.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }
  }
}
