internal import Measure
internal import Simulation

/// The watch caches, and who is told of which change.
struct Watches: ~Copyable {
  /// To `watch`: the place of pod `index`, long gone, can be used again.
  static let retire: UInt8 = 0
  /// How long a pod that is gone keeps its place: longer than any news of it travels.
  static let retention = Nanoseconds.seconds(300)

  private let latency: Distribution
  private var stream: RandomStream

  init(_ world: inout World) {
    latency = world.model.apiServer.watchLatency.distribution
    stream = world.stream(.watch)
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.changed:
      guard let change = ChangeKind(rawValue: event.lane) else { return }
      for component in Self.informers(of: change) {
        loop.schedule(
          Event(
            component: component, what: Port.observed, lane: event.lane, index: event.index),
          after: latency.draw(&stream))
      }
    case Self.retire: world.pods.remove(event.index)
    default: break
    }
  }

  /// Who has an informer for it.
  private static func informers(of change: ChangeKind) -> Interested {
    switch change {
    case .nodeAdded, .nodeStatus, .nodeTaints, .nodeGone: [.scheduler, .lifecycle]
    case .podCreated: [.scheduler, .controller]
    case .podBound: [.kubelet, .scheduler]
    case .podReady, .podFailed: [.controller]
    case .podDeleting: [.kubelet, .controller]
    case .podGone: [.scheduler, .controller]
    case .workloadChanged, .replicaSetChanged: [.controller]
    case .podRunning, .lease, .endpoints, .event, .configuration, .other: []
    }
  }

  /// A few components, without memory of their own.
  private struct Interested: Sequence, IteratorProtocol, ExpressibleByArrayLiteral {
    private var bits: UInt32 = 0

    init(arrayLiteral components: Component...) {
      for component in components { bits |= 1 << UInt32(component.rawValue) }
    }

    mutating func next() -> Component? {
      guard bits != 0 else { return nil }
      let lowest = UInt8(bits.trailingZeroBitCount)
      bits &= bits - 1
      return Component(rawValue: lowest)
    }
  }
}
