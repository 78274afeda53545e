import CLinux
import Foundation
import Measure
import TestSupport
import Testing

@testable import Host

/// What the guest offers, by the name that a test calls it.
private enum LabTargets {
  static let all: [String: FabricsAddress] = {
    let text = ProcessInfo.processInfo.environment["ASSAY_LAB_TARGETS"] ?? ""
    var found: [String: FabricsAddress] = [:]
    for match in text.matches(of: #/(\w+)=(\w+),([^,\s]*),([^,\s]*),(\S+)/#) {
      guard let transport = FabricsAddress.Transport(rawValue: String(match.2)) else { continue }
      var place = FabricsAddress(
        transport: transport, address: match.3.isEmpty ? nil : String(match.3),
        port: Int(match.4), subsystem: String(match.5))
      place.host = "nqn.2026-01.lab:assay"
      found[String(match.1)] = place
    }
    return found
  }()

  /// A local NVMe disk that may be written to.
  static let disk = ProcessInfo.processInfo.environment["ASSAY_LAB_NVME"]

  static func named(_ name: String) throws -> FabricsAddress { try #require(all[name]) }
}

/// The kernel's initiator against real targets; runs where LabTests have set them up.
///
/// ASSAY_LAB_TARGETS lists them: `tcp=tcp,192.0.2.1,4420,nqn.… loop=loop,,,nqn.…`.
@Suite(.serialized, .enabled("runs in the lab's guest, from LabTests") { !LabTargets.all.isEmpty })
struct KernelInitiatorTests {
  private let journal = ChangeJournal.ofMachine

  /// Nothing of ours is connected or written down.
  private func expectNothingLeft(_ location: SourceLocation = #_sourceLocation) {
    #expect(FabricsController.all().map(\.name) == [], sourceLocation: location)
    #expect(Files.names(in: journal.folder) == [], sourceLocation: location)
  }

  private func refusal(
    _ place: FabricsAddress, patience: Nanoseconds = .seconds(30),
    _ location: SourceLocation = #_sourceLocation
  ) -> String {
    let error = #expect(throws: HostError.self, sourceLocation: location) {
      try FabricsConnection.open(place, patience: patience)
    }
    expectNothingLeft(location)
    let text = error?.description ?? ""
    print("refusal:", text)
    return text
  }

  @Test(arguments: ["rdma", "tcp", "loop"])
  func aNamespaceIsReachedAndLetGo(name: String) throws {
    expectNothingLeft()
    let counters = RDMACounters.current()
    let connection = try FabricsConnection.open(LabTargets.named(name))
    #expect(connection.liveness == "live")
    #expect(journal.leftovers().isEmpty && Files.names(in: journal.folder).count == 1)
    let facts = try connection.facts()
    print("facts:", String(decoding: try JSONEncoder().encode(facts), as: UTF8.self))
    #expect(facts.transport == connection.place.transport.rawValue)
    #expect(facts.subsystem == connection.place.subsystem)
    #expect(facts.host == "nqn.2026-01.lab:assay" && facts.identity.model == "Linux")
    #expect(facts.queues == 1 && facts.notes.first?.hasPrefix("1 of 2 I/O queues") == true)
    #expect(facts.identity.subsystemNQN == facts.subsystem)
    if name == "rdma" { #expect(facts.inCapsule == ByteCount(4096)) }
    let namespace = try NVMeNamespace.read(connection.device, number: 1)
    #expect(namespace.size == ByteCount.mebibytes(64))

    let file = cl_open(connection.device, O_RDWR | Int32(CL_O_DIRECT), 0)
    #expect(file >= 0)
    var buffer: UnsafeMutableRawPointer?
    #expect(posix_memalign(&buffer, 4096, 8192) == 0)
    let memory = try #require(buffer)
    defer { free(memory) }
    memset(memory, Int32(name.utf8.count + 60), 4096)
    #expect(pwrite(file, memory, 4096, 8192) == 4096)
    #expect(pread(file, memory + 4096, 4096, 8192) == 4096)
    #expect(memcmp(memory, memory + 4096, 4096) == 0)
    close(file)

    let second = #expect(throws: HostError.self) { try FabricsConnection.open(connection.place) }
    #expect(second?.problem.contains("is connected already, as \(connection.controller)") == true)
    #expect(second?.remedy?.contains("device: \(connection.device)") == true)
    #expect(connection.liveness == "live", "the refusal does not touch it")
    try connection.disconnect()
    try connection.disconnect()
    expectNothingLeft()
    #expect(!Files.exists(connection.device))
    let moved = RDMACounters.current().since(counters)
    if name == "rdma" {
      #expect(moved.ports.first?.counters.isEmpty == false)
      print("counters:", moved)
    }
  }

  @Test func whatIsDroppedIsDisconnected() throws {
    _ = try FabricsConnection.open(LabTargets.named("tcp")).controller
    expectNothingLeft()
  }

  @Test func whatCannotBeReachedIsToldAndLeavesNothing() throws {
    var place = try LabTargets.named("tcp")
    place.subsystem = "nqn.2026-01.lab:no-such"
    #expect(refusal(place).contains("the target has no subsystem nqn.2026-01.lab:no-such"))
    place = try LabTargets.named("rdma")
    place.subsystem = "nqn.2026-01.lab:no-such"
    #expect(refusal(place).contains("the target has no subsystem nqn.2026-01.lab:no-such"))
    place = try LabTargets.named("guarded")
    #expect(refusal(place).contains("does not allow the host nqn.2026-01.lab:assay"))
    place = try LabTargets.named("tcp")
    place.port = 4999
    #expect(refusal(place).contains("nothing listens on that port"))
    place = try LabTargets.named("tcp")
    place.transport = .rdma
    #expect(refusal(place).contains("nothing listens for RDMA on that port"))
    place = try LabTargets.named("rdma")
    place.transport = .tcp
    #expect(refusal(place).contains("nothing listens on that port"))
    place = try LabTargets.named("tcp")
    place.namespace = 9
    #expect(refusal(place).contains("has no namespace 9; it has 1"))
    place = try LabTargets.named("loop")
    place.subsystem = "nqn.2026-01.lab:no-such"
    #expect(refusal(place).contains("the target has no subsystem nqn.2026-01.lab:no-such"))
    place = try LabTargets.named("tcp")
    place.address = "198.51.100.1"
    #expect(refusal(place).contains("the address does not answer"))
  }

  @Test func aHostWhoseNamesAreInUseTakesThemAsTheyAre() throws {
    let connection = try FabricsConnection.open(LabTargets.named("tcp"))
    let used = FabricsController.all().first { $0.name == connection.controller }
    #expect(used?.hostIdentifier == FabricsHost.current(name: "nqn.2026-01.lab:assay").identifier)
    try connection.disconnect()
    expectNothingLeft()
  }

  /// The other half is the caller's: `assay cleanup`.
  @Test(.enabled("ends the process") { LabTargets.all["killed"] != nil })
  func aKillLeavesTheConnectionInTheJournal() throws {
    let connection = try FabricsConnection.open(LabTargets.named("killed"))
    print("connected", connection.controller, connection.device)
    kill(getpid(), SIGKILL)
  }

  /// The target goes away while this is connected; the kernel tries to reconnect meanwhile.
  @Test(arguments: ["rdma", "tcp"]) func aTargetThatIsGoneIsDisconnectedSoon(name: String) throws {
    let connection = try FabricsConnection.open(LabTargets.named(name))
    let port = "/sys/kernel/config/nvmet/ports/\(connection.place.port ?? 0)/subsystems"
    let link = "\(port)/\(connection.place.subsystem)"
    let target = try FileManager.default.destinationOfSymbolicLink(atPath: link)
    #expect(unlink(link) == 0)
    #expect(Patience.poll(for: .seconds(20)) { connection.liveness == "connecting" })
    let start = MonotonicClock.now()
    try connection.disconnect()
    print("disconnected after", (MonotonicClock.now() - start).inSeconds, "s")
    #expect(MonotonicClock.now() - start < .seconds(20))
    expectNothingLeft()
    #expect(symlink(target.hasPrefix("/") ? target : "\(port)/\(target)", link) == 0)
  }
}

/// Identify and SMART of a real driver's controllers, against nvme-cli.
@Suite(.enabled("runs in the lab's guest, from LabTests") { LabTargets.disk != nil })
struct NVMeCommandTests {
  private func nvme(_ words: String...) throws -> [String: Any] {
    let text = try Command.run(["nvme"] + words + ["-o", "json"]).checked().stdout
    return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func theControllerIsWhatNvmeCliSays() throws {
    let disk = try #require(LabTargets.disk)
    let ours = try NVMeIdentity.read(disk)
    let theirs = try nvme("id-ctrl", disk)
    let text = { (key: String) in
      (theirs[key] as? String)?.trimmingCharacters(in: .whitespaces)
    }
    #expect(ours.serial == text("sn") && ours.model == text("mn") && ours.firmware == text("fr"))
    #expect(ours.subsystemNQN == text("subnqn"))
    let number = { (key: String) in (theirs[key] as? NSNumber)?.intValue }
    #expect(ours.vendor == number("vid") && ours.controllerID == number("cntlid"))
    #expect(ours.namespaces == number("nn"))
    let exponent = try #require(number("mdts"))
    #expect(ours.largestTransfer == (exponent == 0 ? nil : ByteCount(4096 << Int64(exponent))))
    #expect(number("wctemp") == ours.warningTemperature.map { $0 + 273 })
    #expect(number("cctemp") == ours.criticalTemperature.map { $0 + 273 })
    let version = try #require(number("ver"))
    #expect(ours.version.hasPrefix("\(version >> 16).\(version >> 8 & 0xFF)"))
    #expect(ours.hasWriteCache == (number("vwc").map { $0 & 1 } == 1))
    #expect(ours.inCapsule == nil && number("ioccsz") == 0)
  }

  @Test func theNamespaceIsWhatNvmeCliSays() throws {
    let disk = try #require(LabTargets.disk)
    let ours = try NVMeNamespace.read(disk, number: 1)
    let theirs = try nvme("id-ns", disk)
    let number = { (key: String) in (theirs[key] as? NSNumber)?.int64Value ?? -1 }
    let block = ours.formats[ours.format].block.count
    #expect(ours.size.count == number("nsze") * block)
    #expect(ours.capacity.count == number("ncap") * block)
    #expect(ours.utilisation.count == number("nuse") * block)
    #expect(Int64(ours.formats.count) == number("nlbaf") + 1)
    let formats = try #require(theirs["lbafs"] as? [[String: Any]])
    #expect(
      ours.formats.map(\.block.count)
        == formats.map { 1 << (($0["ds"] as? NSNumber)?.int64Value ?? 0) })
    #expect(
      ours.formats.map(\.metadata.count)
        == formats.map { ($0["ms"] as? NSNumber)?.int64Value ?? -1 })
  }

  @Test func theHealthIsWhatNvmeCliSaysAndMovesWithIO() throws {
    let disk = try #require(LabTargets.disk)
    let ours = try NVMeHealth.read(disk)
    let theirs = try nvme("smart-log", disk)
    // Counters of 128 bits are texts there.
    let number = { (key: String) in
      (theirs[key] as? NSNumber)?.uint64Value ?? (theirs[key] as? String).flatMap { UInt64($0) }
    }
    #expect(number("temperature") == ours.temperature.map { UInt64($0 + 273) })
    #expect(number("avail_spare") == UInt64(ours.spare.value * 100))
    #expect(
      number("data_units_read") == ours.unitsRead && number("host_read_commands") == ours.reads)
    #expect(number("data_units_written") == ours.unitsWritten)
    #expect(number("unsafe_shutdowns") == ours.unsafeShutdowns)
    #expect(number("media_errors") == ours.mediaErrors)
    try Command.run([
      "dd", "if=/dev/zero", "of=\(disk)", "bs=64k", "count=32", "oflag=direct",
    ]).checked()
    let change = try NVMeHealth.read(disk).since(ours)
    #expect(change.counters["writes"] == 32, "\(change)")
    // 2 MiB are 4.096 units of 512 000 bytes.
    #expect((4...5).contains(change.counters["unitsOf512000BytesWritten"] ?? 0), "\(change)")
    #expect(change.counters["mediaErrors"] == nil && change.newWarnings.isEmpty)
  }
}
