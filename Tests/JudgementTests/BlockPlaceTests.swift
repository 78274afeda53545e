import Testing

@testable import Judgement

@Suite struct BlockPlaceTests {
  @Test func aTrialWithoutAValueTakesItsTurnAllTheSame() {
    let trials: [(block: Int, value: Double?)] = [(1, nil), (1, 5), (2, 7), (1, 6)]
    let values = BlockPlace.values(of: trials, block: { $0.block }, { $0.value })
    #expect(
      values == [
        BlockPlace(block: 1, turn: 2): 5, BlockPlace(block: 2, turn: 1): 7,
        BlockPlace(block: 1, turn: 3): 6,
      ])
  }
}
