internal import Measure

/// One execution of an experiment: its number and the seed from which all its randomness comes.
public struct Replication: Hashable, Codable, Sendable {
  /// Its place among the replications of the experiment, from 0.
  public let number: Int
  /// What its random streams start from.
  public let seed: UInt64
}

/// A replication that failed, and why.
public struct ReplicationFailure: Error, CustomStringConvertible {
  /// The one that failed: its seed alone brings the failure back.
  public let replication: Replication
  /// The place of its point among those of the sweep, from 0; nil where there is one point alone.
  public let point: Int?
  /// What its body threw.
  public let reason: any Error

  /// The number, the seed and the reason.
  public var description: String {
    let place = point.map { " of point \($0)" } ?? ""
    return "replication \(replication.number)\(place) (seed \(replication.seed)) failed: \(reason)"
  }
}

/// Independent executions of one simulation, several at once, in an order that nothing can change.
///
/// What a replication observes depends on its seed only, and results stand in order of number:
/// the same seed gives the same results on any number of threads. Replications of the same number
/// share their seed at all points of a sweep, so that differences between points are not those of
/// chance (common random numbers; Law, Simulation Modeling and Analysis, 5th ed. 2015, section
/// 11.2).
///
/// A body keeps its thread of the pool to itself until it ends. With one for each core, other tasks
/// of the process go on only as replications end: what must answer at once needs its own thread.
public struct Replications: Hashable, Sendable {
  /// The seed of the experiment.
  public let seed: UInt64
  /// How many replications run at once, at most: one for each core is right.
  public let atOnce: Int

  /// Plans replications from `seed`; traps unless `atOnce` >= 1.
  public init(seed: UInt64, atOnce: Int) {
    precondition(atOnce >= 1, "at least one replication runs at once")
    self.seed = seed
    self.atOnce = atOnce
  }

  /// The replication of a number: number n has the seed at place n of SplitMix64's sequence.
  ///
  /// Seeds of different numbers differ, since SplitMix64 is a bijection of its counter. O(1);
  /// traps unless number >= 0.
  public func replication(_ number: Int) -> Replication {
    precondition(number >= 0, "replications are counted from 0")
    let start = SplitMix64.scrambled(seed ^ 0x6A09_E667_F3BC_C908)
    let state = start &+ (UInt64(number) &+ 1) &* 0x9E37_79B9_7F4A_7C15
    return Replication(number: number, seed: SplitMix64.scrambled(state))
  }

  /// Replications whose seeds have nothing to do with these: another arm without common numbers.
  public func independent(arm: UInt32) -> Replications {
    Replications(
      seed: SplitMix64.scrambled(seed ^ SplitMix64.scrambled(UInt64(arm) | 1 << 32)),
      atOnce: atOnce)
  }

  /// Runs `body` for each of the numbers and returns what it observes, in their order.
  ///
  /// `body` makes a simulator of its own from the replication's seed; it may ask
  /// `Task.isCancelled` now and then. `progress` is told how many have ended. Throws
  /// ``ReplicationFailure`` of the least number that failed; no further one is started then. Throws
  /// `CancellationError` if the task is cancelled.
  public func run<Observation: Sendable>(
    _ numbers: Range<Int>, progress: @Sendable (Int) -> Void = { _ in },
    body: @escaping @Sendable (Replication) throws -> Observation
  ) async throws -> [Observation] {
    try await inOrder(numbers.count, progress: progress) { place in
      let replication = replication(numbers.lowerBound + place)
      do {
        return try body(replication)
      } catch let error where !(error is CancellationError) {
        throw ReplicationFailure(replication: replication, point: nil, reason: error)
      }
    }
  }

  /// Runs `body` `count` times at each of the points and returns its observations point by point.
  ///
  /// All points share the seeds of their replications. Progress and errors as
  /// ``run(_:progress:body:)``, where the least is the first in order of points and then numbers.
  public func run<Point: Sendable, Observation: Sendable>(
    at points: [Point], count: Int, progress: @Sendable (Int) -> Void = { _ in },
    body: @escaping @Sendable (Point, Replication) throws -> Observation
  ) async throws -> [[Observation]] {
    precondition(count >= 1, "at least one replication a point")
    let all = try await inOrder(points.count * count, progress: progress) { place in
      let replication = replication(place % count)
      do {
        return try body(points[place / count], replication)
      } catch let error where !(error is CancellationError) {
        throw ReplicationFailure(replication: replication, point: place / count, reason: error)
      }
    }
    return points.indices.map { Array(all[($0 * count)..<(($0 + 1) * count)]) }
  }

  /// Runs `body` for the places below `count`, at most `atOnce` at once, begun in their order.
  ///
  /// After a failure those under way are waited for rather than cancelled: only then is the least
  /// failing place the same on any number of threads.
  private func inOrder<Observation: Sendable>(
    _ count: Int, progress: @Sendable (Int) -> Void,
    body: @escaping @Sendable (Int) throws -> Observation
  ) async throws -> [Observation] {
    try await withThrowingTaskGroup(of: Ended<Observation>.self) { group in
      var observations = [Observation?](repeating: nil, count: count)
      var failure: (place: Int, error: any Error)?
      var begun = 0
      var ended = 0
      while ended < count {
        while begun < count, begun - ended < atOnce, failure == nil, !Task.isCancelled {
          let place = begun
          group.addTask { Ended(place: place, result: Result { try body(place) }) }
          begun += 1
        }
        guard let one = try await group.next() else { break }
        ended += 1
        switch one.result {
        case .success(let observation): observations[one.place] = observation
        case .failure(let error):
          if failure.map({ one.place < $0.place }) ?? true { failure = (one.place, error) }
        }
        progress(ended)
      }
      try Task.checkCancellation()
      if let failure { throw failure.error }
      return observations.compactMap(\.self)
    }
  }

  /// What a replication left.
  private struct Ended<Observation: Sendable>: Sendable {
    let place: Int
    let result: Result<Observation, any Error>
  }
}
