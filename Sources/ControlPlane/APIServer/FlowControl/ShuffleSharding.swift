/// Deals a hand of queues to a flow, all hands alike likely (apiserver's util/shufflesharding).
struct ShuffleSharding: BitwiseCopyable {
  /// No hand that 60 bits of entropy allow is larger (`NewDealer`).
  static let largestHand = 15

  private var cards = InlineArray<15, UInt16>(repeating: 0)
  let handSize: Int

  /// Deals `handSize` different cards of a deck of `deckSize` out of the hash of a flow.
  ///
  /// O(handSize^2).
  init(_ hash: UInt64, deckSize: Int, handSize: Int) {
    self.handSize = handSize
    var rest = hash
    var remainders = InlineArray<15, UInt16>(repeating: 0)
    for index in 0..<handSize {
      let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: UInt64(deckSize - index))
      remainders[index] = UInt16(remainder)
      rest = quotient
    }
    for index in 0..<handSize {
      // A remainder is a place among the cards that are left: count those before it in again.
      var card = remainders[index]
      for earlier in stride(from: index - 1, through: 0, by: -1)
      where card >= remainders[earlier] {
        card += 1
      }
      cards[index] = card
    }
  }

  /// The `index`-th card of the deal.
  subscript(index: Int) -> Int { Int(cards[index]) }
}
