internal import Measure
internal import Simulation

/// Time series: what is read from all components every `sampling` of the load.
///
/// From one interval after the end of the warm-up on. A long trial is sampled more rarely, so that
/// there are at most `mostSamples`.
struct Sampler: ~Copyable {
  /// The one kind of event of its own.
  static let take: UInt8 = 0
  private static let mostSamples: Int64 = 10_000

  let interval: Nanoseconds
  var sheet = SampleSheet()
  init(_ world: borrowing World) {
    let load = world.load
    let least = (load.duration.count + Self.mostSamples - 1) / Self.mostSamples
    let wanted = max(1, load.sampling.count)
    interval = Nanoseconds(wanted * max(1, (least + wanted - 1) / wanted))
  }
}

extension Cluster {
  /// Takes a sample and schedules the next.
  mutating func sample(_ event: Event, _ loop: inout Loop) {
    if event.what == Port.start {
      world.noteStart(at: loop.now)
      return loop.schedule(
        Event(component: .sample, what: Sampler.take), after: world.load.warmUp + sampler.interval)
    }
    loop.schedule(event, after: sampler.interval)
    noteAvailability(at: loop.now)
    // Out of the cluster while it looks at all of it.
    var sheet = SampleSheet()
    swap(&sheet, &sampler.sheet)
    sheet.take(self, at: loop.now)
    swap(&sheet, &sampler.sheet)
  }
}
