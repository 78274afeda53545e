internal import Glibc
internal import Measure

/// The virtual functions of an NVMe controller, made for a run and taken away after it.
///
///     let functions = try VirtualFunctions.make(place)
///     defer { try? functions.remove() }
///     let facts = try functions.use(place)
///     … use facts.device …
///     try functions.remove()
///
/// What is changed is written down in the journal before: the number of functions, their probing,
/// and what the controllers behind them had. Functions that are there already are somebody's, and
/// are refused. The host's own use needs no IOMMU.
public final class VirtualFunctions {
  private let parent: PhysicalFunction
  private let place: VirtualFunctionPlace
  private let identity: NVMeIdentity
  /// Newest last; undone in the other order.
  private var entries: [ChangeEntry] = []
  private var granted: [Int: SecondaryController] = [:]

  /// The kernel's bound on what it does for one of them.
  private static let patience = Nanoseconds.seconds(30)

  private init(_ parent: PhysicalFunction, _ place: VirtualFunctionPlace) throws(HostError) {
    self.parent = parent
    self.place = place
    identity = try NVMeIdentity.read("/dev/\(parent.controller)")
  }

  deinit { try? remove() }

  /// PCI address of the physical function.
  public var address: String { parent.address }

  /// What was changed, in words.
  public var text: String { "made \(place.functions) virtual functions of \(parent.address)" }

  /// PCI address of the physical function that a place means.
  ///
  /// Throws ``HostError`` where there is none.
  public static func parent(of place: VirtualFunctionPlace) throws(HostError) -> String {
    try PhysicalFunction(place.parent).address
  }

  /// Makes the functions, gives each its resources and brings it online; none has a driver yet.
  ///
  /// Needs root. Throws ``HostError`` with what is in the way; then all is as it was.
  public static func make(
    _ place: VirtualFunctionPlace, journal: ChangeJournal = .ofMachine
  ) throws(HostError) -> VirtualFunctions {
    let parent = try PhysicalFunction(place.parent)
    try parent.requireRoom(for: place.functions)
    let functions = try VirtualFunctions(parent, place)
    do throws(HostError) {
      try functions.make(journal)
    } catch {
      try? functions.remove()
      throw error
    }
    return functions
  }

  /// Gives a function to the kernel's driver and waits until its namespace can be used.
  ///
  /// Throws ``HostError`` where it cannot be bound, does not come up, or its I/O would take another
  /// way; what was made stays until ``remove()``.
  public func use(_ place: VirtualFunctionPlace) throws(HostError) -> VirtualFunctionFacts {
    guard place.goes(with: self.place) else {
      throw HostError(
        place.text, "another system asks for \(self.place.functions) functions of the same device",
        remedy: "give both the same functions, queues and interrupts")
    }
    guard let address = parent.function(place.number) else {
      throw HostError(place.text, "is not there", remedy: "`dmesg` may tell why")
    }
    let log = KernelLog()
    let controller = try bind(address, place, log)
    let disk = try disk(of: controller, place)
    return try VirtualFunctionFacts(
      place, parent: parent, parentIdentity: identity, address: address, controller: controller,
      disk: disk, granted: granted[place.number])
  }

  /// Takes the functions away and gives everything back as it was; a second call does nothing.
  ///
  /// Throws ``HostError`` where that fails; the journal keeps it.
  public func remove() throws(HostError) {
    while let entry = entries.last {
      try entry.undo()
      entries.removeLast()
    }
  }

  // MARK: Steps

  private func make(_ journal: ChangeJournal) throws(HostError) {
    let machine = parent.machine
    let admin = try NVMeAdmin(path: "/dev/\(parent.controller)")
    let manages = try admin.managesSecondaryControllers()
    let behind =
      try manages
      ? admin.secondaryControllers().filter { (1...place.functions).contains($0.function) } : []
    if !behind.isEmpty {
      // Written down first, so that it is undone last: with the functions gone.
      let change = SecondaryControllersChange(device: parent.address, previous: behind)
      entries.append(try journal.begin(.secondaryControllers(change)))
    }
    let change = try VirtualFunctionsChange(
      device: parent.address, count: place.functions, autoprobe: false)
    entries.append(try journal.begin(.virtualFunctions(change)))
    try machine.write(
      "0", to: "\(parent.folder)/sriov_drivers_autoprobe", within: Self.patience)
    try machine.write(
      "\(place.functions)", to: "\(parent.folder)/sriov_numvfs", within: Self.patience)
    guard manages else {
      if place.queues != nil || place.interrupts != nil {
        throw HostError(
          parent.address, "does not let its functions' resources be set",
          remedy: "leave out queues and interrupts")
      }
      return
    }
    let supply = try admin.flexibleResources(of: UInt16(clamping: identity.controllerID))
    for controller in behind { try furnish(controller, admin, supply) }
    for controller in try admin.secondaryControllers() { granted[controller.function] = controller }
  }

  /// Assigns the resources of a function, which takes effect with its reset, and brings it online.
  private func furnish(
    _ controller: SecondaryController, _ admin: borrowing NVMeAdmin, _ supply: FlexibleResources
  ) throws(HostError) {
    // The admin queue is one of the virtual queues.
    let queues =
      place.queues.map { $0 + 1 }
      ?? supply.queues.map { min($0.share(of: place.functions), parent.machine.cpus.count + 1) }
    let interrupts =
      place.interrupts
      ?? supply.interrupts.map { min($0.share(of: place.functions), queues ?? .max) }
    if controller.isOnline { try admin.takeOffline(controller.number) }
    do throws(HostError) {
      if let queues {
        try admin.assign(UInt16(clamping: queues), .queues, to: controller.number)
      }
      if let interrupts {
        try admin.assign(UInt16(clamping: interrupts), .interrupts, to: controller.number)
      }
    } catch {
      throw HostError(
        error.place, error.problem,
        remedy: supply.text + "; give fewer functions, queues or interrupts")
    }
    if let address = parent.function(controller.function) {
      let path = "/sys/bus/pci/devices/\(address)/reset"
      if parent.machine.exists(path) {
        try parent.machine.write("1", to: path, within: Self.patience)
      }
    }
    try admin.bringOnline(controller.number)
  }

  /// Binds the driver, and gives the controller's name when it is live.
  private func bind(
    _ address: String, _ place: VirtualFunctionPlace, _ log: borrowing KernelLog
  ) throws(HostError) -> String {
    let machine = parent.machine
    let folder = "/sys/bus/pci/devices/\(address)"
    // Bound before, for another namespace of it.
    if let name = machine.names(in: "\(folder)/nvme").first { return name }
    // Without it the driver is refused to a function that was made without probing (ENODEV).
    try machine.write("nvme", to: "\(folder)/driver_override", within: Self.patience)
    do throws(HostError) {
      try machine.write(address, to: "/sys/bus/pci/drivers/nvme/bind", within: Self.patience)
    } catch {
      throw HostError(
        place.text, "\(address) cannot be bound to the driver: \(error.problem)",
        remedy: Self.words(of: log))
    }
    var name: String?
    let isLive = Patience.poll(for: Self.patience) {
      name = machine.names(in: "\(folder)/nvme").first
      return name.map { machine.value("/sys/class/nvme/\($0)/state") == "live" } ?? false
    }
    guard let name, isLive else {
      let state = name.flatMap { machine.value("/sys/class/nvme/\($0)/state") } ?? "gone"
      throw HostError(
        place.text, "its controller is \(state) after \(Int(Self.patience.inSeconds)) s",
        remedy: Self.words(of: log))
    }
    return name
  }

  private static func words(of log: borrowing KernelLog) -> String {
    let lines = log.linesOfInitiator().suffix(3)
    return lines.isEmpty
      ? "`dmesg` may tell why" : "the kernel says: " + lines.joined(separator: "; ")
  }

  /// The block device whose I/O goes by this controller and no other.
  private func disk(
    of controller: String, _ place: VirtualFunctionPlace
  ) throws(HostError) -> FunctionDisk {
    let active = try NVMeAdmin(path: "/dev/\(controller)").activeNamespaces()
    guard active.contains(place.namespace) else {
      let list = active.prefix(8).map { String($0) }.joined(separator: ", ")
      throw HostError(
        place.text, "has no namespace \(place.namespace)",
        remedy: active.isEmpty
          ? "it has none at all: attach one to its controller (`nvme attach-ns`)" : "it has \(list)"
      )
    }
    var disk: FunctionDisk?
    let isThere = Patience.poll(for: Self.patience) {
      disk = FunctionDisk(of: controller, namespace: place.namespace, parent.machine)
      return disk.map { Files.exists("/dev/\($0.name)") } ?? false
    }
    guard let disk, isThere else {
      throw HostError(
        place.text, "no block device came of namespace \(place.namespace)",
        remedy: "`dmesg` tells why")
    }
    guard disk.others.isEmpty else {
      throw HostError(
        place.text,
        "its namespace is /dev/\(disk.name), and so it is to \(disk.others.joined(separator: ", ")): "
          + "the kernel's multipath chooses which of them takes an I/O",
        remedy: "boot with nvme_core.multipath=N, which gives each function a block device of its "
          + "own, or attach a namespace to this function alone")
    }
    return disk
  }
}
