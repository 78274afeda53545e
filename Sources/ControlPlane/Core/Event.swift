internal import Simulation

/// One thing that happens in the control plane: 8 bytes.
///
/// `component` handles it; `what` is that component's own kind of event, or one of ``Port``'s, by
/// which components speak with each other. What `lane` and `index` mean, the kind says.
struct Event: BitwiseCopyable, Equatable, Sendable {
  var component: Component
  var what: UInt8
  var lane: UInt16 = 0
  var index: UInt32 = 0
}

/// The parts of the model; each has a folder or a file, and a `handle` for its events.
enum Component: UInt8, Sendable {
  /// Requests on the client's side: client-go's limiter, retries, back-off.
  case client
  case apiServer
  case etcd
  /// Watch caches and what they tell to informers and watchers.
  case watch
  case kubelet
  /// The node-lifecycle controller.
  case lifecycle
  case scheduler
  /// Deployment, replica-set, endpoint and garbage-collector controllers.
  case controller
  case autoscaler
  case provisioning
  /// CoreDNS, Prometheus, Fluent Bit.
  case addOn
  /// The load that the trial puts on: churn, deployments, closed-loop clients.
  case load
  case fault
  /// Samples for the time series.
  case sample
  /// The approver and the signer of kubelets' certificates.
  case certificate
  /// The daemon-set controller.
  case daemonSet
  /// The CPUs that all processes share.
  case machine
}

/// What one component tells another; a component's own kinds stay below these.
enum Port {
  /// To `client`: request `index` wants to be sent.
  static let submit: UInt8 = 0xF0
  /// To `apiServer`: request `index` has arrived at server `lane`.
  static let arrive: UInt8 = 0xF1
  /// To `etcd`: request `index` proposes a write.
  static let propose: UInt8 = 0xF2
  /// To `etcd`: request `index` reads; linearizable if `lane` is 1.
  static let read: UInt8 = 0xF3
  /// To `apiServer`, or to `load` if it asked by itself: etcd has answered request `index`; its
  /// `outcome` says how.
  static let stored: UInt8 = 0xF4
  /// To whoever owns the request's client: request `index` has been answered.
  static let reply: UInt8 = 0xF5
  /// To `watch`: the change `lane` (a `ChangeKind`) of object `index` is committed.
  static let changed: UInt8 = 0xF6
  /// To an informer's component: it learns of change `lane` of object `index`.
  static let observed: UInt8 = 0xF7
  /// To `apiServer`: the client of request `index` waits for it no longer.
  static let cancel: UInt8 = 0xF9
  /// To `apiServer`: a change of resource `lane >> 8` goes from server `lane & 0xFF` to `index`
  /// watchers.
  static let fanOut: UInt8 = 0xFA
  /// To `kubelet`: machine `index` has booted and starts its kubelet; if `lane` is 1 it ran all
  /// the time and reaches the API servers again.
  static let booted: UInt8 = 0xFB
  /// To `provisioning`: machine `index` is wanted as a node (the cluster autoscaler asks).
  static let wanted: UInt8 = 0xFC
  /// To `provisioning`: node `index` has become ready for the first time.
  static let joined: UInt8 = 0xFD
  /// To an informer's component: resource `lane` was listed; all of it is as committed now.
  static let listed: UInt8 = 0xE0
  /// To the other parts of the controller manager: their process leads from now on.
  static let leads: UInt8 = 0xE1
  /// To the same: their process works no longer.
  static let halted: UInt8 = 0xE2
  /// To every component once, at the start.
  static let start: UInt8 = 0xF8
}
