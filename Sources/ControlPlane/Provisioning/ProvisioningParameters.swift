public import Measure

/// How machines are made nodes: in what steps, and what each goes through.
public struct ProvisioningParameters: Hashable, Codable, Sendable {
  /// How an operating system gets onto a machine.
  public enum Path: String, Hashable, Codable, CaseIterable, Sendable {
    /// Machines are there at once, booted.
    case none
    /// Ironic with local disks: PXE, the whole image over the network, written, two boots.
    case ironic
    /// A DPU's cloud disk: a clone of a snapshot, attached, one boot.
    case dpu
  }

  /// How.
  public var path = Path.none
  /// How many machines are begun at once; the next when all of them are ready or given up.
  /// Zero is all.
  public var step = 0
  /// The time between a step's end and the next step.
  public var pause = Nanoseconds.zero

  /// Machines that are there at once, all at the same time.
  public init() {}
}
