/// Which case a trial belongs to: one system, one workload, one point of its sweep.
public struct CaseKey: Hashable, Codable, Sendable, Comparable, CustomStringConvertible {
  /// The system's name in the scenario.
  public var system: String
  /// The workload's name in the scenario.
  public var workload: String
  /// The point of the sweep as `name=value`, in the scenario's order; empty without a sweep.
  public var point: [String]

  /// Names a case.
  public init(system: String, workload: String, point: [String] = []) {
    self.system = system
    self.workload = workload
    self.point = point
  }

  /// `system/workload` or `system/workload/name=value,name=value`.
  public var description: String {
    ([system, workload] + (point.isEmpty ? [] : [point.joined(separator: ",")]))
      .joined(separator: "/")
  }

  /// Orders by name.
  public static func < (left: CaseKey, right: CaseKey) -> Bool {
    left.description < right.description
  }
}
