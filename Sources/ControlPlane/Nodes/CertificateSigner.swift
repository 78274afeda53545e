internal import Measure
internal import Simulation

/// The controllers `csrapproving` and `csrsigning`: they let kubelets have their certificates.
///
/// Each has a client of its own. For a request the approver asks whether its user may have a
/// node's certificate (a SubjectAccessReview, which is not stored), then writes its approval; the
/// signer writes the certificate (pkg/controller/certificates).
struct CertificateSigner: ~Copyable {
  private enum Kind { static let again: UInt8 = 0 }

  private let approver: UInt32
  private let signer: UInt32

  init(_ world: inout World) {
    let parameters = world.model.controllers
    let client = Client(owner: .certificate, identity: .kubeControllerManager, attempts: 5)
    approver = world.add(client, rate: parameters.qps, burst: parameters.burst)
    signer = world.add(client, rate: parameters.qps, burst: parameters.burst)
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.observed, Kind.again: proceed(with: event.index, &world, &loop)
    case Port.reply: answered(event.index, &world, &loop)
    default: break
    }
  }

  /// Takes the next step of a node's request.
  private func proceed(with node: UInt32, _ world: inout World, _ loop: inout Loop) {
    switch world.nodes[Int(node)].certificate {
    case .none: break
    case .requested:
      world.submit(
        Request(.get, .certificateSigningRequest, client: approver, object: node), in: &loop)
    case .approved: write(.issued, of: node, by: signer, &world, &loop)
    case .issued:
      loop.schedule(now: Event(component: .kubelet, what: Kubelets.certified, index: node))
    }
  }

  private func write(
    _ state: CertificateState, of node: UInt32, by client: UInt32, _ world: inout World,
    _ loop: inout Loop
  ) {
    var request = Request(.update, .certificateSigningRequest, client: client, object: node)
    request.argument = UInt32(state.rawValue)
    request.bytes = 2_000
    world.submit(request, in: &loop)
  }

  private func answered(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let request = world.finish(place)
    guard request.outcome == .ok else {
      return loop.schedule(
        Event(component: .certificate, what: Kind.again, index: request.object),
        after: .seconds(1))
    }
    guard request.verb == .get else { return }
    write(.approved, of: request.object, by: approver, &world, &loop)
  }
}
