import Foundation
import TestSupport
import Testing

extension Program {
  /// `assay simulator cell`, our side of scripts/bench simulation.
  @Suite struct SimulatorCells {
    private struct Figures: Decodable {
      let count: Int
      let cpuNs: Int64
      let checksum: UInt64?
      let meanWait: Double?
      let trace: UInt64
    }

    private func figures(_ words: [String]) throws -> Figures {
      let result = try Workshop().assay(["simulator", "cell"] + words).checked()
      return try JSONDecoder().decode(Figures.self, from: Data(result.stdout.utf8))
    }

    @Test(Requires.tool("python3")) func holdTakesEventsInTheOrderOfAnotherQueue() throws {
      let pending = 300
      let count = 3000
      let found = try figures(["hold", "--pending", "\(pending)", "--count", "\(count)"])
      let answers: [UInt64] = try PythonOracle.answers(
        """
        import heapq, math
        golden = 0x9E3779B97F4A7C15
        def scrambled(z):
          z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
          z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
          return z ^ z >> 31
        def answer(case):
          pending, count = case
          key = scrambled(1 ^ scrambled(golden))
          def delay(number):
            bits = scrambled(key ^ scrambled((number % 65536 + 1) * golden % 2**64)) >> 11
            return int(-math.log(1 - bits * 2.0**-53) * 1e9)
          heap = [(delay(n), n, n) for n in range(pending)]
          heapq.heapify(heap)
          checksum = 0
          for number in range(pending, 3 * pending + count):
            time, _, event = heap[0]
            checksum = ((checksum ^ event) * 31 + time) % 2**64
            heapq.heapreplace(heap, (time + delay(number), number, event))
          return checksum
        """, to: [[pending, count]])
      #expect(found.checksum == answers[0])
      #expect(found.count == count && found.cpuNs > 0)
    }

    @Test func theQueueWaitsAsErlangSays() throws {
      let found = try figures(["queue", "--count", "200000"])
      // Erlang's C formula; four standard errors of so many customers are some 10 %.
      #expect(abs((found.meanWait ?? 0) / 0.2046 - 1) < 0.1, "\(found)")
      #expect(found.count == 200_000)
    }

    @Test func aWrongCellIsRefused() throws {
      let shop = try Workshop()
      #expect(try shop.assay(["simulator", "cell", "hole"]).status == 64)
      #expect(try shop.assay(["simulator", "cell", "hold", "--pending", "0"]).status == 64)
      // It is a part of the workshop, not of the product.
      #expect(try !shop.assay(["simulator", "--help"]).checked().stdout.contains("cell"))
    }
  }
}
