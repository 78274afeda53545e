import Measure
import Testing

@testable import ControlPlane

struct ControllerPartsTests {
  @Test(arguments: [1, 2, 3, 7, 200, 500]) func batchesDoubleAndAddUp(count: Int) {
    var start = SlowStart(Int32(count))
    var batches: [Int] = []
    while !start.isOver {
      let batch = start.nextBatch()
      batches.append(Int(batch))
      for number in 1...batch { #expect(start.answered(true) == (number == batch)) }
    }
    #expect(batches.reduce(0, +) == count)
    for (number, batch) in batches.dropLast().enumerated() { #expect(batch == 1 << number) }
  }

  @Test func aBatchWithAFailureIsTheLast() {
    var start = SlowStart(100)
    for _ in 0..<start.nextBatch() { _ = start.answered(true) }
    for number in 0..<start.nextBatch() { _ = start.answered(number > 0) }
    #expect(start.isOver && start.remaining == 97)
  }

  @Test func aKeyIsInWorkOnceAndComesAgainIfAddedMeanwhile() {
    var queue = WorkQueue(workers: 2)
    queue.add(7)
    queue.add(7)
    queue.add(8)
    queue.add(9)
    #expect(queue.take() == 7)
    queue.add(7)
    #expect(queue.take() == 8 && queue.take() == nil)
    queue.finish(7)
    #expect(queue.take() == 9)
    queue.finish(8)
    #expect(queue.take() == 7 && queue.depth == 0)
  }

  @Test func failuresDoubleTheBackOffAndShareABucket() {
    var queue = WorkQueue(workers: 1)
    queue.add(1)
    let waits = (0..<5).map { _ in queue.backOff(of: 1, at: .zero) }
    #expect(waits == [5, 10, 20, 40, 80].map { Nanoseconds.milliseconds($0) })
    queue.forget(1)
    #expect(queue.backOff(of: 1, at: .zero) == .milliseconds(5))
    queue.add(2)
    // 6 of 100 are taken; the 104th of all waits for the fourth that comes, at 10 a second.
    for _ in 0..<97 { queue.forget(2); _ = queue.backOff(of: 2, at: .zero) }
    queue.forget(2)
    #expect(queue.backOff(of: 2, at: .zero) == .milliseconds(400))
  }
}
