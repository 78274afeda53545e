internal import Dispatch
public import Measure
internal import Synchronization

/// How fast the processors are, all at once.
///
/// What a virtual machine's host does beside it shares caches and cores with it, and no counter in
/// the guest shows that. Here each processor follows pointers through a table that fits no
/// first-level cache, with a little arithmetic and a branch at each, as a server's code does.
public struct ProcessorProbe: Hashable, Codable, Sendable {
  /// Processors that worked at once.
  public var processors: Int
  /// Time of each 1000 steps, of all processors.
  public var thousandSteps: LatencyDistribution

  enum CodingKeys: String, CodingKey {
    case processors
    case thousandSteps = "thousandStepsNs"
  }

  /// 512 KiB.
  private static let places = 1 << 17

  /// Keeps so many processors busy for a while.
  static func measure(processors: Int, for span: Nanoseconds) -> ProcessorProbe {
    // One cycle through all places (Sattolo's algorithm): no step ever repeats early.
    var table = Array(0..<UInt32(places))
    var random = SeededRandom(seed: 1)
    for place in (1..<places).reversed() {
      table.swapAt(place, Int(random.below(UInt64(place))))
    }
    let steps = table
    let all = Mutex(LatencyDistribution())
    DispatchQueue.concurrentPerform(iterations: processors) { number in
      let seen = follow(steps, from: UInt32(number), for: span)
      all.withLock { $0.merge(seen) }
    }
    return ProcessorProbe(processors: processors, thousandSteps: all.withLock { $0 })
  }

  private static func follow(
    _ steps: [UInt32], from first: UInt32, for span: Nanoseconds
  ) -> LatencyDistribution {
    var histogram = LatencyHistogram()
    var (place, odd) = (first, UInt64(0))
    var begun = MonotonicClock.now()
    let end = begun + span
    while begun < end {
      for _ in 0..<1000 {
        place = steps[Int(place)]
        odd = place & 1 == 1 ? odd &* 0x9E37_79B9 &+ 1 : odd ^ UInt64(place)
      }
      let ended = MonotonicClock.now()
      // `odd` is looked at, so that it has to be computed; it is never all ones here.
      histogram.record(UInt64((ended - begun).count) + (odd == .max ? 1 : 0))
      begun = ended
    }
    return histogram.snapshot()
  }
}
