/// Resources of the controllers behind an NVMe device's virtual functions, which the controller
/// keeps when the functions are gone.
public struct SecondaryControllersChange: Hashable, Codable, Sendable {
  /// What one of them had.
  public struct Resources: Hashable, Codable, Sendable {
    /// Number of the controller in its subsystem.
    public var controller: UInt16
    /// Flexible queues, the admin queue among them.
    public var queues: UInt16
    /// Flexible interrupts.
    public var interrupts: UInt16
  }

  /// Domain, bus, device, function of the physical function: `0000:17:00.0`.
  public var device: String
  /// What the controllers had before.
  public var previous: [Resources]

  init(device: String, previous: [SecondaryController]) {
    self.device = device
    self.previous = previous.map {
      Resources(controller: $0.number, queues: $0.queues, interrupts: $0.interrupts)
    }
  }

  var text: String {
    "resources of \(previous.count) controllers behind virtual functions of \(device)"
  }

  var byHand: String {
    let node = "/dev/$(ls \(VirtualFunctionsChange.folder(device))/nvme)"
    return previous.flatMap { old in
      [(0, old.queues), (1, old.interrupts)].map { kind, count in
        "nvme virt-mgmt \(node) -c \(old.controller) -r \(kind) -n \(count) -a 8"
      }
    }.joined(separator: "; ")
  }
}
