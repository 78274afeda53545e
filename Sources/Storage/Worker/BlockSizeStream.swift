internal import Measure

/// Sizes of a job's I/Os, drawn from a workload's block sizes.
struct BlockSizeStream {
  private let fixed: Int
  private let step: Int
  private let steps: UInt64
  private let thresholds: [(limit: Double, size: Int)]

  init(_ sizes: StorageWorkload.BlockSizes) {
    switch sizes {
    case .fixed(let size):
      (fixed, step, steps, thresholds) = (Int(size.count), 0, 0, [])
    case .range(let from, let to):
      (fixed, step, thresholds) = (0, Int(from.count), [])
      steps = UInt64(to.count / from.count)
    case .split(let weighted):
      (fixed, step, steps) = (0, 0, 0)
      let total = weighted.reduce(0) { $0 + $1.weight }
      var sum = 0.0
      thresholds = weighted.map { entry in
        sum += entry.weight / total
        return (sum, Int(entry.size.count))
      }
    }
  }

  /// The next size, bytes.
  @inline(__always)
  func next(_ random: inout SeededRandom) -> Int {
    fixed != 0 ? fixed : draw(&random)
  }

  @inline(never)
  private func draw(_ random: inout SeededRandom) -> Int {
    if step != 0 { return step * Int(random.below(steps) + 1) }
    let draw = random.unit()
    for (limit, size) in thresholds where draw < limit { return size }
    return thresholds[thresholds.count - 1].size
  }
}
