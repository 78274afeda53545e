import Measure
import Testing

@testable import Storage

@Suite struct MergerTests {
  /// Workers that report at random moments, some of them late: nothing may be lost or doubled.
  @Test func aSeriesKeepsEverySumWhateverTheOrder() {
    for seed in 0..<50 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      let workers = 1 + Int(random.below(4))
      let lengths = (0..<workers).map { _ in Int(random.below(30)) }
      var next = [Int](repeating: 0, count: workers)
      var merger = SeriesMerger(workers: workers)
      var rows: [StorageSecond] = []
      while zip(next, lengths).contains(where: { $0 < $1 }) {
        let worker = Int(random.below(UInt64(workers)))
        if next[worker] < lengths[worker] {
          var part = WorkerSecond()
          part.second = next[worker]
          part.count(.write, times: UInt64(worker + 1), bytes: 10)
          part.latencyMax = UInt64(worker)
          merger.add(part, of: worker)
          next[worker] += 1
        }
        if next[worker] == lengths[worker] { merger.finish(worker) }
        if random.below(3) == 0 { rows += merger.complete(all: false) }
      }
      rows += merger.complete(all: true)
      #expect(rows.map(\.second) == Array(0..<(lengths.max() ?? 0)))
      for row in rows {
        let there = lengths.indices.filter { lengths[$0] > row.second }
        #expect(row.writeIOs == UInt64(there.reduce(0) { $0 + $1 + 1 }))
        #expect(row.writeBytes == UInt64(10 * there.count))
        #expect(row.latencyMaxNs == there.max().map(UInt64.init))
      }
    }
  }

  @Test func aRowWaitsForTheSlowestWorker() {
    var merger = SeriesMerger(workers: 2)
    for second in 0..<10 {
      var part = WorkerSecond()
      part.second = second
      merger.add(part, of: 0)
    }
    #expect(merger.complete(all: false).isEmpty)
    merger.finish(1)
    #expect(merger.complete(all: false).map(\.second) == Array(0..<8))
    #expect(merger.complete(all: true).map(\.second) == [8, 9])
  }

  @Test func whatCompletesJustAfterTheEndBelongsToTheLastSecond() {
    var merger = SeriesMerger(workers: 1, duration: .seconds(3))
    var rows: [StorageSecond] = []
    for (second, ios) in [(0, 100), (1, 100), (2, 100), (3, 7)] {
      var part = WorkerSecond()
      part.second = second
      part.count(.read, times: UInt64(ios), bytes: 0)
      merger.add(part, of: 0)
      rows += merger.complete(all: false)
    }
    rows += merger.complete(all: true)
    #expect(rows.map(\.second) == [0, 1, 2] && rows.map(\.readIOs) == [100, 100, 107])
  }

  private func gap(_ start: UInt64, _ end: UInt64) -> Recorder.Gap {
    Recorder.Gap(start: start, length: end - start)
  }

  @Test func theCommonGapIsWhereAllWereSilent() throws {
    let common = OutcomeMerger.commonGap([
      [gap(0, 100), gap(500, 900)], [gap(90, 600), gap(700, 1000)], [gap(0, 2000)],
    ])
    // 90-100, 500-600 and 700-900.
    #expect(common?.start == 700)
    #expect(common?.length == 200)
    #expect(OutcomeMerger.commonGap([[gap(0, 10)], [gap(10, 20)]]) == nil)
    #expect(OutcomeMerger.commonGap([]) == nil)
  }

  @Test func theCommonGapAgreesWithAScanOfEachTick() {
    for seed in 0..<60 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      let lists = (0..<3).map { _ in
        var place: UInt64 = 0
        return (0..<8).map { _ in
          place += random.below(20)
          let start = place
          place += 1 + random.below(60)
          return gap(start, place)
        }
      }
      var (longest, run) = (0, 0)
      for tick in 0..<800 as Range<UInt64> {
        // Neighbouring gaps of a worker meet at a completion: a common gap does not span it.
        let silent = lists.allSatisfy { list in
          list.contains { $0.start <= tick && tick < $0.start + $0.length }
        }
        let completion = lists.contains { list in list.contains { $0.start == tick } }
        run = silent ? (completion ? 1 : run + 1) : 0
        longest = max(longest, run)
      }
      #expect(Int(OutcomeMerger.commonGap(lists)?.length ?? 0) == longest)
    }
  }

  @Test func aRecorderKeepsTheLongestGaps() {
    var recorder = Recorder(clock: .monotonic, hangBound: .seconds(1))
    recorder.restart(at: 0)
    var random = SeededRandom(seed: 2)
    var tick: UInt64 = 0
    var lengths: [UInt64] = []
    for _ in 0..<5000 {
      let length = 1 + random.below(1_000_000)
      lengths.append(length)
      tick += length
      recorder.completed(at: tick)
    }
    let kept = recorder.longestGaps.map(\.length).sorted(by: >)
    #expect(kept == Array(lengths.sorted(by: >).prefix(Recorder.gapCapacity)))
  }
}
