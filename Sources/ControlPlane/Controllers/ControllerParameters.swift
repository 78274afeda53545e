public import Measure

/// The controller manager and the scheduler.
public struct ControllerParameters: Hashable, Codable, Sendable {
  /// `--kube-api-qps` of kube-controller-manager.
  public var controllerQPS = Rate(perSecond: 20)
  /// `--kube-api-burst` of kube-controller-manager.
  public var controllerBurst = 30

  /// The defaults.
  public init() {}
}
