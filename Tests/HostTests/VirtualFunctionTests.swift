import CLinux
import Foundation
import Glibc
import Measure
import TestSupport
import Testing

@testable import Host

@Suite struct VirtualFunctionTests {
  private let tree: MachineTree

  private static let parent = "0000:17:00.0"
  private static let folder = "/sys/bus/pci/devices/0000:17:00.0"

  init() throws { tree = try MachineTree() }

  private static func put(_ value: Int, _ size: Int, at offset: Int, in data: inout [UInt8]) {
    for index in 0..<size { data[offset + index] = UInt8(truncatingIfNeeded: value >> (index * 8)) }
  }

  /// An NVMe controller on PCI with SR-IOV.
  private func writeController(
    _ name: String = "nvme0", at address: String = parent, serial: String = "S1",
    most: Int? = 4, driver: String = "nvme"
  ) throws {
    var files: [String: String] = [:]
    if let most {
      files = ["sriov_totalvfs": "\(most)", "sriov_numvfs": "0", "sriov_drivers_autoprobe": "1"]
    }
    try tree.writeDevice(
      address, "1b36:0010", classCode: "0x010802", driver: driver, files: files)
    guard driver == "nvme" else { return }
    let device = "/sys/bus/pci/devices/\(address)"
    try tree.write("\(device)/nvme/\(name)/serial", serial + "\n")
    try tree.write("\(device)/nvme/\(name)/transport", "pcie\n")
    try tree.link("/sys/class/nvme/\(name)", to: "\(device)/nvme/\(name)")
    try tree.link("\(device)/nvme/\(name)/device", to: device)
  }

  private func find(_ name: String) throws(HostError) -> PhysicalFunction {
    try PhysicalFunction(name, tree.machine)
  }

  // MARK: Finding

  @Test(arguments: ["17:00.0", "0000:17:00.0", "/dev/nvme0", "S1"])
  func aControllerIsFoundByWhatNamesIt(name: String) throws {
    try writeController()
    try writeController("nvme1", at: "0000:18:00.0", serial: "S2")
    let found = try find(name)
    #expect(found.address == Self.parent && found.controller == "nvme0" && found.most == 4)
    #expect(throws: Never.self) { try found.requireRoom(for: 4) }
  }

  @Test func whatIsNoControllerIsTold() throws {
    try writeController()
    try writeController("nvme1", at: "0000:18:00.0", serial: "twice")
    try writeController("nvme2", at: "0000:19:00.0", serial: "twice")
    try writeController(at: "0000:20:00.0", driver: "vfio-pci")
    for (name, words) in [
      ("99:00.0", "is no PCI device of this machine"), ("/dev/nvme7", "is no NVMe controller"),
      ("/dev/nvme0n1", "is not a controller"), ("S9", "of no NVMe controller"),
      ("twice", "of nvme1 and nvme2"), ("20:00.0", "has driver vfio-pci, and nvme is due"),
    ] {
      let error = #expect(throws: HostError.self) { try find(name) }
      #expect(error?.problem.contains(words) == true, "\(name): \(String(describing: error))")
    }
  }

  @Test func aFunctionHasNone() throws {
    try writeController("nvme1", at: "0000:17:00.1")
    try writeController()
    try tree.link("/sys/bus/pci/devices/0000:17:00.1/physfn", to: Self.folder)
    let error = #expect(throws: HostError.self) { try find("17:00.1") }
    #expect(error?.problem == "is a virtual function itself")
  }

  @Test func moreThanThereAreIsRefused() throws {
    try writeController()
    let error = #expect(throws: HostError.self) { try find("S1").requireRoom(for: 5) }
    #expect(error?.problem == "has at most 4 virtual functions, and 5 are asked for")
    try writeController("nvme1", at: "0000:18:00.0", serial: "S2", most: nil)
    let none = #expect(throws: HostError.self) { try find("S2").requireRoom(for: 1) }
    #expect(none?.problem == "has no SR-IOV")
  }

  @Test func functionsThatAreThereAreSomebodys() throws {
    try writeController()
    try writeController(at: "0000:17:00.1", driver: "vfio-pci")
    try tree.write("\(Self.folder)/sriov_numvfs", "1\n")
    try tree.link("\(Self.folder)/virtfn0", to: "/sys/bus/pci/devices/0000:17:00.1")
    let error = #expect(throws: HostError.self) { try find("S1").requireRoom(for: 1) }
    #expect(error?.problem.contains("given to a virtual machine") == true)
    #expect(error?.remedy?.contains("assay cleanup") == true)
  }

  // MARK: The controller's words

  @Test func controllersBehindFunctionsAreDecoded() {
    var data = [UInt8](repeating: 0, count: 4096)
    data[0] = 2
    for (index, values) in [(5, 1, 1, 4, 3), (6, 0, 2, 0, 0)].enumerated() {
      let entry = 32 + index * 32
      Self.put(values.0, 2, at: entry, in: &data)
      data[entry + 4] = UInt8(values.1)
      Self.put(values.2, 2, at: entry + 8, in: &data)
      Self.put(values.3, 2, at: entry + 10, in: &data)
      Self.put(values.4, 2, at: entry + 12, in: &data)
    }
    #expect(
      SecondaryController.list(data) == [
        SecondaryController(number: 5, isOnline: true, function: 1, queues: 4, interrupts: 3),
        SecondaryController(number: 6, isOnline: false, function: 2, queues: 0, interrupts: 0),
      ])
    data[0] = 255
    #expect(SecondaryController.list(data).count == 127, "as many as have room")
  }

  @Test func flexibleResourcesAreSharedEqually() {
    var data = [UInt8](repeating: 0, count: 4096)
    #expect(FlexibleResources(data: data).queues == nil)
    data[4] = 3
    for (offset, value) in [(32, 16), (44, 6), (64, 9), (76, 3)] {
      Self.put(value, offset % 32 == 0 ? 4 : 2, at: offset, in: &data)
    }
    let supply = FlexibleResources(data: data)
    #expect(supply.queues == .init(total: 16, most: 6))
    #expect(supply.interrupts == .init(total: 9, most: 3))
    #expect(supply.queues?.share(of: 2) == 6 && supply.queues?.share(of: 4) == 4)
    #expect(
      supply.text
        == "it has 16 queues, at most 6 a function, and 9 interrupts, at most 3 a function")
  }

  @Test func aStatusIsSaidInWords() {
    // As QEMU answers, with "do not retry" in bit 14.
    #expect(
      VirtualizationStatus.text(0x4121)
        == "it does not have so many resources to give, NVMe status 4121h")
    #expect(VirtualizationStatus.text(0x6) == "NVMe status 6h")
  }

  @Test func noOtherActionLeavesThisProcess() {
    let file = cl_open("/dev/null", O_RDONLY, 0)
    defer { close(file) }
    var result: UInt32 = 0
    for action in UInt8.min...UInt8.max {
      errno = 0
      #expect(cl_nvme_secondary_controller(file, action, 1, 0, 0, 1, &result) == -1)
      // ENOTTY: sent, and /dev/null does not know it.
      #expect(errno == ([7, 8, 9].contains(action) ? ENOTTY : EPERM), "action \(action)")
    }
    #expect(cl_nvme_secondary_controller(file, 8, 1, 2, 0, 1, &result) == -1)
    #expect(errno == EPERM, "a resource that there is not")
  }

  // MARK: The way of the I/O

  @Test func aDiskOfItsOwnIsTheFunctions() throws {
    try tree.write("/sys/class/nvme/nvme1/nvme1n1/nsid", "1\n")
    try tree.write("/sys/class/nvme/nvme1/nvme1n2/nsid", "7\n")
    let disk = try #require(FunctionDisk(of: "nvme1", namespace: 7, tree.machine))
    #expect(disk.name == "nvme1n2" && !disk.isHead && disk.others.isEmpty)
    #expect(FunctionDisk(of: "nvme1", namespace: 2, tree.machine) == nil)
  }

  @Test func aMultipathDiskIsTheFunctionsOnlyWithoutAnotherPath() throws {
    try tree.write("/sys/class/nvme/nvme1/nvme0c1n1/nsid", "1\n")
    try tree.write("/sys/block/nvme0c1n1/size", "8\n")
    let alone = try #require(FunctionDisk(of: "nvme1", namespace: 1, tree.machine))
    #expect(alone.name == "nvme0n1" && alone.counted == "nvme0c1n1" && alone.isHead)
    #expect(alone.others.isEmpty)
    try tree.write("/sys/block/nvme0c0n1/size", "8\n")
    #expect(FunctionDisk(of: "nvme1", namespace: 1, tree.machine)?.others == ["nvme0"])
  }

  @Test func disksOfOneNamespaceAreKnownByItsIdentifier() throws {
    for (name, identifier) in [("nvme0n1", "a"), ("nvme1n1", "a"), ("nvme2n1", "b")] {
      try tree.write("/sys/block/\(name)/wwid", identifier + "\n")
    }
    #expect(VirtualFunctionFacts.twins(of: "nvme1n1", tree.machine) == ["/dev/nvme0n1"])
    #expect(VirtualFunctionFacts.twins(of: "nvme2n1", tree.machine).isEmpty)
  }

  @Test func commandsAreCountedByController() throws {
    try writeController()
    try writeController("nvme1", at: "0000:17:00.1")
    try tree.link("\(Self.folder)/virtfn0", to: "/sys/bus/pci/devices/0000:17:00.1")
    let stat = { (ios: Int) in "\(ios) 0 8 0 0 0 0 0 0 0 0 0 0 0 0 2 0\n" }
    let interrupts = { (first: Int, second: Int) in
      """
                 CPU0       CPU1
       31:          0         20   PCI-MSI 524288-edge      nvme0q0
       32:         \(first)          0   PCI-MSI 524289-edge      nvme0q1
       35:        119          0   PCI-MSI 526337-edge      nvme1q1
       36:          0        \(second)   PCI-MSI 526338-edge      nvme1q2
      NMI:          0          0   Non-maskable interrupts

      """
    }
    try tree.write("/sys/class/nvme/nvme0/nvme0n1/stat", stat(3))
    try tree.write("/sys/class/nvme/nvme1/nvme1n1/stat", stat(10))
    try tree.write("/proc/interrupts", interrupts(3, 0))
    let before = FunctionTraffic.current(parent: Self.parent, tree.machine)
    try tree.write("/sys/class/nvme/nvme1/nvme1n1/stat", stat(910))
    try tree.write("/proc/interrupts", interrupts(4, 784))
    let moved = FunctionTraffic.current(parent: Self.parent, tree.machine).since(before)
    #expect(moved.counts.map(\.controller) == ["nvme0", "nvme1"])
    #expect(moved.counts.map(\.blockIOs) == [0, 900])
    #expect(moved.counts.map(\.interrupts) == [1, 784])
    #expect(
      moved.text(for: "nvme1")
        == "nvme1 took 900 of 900 block I/Os and 784 of 785 interrupts of the device's functions")
  }

  // MARK: Undoing

  @Test func resourcesAreLeftAloneWhileFunctionsAreThere() throws {
    try writeController()
    let behind = SecondaryController(
      number: 1, isOnline: false, function: 1, queues: 2, interrupts: 0)
    let change = SecondaryControllersChange(device: Self.parent, previous: [behind])
    let text = try JSONEncoder().encode(Change.secondaryControllers(change))
    #expect(try JSONDecoder().decode(Change.self, from: text) == .secondaryControllers(change))
    let undo = ChangeUndo(machine: tree.machine, patience: .seconds(1))
    // Without functions the controller is asked, and here is none to answer.
    #expect(throws: HostError.self) { try undo.undo(.secondaryControllers(change)) }
    try tree.write("\(Self.folder)/sriov_numvfs", "2\n")
    guard case .notNeeded(let words) = try undo.undo(.secondaryControllers(change)) else {
      Issue.record("undone")
      return
    }
    #expect(words.contains("2 virtual functions, which Assay did not set"))
    try tree.remove("/sys/devices/pci0000:00/0000:00:01.0/\(Self.parent)/nvme/nvme0")
    #expect(
      try undo.undo(.secondaryControllers(change)) == .notNeeded("\(Self.parent) is gone"))
  }
}
