internal import Measure

/// What a virtual function turned out to be.
public struct VirtualFunctionFacts: Hashable, Codable, Sendable {
  /// Its number, from 1.
  public var number: Int
  /// How many were made.
  public var functions: Int
  /// PCI address (`0000:17:00.1`).
  public var address: String
  /// Kernel name of its controller (`nvme1`).
  public var controller: String
  /// Virtual queues granted, the admin queue among them; nil where they are fixed.
  public var virtualQueues: Int?
  /// Virtual interrupts granted; nil where they are fixed.
  public var virtualInterrupts: Int?
  /// I/O queues that the kernel has set up; nil where sysfs does not tell.
  public var queues: Int?
  /// What the controller says of itself.
  public var identity: NVMeIdentity
  /// PCI address of the physical function.
  public var parentAddress: String
  /// Kernel name of the physical function's controller.
  public var parentController: String
  /// What that one says of itself.
  public var parentIdentity: NVMeIdentity
  /// The block device (`/dev/nvme1n1`).
  public var device: String
  /// The namespace behind it.
  public var namespace: UInt32
  /// Whether the device is the head of native multipath, with this function as its only path.
  public var isMultipathHead: Bool
  /// Other block devices of the same namespace (`/dev/nvme0n1`): what is written here changes them.
  public var twins: [String]
  /// NUMA node; nil where it has none.
  public var numaNode: Int?

  init(
    _ place: VirtualFunctionPlace, parent: PhysicalFunction, parentIdentity: NVMeIdentity,
    address: String, controller: String, disk: FunctionDisk, granted: SecondaryController?
  ) throws(HostError) {
    let machine = parent.machine
    let integer = { (file: String) in
      machine.integer("/sys/class/nvme/\(controller)/\(file)").flatMap { Int(exactly: $0) }
    }
    number = place.number
    functions = place.functions
    self.address = address
    self.controller = controller
    virtualQueues = granted.map { Int($0.queues) }
    virtualInterrupts = granted.map { Int($0.interrupts) }
    queues = integer("queue_count").map { $0 - 1 }
    identity = try NVMeIdentity.read("/dev/\(controller)")
    parentAddress = parent.address
    parentController = parent.controller
    self.parentIdentity = parentIdentity
    device = "/dev/\(disk.name)"
    namespace = place.namespace
    isMultipathHead = disk.isHead
    twins = Self.twins(of: disk.name, machine)
    numaNode = integer("numa_node").flatMap { $0 >= 0 ? $0 : nil }
  }

  /// Block devices that carry the same world-wide identifier.
  static func twins(of disk: String, _ machine: MachineFiles) -> [String] {
    guard let identifier = machine.value("/sys/block/\(disk)/wwid") else { return [] }
    return machine.names(in: "/sys/block").filter { name in
      name != disk && FabricsController.isBlockDevice(name)
        && machine.value("/sys/block/\(name)/wwid") == identifier
    }.map { "/dev/\($0)" }
  }
}

/// How many commands went by each controller of a device with virtual functions.
///
///     let before = FunctionTraffic.current(of: facts)
///     … measure …
///     let moved = FunctionTraffic.current(of: facts).since(before)
public struct FunctionTraffic: Hashable, Codable, Sendable {
  /// One controller's.
  public struct Count: Hashable, Codable, Sendable {
    /// Kernel name (`nvme1`).
    public var controller: String
    /// PCI address of the function.
    public var address: String
    /// I/Os that the block layer completed by it (/sys/block/…/stat).
    public var blockIOs: Int64
    /// Interrupts of its I/O queues (/proc/interrupts); polled queues have none, and one interrupt
    /// may tell of several commands.
    public var interrupts: Int64
  }

  /// The physical function first.
  public var counts: [Count]

  /// Reads the counters now: of the physical function and all functions that have a controller.
  public static func current(of facts: VirtualFunctionFacts) -> FunctionTraffic {
    current(parent: facts.parentAddress, MachineFiles())
  }

  static func current(parent: String, _ machine: MachineFiles) -> FunctionTraffic {
    let folder = VirtualFunctionsChange.folder(parent)
    let numbers = machine.names(in: folder).filter { $0.hasPrefix("virtfn") }
      .compactMap { Int($0.dropFirst(6)) }.sorted()
    let addresses = [parent] + numbers.compactMap { machine.linkName("\(folder)/virtfn\($0)") }
    let interrupts = interrupts(machine.text("/proc/interrupts") ?? "")
    return FunctionTraffic(
      counts: addresses.compactMap { address in
        let device = VirtualFunctionsChange.folder(address)
        return machine.names(in: "\(device)/nvme").first.map { name in
          Count(
            controller: name, address: address, blockIOs: blockIOs(of: name, machine),
            interrupts: interrupts[name] ?? 0)
        }
      })
  }

  /// What was counted since an earlier reading.
  public func since(_ before: FunctionTraffic) -> FunctionTraffic {
    FunctionTraffic(
      counts: counts.map { now in
        let then = before.counts.first { $0.address == now.address }
        var moved = now
        moved.blockIOs -= then?.blockIOs ?? 0
        moved.interrupts -= then?.interrupts ?? 0
        return moved
      })
  }

  /// The share of what was counted that went by a controller, as a sentence of a disclosure.
  public func text(for controller: String) -> String {
    let words = { (path: KeyPath<Count, Int64>, name: String) -> String in
      let all = counts.reduce(0) { $0 + $1[keyPath: path] }
      let own: Int64 = counts.first { $0.controller == controller }?[keyPath: path] ?? 0
      return "\(own) of \(all) \(name)"
    }
    return "\(controller) took " + words(\.blockIOs, "block I/Os") + " and "
      + words(\.interrupts, "interrupts") + " of the device's functions"
  }

  /// Reads and writes, discards and flushes of all disks and hidden paths of a controller.
  private static func blockIOs(of controller: String, _ machine: MachineFiles) -> Int64 {
    let folder = "/sys/class/nvme/\(controller)"
    let disks = machine.names(in: folder).filter {
      $0.wholeMatch(of: #/nvme\d+(c\d+)?n\d+/#) != nil
    }
    return disks.reduce(0) { sum, name in
      guard let line = machine.text("\(folder)/\(name)/stat"),
        let count = DiskStatistics(parsing: line)
      else { return sum }
      return sum + count.readIOs + count.writeIOs + (count.discardIOs ?? 0) + (count.flushIOs ?? 0)
    }
  }

  /// Interrupts of I/O queues by controller: lines of /proc/interrupts end with `nvme1q2`; queue 0
  /// is the admin queue.
  static func interrupts(_ table: String) -> [String: Int64] {
    var sums: [String: Int64] = [:]
    for line in table.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard let name = fields.last?.wholeMatch(of: #/(nvme\d+)q([1-9]\d*)/#) else { continue }
      let counts = fields.dropFirst().prefix { $0.allSatisfy(\.isNumber) }
      sums[String(name.1), default: 0] += counts.reduce(0) { $0 + (Int64($1) ?? 0) }
    }
    return sums
  }
}
