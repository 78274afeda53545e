internal import Measure

/// How undoing a change went.
public enum UndoneChange: Hashable, Sendable {
  /// It is undone; what was done, in words.
  case undone(String)
  /// There was nothing to undo, or somebody else has changed it since; which, in words.
  case notNeeded(String)

  /// What was done or found, in words.
  public var text: String {
    switch self {
    case .undone(let text), .notNeeded(let text): text
    }
  }
}

/// Takes back what an online operation did; throws ``HostError`` where that fails.
public typealias OperationUndo = (OperationChange) throws(HostError) -> UndoneChange

/// Undoes changes: only what still is as Assay made it; done twice, the second time does nothing.
struct ChangeUndo {
  var machine = MachineFiles()
  /// Knows how operations are taken back, as this module does not; nil where nobody does.
  var operation: OperationUndo?
  /// How long the kernel may take to let go of one thing.
  var patience = Nanoseconds.seconds(90)

  func undo(_ change: Change) throws(HostError) -> UndoneChange {
    switch change {
    case .fabricsConnection(let change): try undo(change)
    case .virtualFunctions(let change): try undo(change)
    case .secondaryControllers(let change): try undo(change)
    case .setting(let change): try undo(change)
    case .operation(let change): try undo(change)
    }
  }

  private func undo(_ change: OperationChange) throws(HostError) -> UndoneChange {
    guard let operation else {
      throw HostError(change.text, "is taken back by `assay cleanup` only")
    }
    return try operation(change)
  }

  private func undo(_ change: FabricsConnectionChange) throws(HostError) -> UndoneChange {
    let controllers = FabricsController.all(machine).filter { $0.isOf(change) }
    guard !controllers.isEmpty else { return .notNeeded("not connected any more") }
    for controller in controllers { try controller.delete(within: patience) }
    return .undone("disconnected " + controllers.map(\.name).joined(separator: ", "))
  }

  private func undo(_ change: VirtualFunctionsChange) throws(HostError) -> UndoneChange {
    let folder = VirtualFunctionsChange.folder(change.device)
    guard let count = machine.integer("\(folder)/sriov_numvfs") else {
      return .notNeeded("\(change.device) is gone")
    }
    var done: [String] = []
    if count == change.count, count != change.previousCount {
      // The kernel takes no step from one number to another (drivers/pci/pci-sysfs.c, EBUSY).
      if count != 0 { try write("0", to: "\(folder)/sriov_numvfs") }
      // Functions appear with the probing that was in force when they were made.
      try restoreAutoprobe(change, folder, &done)
      if change.previousCount > 0 {
        try write("\(change.previousCount)", to: "\(folder)/sriov_numvfs")
      }
      for (number, driver) in change.previousOverrides.sorted(by: { $0.key < $1.key }) {
        try write(driver, to: "\(folder)/virtfn\(number)/driver_override")
      }
      done.append("\(change.previousCount) virtual functions on \(change.device) again")
    } else {
      try restoreAutoprobe(change, folder, &done)
    }
    if !done.isEmpty { return .undone(done.joined(separator: ", ")) }
    return .notNeeded("\(change.device) has \(count) virtual functions, which Assay did not set")
  }

  private func undo(_ change: SecondaryControllersChange) throws(HostError) -> UndoneChange {
    let folder = VirtualFunctionsChange.folder(change.device)
    guard let name = machine.names(in: "\(folder)/nvme").first else {
      return .notNeeded("\(change.device) is gone")
    }
    if let count = machine.integer("\(folder)/sriov_numvfs"), count > 0 {
      return .notNeeded(
        "\(change.device) has \(count) virtual functions, which Assay did not set")
    }
    let changed = try NVMeAdmin(path: "\(machine.root)/dev/\(name)").restore(change.previous)
    guard changed > 0 else {
      return .notNeeded("resources of the functions of \(change.device) are as they were")
    }
    return .undone("resources of \(changed) functions of \(change.device) are as they were")
  }

  private func restoreAutoprobe(
    _ change: VirtualFunctionsChange, _ folder: String, _ done: inout [String]
  ) throws(HostError) {
    let path = "\(folder)/sriov_drivers_autoprobe"
    guard let previous = change.previousAutoprobe, let set = change.autoprobe, previous != set,
      machine.integer(path) == (set ? 1 : 0)
    else { return }
    try write(previous ? "1" : "0", to: path)
    done.append("sriov_drivers_autoprobe is \(previous ? 1 : 0) again")
  }

  private func undo(_ change: SettingChange) throws(HostError) -> UndoneChange {
    guard SettingChange.isSetting(change.path) else {
      throw HostError(change.path, "is no setting of the kernel", remedy: "remove the entry")
    }
    guard let now = SettingChange.current(change.path, machine) else {
      return .notNeeded("\(change.path) is gone")
    }
    guard now != change.previous else { return .notNeeded("\(change.path) is as it was") }
    guard now == change.value else {
      return .notNeeded("\(change.path) is \"\(now)\", which Assay did not set")
    }
    try write(change.previous, to: change.path)
    return .undone("\(change.path) is \"\(change.previous)\" again")
  }

  private func write(_ text: String, to path: String) throws(HostError) {
    try machine.write(text, to: path, within: patience)
  }
}
