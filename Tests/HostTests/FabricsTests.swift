import Foundation
import Measure
import TestSupport
import Testing

@testable import Host

@Suite struct FabricsOptionsTests {
  private let host = FabricsHost(
    name: "nqn.2026-01.example:host", identifier: "01234567-89ab-cdef-0123-456789abcdef")

  private func place(
    _ transport: FabricsAddress.Transport = .tcp, _ address: String? = "192.0.2.10",
    _ subsystem: String = "nqn.2026-01.example:vol1"
  ) -> FabricsAddress {
    FabricsAddress(
      transport: transport, address: address, port: address == nil ? nil : 4421,
      subsystem: subsystem)
  }

  @Test func whatIsNotAskedForIsLeftToTheKernel() throws {
    let options = try FabricsOptions(place(), host: host)
    #expect(
      options.text
        == "nqn=nqn.2026-01.example:vol1,transport=tcp,traddr=192.0.2.10,trsvcid=4421,"
        + "hostnqn=nqn.2026-01.example:host,hostid=01234567-89ab-cdef-0123-456789abcdef")
  }

  @Test func everyWishHasItsOption() throws {
    var place = place(.rdma)
    place.port = nil
    place.queues = 4
    place.queueSize = 256
    place.keepAlive = .milliseconds(4500)
    place.controllerLossTimeout = .seconds(60)
    place.reconnectDelay = .seconds(2)
    let text = try FabricsOptions(place, host: host).text
    #expect(text.contains("transport=rdma,traddr=192.0.2.10,trsvcid=4420,"))
    #expect(
      text.hasSuffix(
        ",nr_io_queues=4,queue_size=256,keep_alive_tmo=5,ctrl_loss_tmo=60,reconnect_delay=2"))
  }

  @Test func aShortTimeToGiveUpHasSeveralTries() throws {
    var place = place()
    place.controllerLossTimeout = .seconds(8)
    let text = try FabricsOptions(place, host: host).text
    #expect(text.hasSuffix(",ctrl_loss_tmo=8,reconnect_delay=2"))
  }

  @Test func loopHasNoAddress() throws {
    let options = try FabricsOptions(place(.loop, nil), host: host)
    #expect(options.text.hasPrefix("nqn=nqn.2026-01.example:vol1,transport=loop,hostnqn="))
    #expect(options.address == nil && options.port == nil)
  }

  @Test func namesBecomeNumbers() throws {
    let options = try FabricsOptions(place(.tcp, "localhost"), host: host)
    #expect(["127.0.0.1", "::1"].contains(options.address))
    let error = #expect(throws: HostError.self) {
      try FabricsOptions(place(.tcp, "no-such-host.invalid"), host: host)
    }
    #expect(error?.problem.hasPrefix("cannot be resolved") == true)
  }

  @Test(arguments: [
    ("/dev/nvme0n1", "is a path where the qualified name"),
    ("vol1", "is no qualified name"), ("nqn.a,transport=loop", "is no qualified name"),
    ("nqn.a b", "is no qualified name"),
    ("nqn." + String(repeating: "x", count: 220), "is no qualified name"), ("", "is no qualified"),
  ])
  func whatIsNoQualifiedNameIsRefused(name: String, problem: String) {
    let error = #expect(throws: HostError.self) {
      try FabricsOptions(place(.tcp, "192.0.2.10", name), host: host)
    }
    #expect(error?.problem.hasPrefix(problem) == true, "\(error?.description ?? "")")
  }

  @Test func theKernelsAnswerNamesTheController() {
    #expect(FabricsNode.name(in: "instance=3,cntlid=1\n") == "nvme3")
    #expect(FabricsNode.name(in: "instance=-1,cntlid=-1,nqn=%s\n") == nil)
    #expect(FabricsNode.name(in: "") == nil)
  }
}

@Suite struct FabricsNodeTests {
  @Test(.enabled("needs a kernel without it") { !Files.exists("/dev/nvme-fabrics") })
  func aKernelWithoutInitiatorIsToldItsModule() throws {
    let folder = try TemporaryFolder()
    let place = FabricsAddress(
      transport: .rdma, address: "192.0.2.10", port: nil, subsystem: "nqn.2026-01.example:vol1")
    let error = #expect(throws: HostError.self) {
      try FabricsConnection.open(place, journal: ChangeJournal(folder: folder.path("changes")))
    }
    #expect(error?.remedy == "modprobe nvme-rdma", "\(error?.description ?? "")")
    #expect(folder.files().isEmpty, "nothing was begun")
  }
}

@Suite struct FabricsHostTests {
  private let tree: MachineTree

  init() throws { tree = try MachineTree() }

  private func host(_ name: String? = nil) -> FabricsHost {
    FabricsHost.current(name: name, machine: tree.machine)
  }

  @Test func whatIsConfiguredIsTaken() throws {
    try tree.write("/etc/nvme/hostnqn", "nqn.2026-01.example:here\n")
    try tree.write("/etc/nvme/hostid", "11111111-2222-3333-4444-555555555555\n")
    #expect(
      host()
        == FabricsHost(
          name: "nqn.2026-01.example:here", identifier: "11111111-2222-3333-4444-555555555555"))
    #expect(
      host("nqn.2026-01.example:other").identifier != "11111111-2222-3333-4444-555555555555")
  }

  @Test func theBoardsIdentifierNamesTheHost() throws {
    try tree.write(
      "/sys/class/dmi/id/product_uuid", "4C4C4544-0051-3510-8052-B4C04F4A3433\n")
    #expect(
      host().name == "nqn.2014-08.org.nvmexpress:uuid:4c4c4544-0051-3510-8052-b4c04f4a3433")
    #expect(host().identifier == "4c4c4544-0051-3510-8052-b4c04f4a3433")
  }

  @Test(arguments: ["00000000-0000-0000-0000-000000000000", "Not Settable"])
  func aBoardWithoutIdentifierIsNotBelieved(text: String) throws {
    try tree.write("/sys/class/dmi/id/product_uuid", text + "\n")
    try tree.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    let first = host()
    #expect(first == host() && !first.name.contains("0123456789abcdef"))
    #expect(UUID(uuidString: first.identifier) != nil)
    try tree.write("/etc/machine-id", "0123456789abcdef0123456789abcdee\n")
    #expect(host().name != first.name)
  }

  @Test func derivedIdentifiersAreUUIDsOfVersion8() throws {
    var seen: Set<String> = []
    for number in 0..<1000 {
      let text = FabricsHost.identifier(of: "nqn.2026-01.example:host\(number)")
      #expect(
        text.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/)
          != nil)
      seen.insert(text)
    }
    #expect(seen.count == 1000)
  }

  @Test func theIdentifierOfALiveConnectionIsBinding() throws {
    try tree.writeController("nvme3")
    #expect(
      host("nqn.2026-01.example:host").identifier == "01234567-89ab-cdef-0123-456789abcdef")
  }
}

@Suite struct FabricsControllerTests {
  private let tree: MachineTree

  init() throws { tree = try MachineTree() }

  @Test func withMultipathTheDeviceIsTheSubsystems() throws {
    let controller = try tree.writeController("nvme3")
    #expect(controller.blockDevices() == [1: "nvme0n1", 7: "nvme0n2"])
    #expect(controller.multipathPolicy == "numa")
  }

  @Test func withoutMultipathTheDeviceIsTheControllers() throws {
    let controller = try tree.writeController("nvme3")
    try tree.remove("/sys/class/nvme-subsystem/nvme-subsys0")
    try tree.write("/sys/class/nvme/nvme3/nvme3n1/nsid", "1\n")
    #expect(controller.blockDevices() == [1: "nvme3n1"])
    #expect(controller.multipathPolicy == nil)
  }

  @Test func anotherSubsystemsDevicesAreNotMixedIn() throws {
    let controller = try tree.writeController("nvme3")
    let other = "/sys/class/nvme-subsystem/nvme-subsys1"
    try tree.write("\(other)/subsysnqn", "nqn.2026-01.example:other\n")
    try tree.write("\(other)/nvme1n1/nsid", "9\n")
    #expect(controller.blockDevices()[9] == nil)
  }

  @Test func localControllersAreNotOfAFabric() throws {
    try tree.writeController("nvme3")
    try tree.write("/sys/class/nvme/nvme9/transport", "pcie\n")
    try tree.write("/sys/class/nvme/nvme9/subsysnqn", "nqn.x\n")
    #expect(FabricsController.all(tree.machine).map(\.name) == ["nvme3"])
  }

  @Test(arguments: [
    ("nvme0n1", true), ("nvme10n12", true), ("nvme0c3n1", false), ("nvme0", false),
    ("nvme0n1p1", false),
  ])
  func pathsAndPartitionsAreNoBlockDevicesOfTheSubsystem(name: String, isOne: Bool) {
    #expect(FabricsController.isBlockDevice(name) == isOne)
  }
}

@Suite struct FabricsRefusalTests {
  private func explain(
    _ code: Int32, _ log: [String] = [], _ transport: FabricsAddress.Transport = .tcp
  ) -> HostError {
    FabricsRefusal.explain(
      code, log: log,
      place: FabricsAddress(
        transport: transport, address: transport == .loop ? nil : "192.0.2.10", port: nil,
        subsystem: "nqn.2026-01.example:vol1"),
      host: FabricsHost(name: "nqn.2026-01.example:host", identifier: ""))
  }

  @Test func theKernelsLogTellsWhatErrnoDoesNot() {
    let unknown = explain(
      EIO,
      ["nvme nvme1: Connect Invalid Data Parameter, subsysnqn \"nqn.2026-01.example:vol1\""])
    #expect(unknown.problem.contains("the target has no subsystem nqn.2026-01.example:vol1"))
    #expect(unknown.remedy?.contains("nvme discover -t tcp -a 192.0.2.10 -s 4420") == true)
    let refused = explain(
      EIO,
      [
        "nvme nvme1: Connect for subsystem nqn.2026-01.example:vol1 is not allowed, "
          + "hostnqn: nqn.2026-01.example:host"
      ])
    #expect(refused.problem.contains("does not allow the host nqn.2026-01.example:host"))
    let rejected = explain(
      ECONNRESET, ["nvme nvme0: Connect rejected: status 8 (invalid service ID)."], .rdma)
    #expect(rejected.problem.contains("nothing listens for RDMA on that port"))
    #expect(
      explain(EINVAL, ["nvme_fabrics: no handler found for transport tcp."]).remedy
        == "modprobe nvme-tcp")
  }

  @Test func withoutTheLogTheMostLikelyReasonIsTold() {
    #expect(explain(ECONNREFUSED).problem.contains("nothing listens on that port"))
    #expect(explain(ETIMEDOUT).problem.contains("the address does not answer"))
    #expect(explain(ENODEV, [], .rdma).remedy?.hasPrefix("`rdma link`") == true)
    #expect(explain(EIO).problem.contains("the target refused"))
    let silent = explain(ECONNRESET, ["nvme nvme0: rdma connection establishment failed"], .rdma)
    #expect(silent.problem.contains("nobody answers an RDMA connection request there"))
    #expect(silent.remedy?.contains("UDP port 4791") == true)
  }

  @Test func aRecordOfTheKernelsLogIsItsMessage() {
    #expect(
      KernelLog.message("6,1234,56789,-;nvme nvme0: text; more\n SUBSYSTEM=nvme\n")
        == "nvme nvme0: text; more")
    #expect(KernelLog.message("") == nil)
  }
}

@Suite struct PatienceTests {
  @Test func aCallThatEndsInTimeGivesItsValue() {
    #expect(Patience.run(within: .seconds(10)) { 7 } == 7)
  }

  @Test func aCallThatBlocksIsLeftBehindAndItsValueHandedOn() async throws {
    let pipe = Pipe()
    let start = MonotonicClock.now()
    let (stream, late) = AsyncStream.makeStream(of: Int32.self)
    let file = pipe.fileHandleForReading.fileDescriptor
    let value = Patience.run(within: .milliseconds(50), late: { late.yield($0) }) { () -> Int32 in
      var byte: UInt8 = 0
      return read(file, &byte, 1) == 1 ? Int32(byte) : -1
    }
    #expect(value == nil)
    #expect(MonotonicClock.now() - start < .seconds(5))
    try pipe.fileHandleForWriting.write(contentsOf: [42])
    var values = stream.makeAsyncIterator()
    #expect(await values.next() == 42)
  }
}
