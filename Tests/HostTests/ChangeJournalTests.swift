import CLinux
import Foundation
import Measure
import TestSupport
import Testing

@testable import Host

@Suite struct ChangeJournalTests {
  private let tree: MachineTree
  private let journal: ChangeJournal

  private static let setting = "/proc/sys/vm/swappiness"

  init() throws {
    tree = try MachineTree()
    journal = ChangeJournal(folder: tree.folder.path("changes"), machine: tree.machine)
  }

  private var entries: [String] {
    Files.names(in: journal.folder)
  }

  private func change(to value: String) throws -> Change {
    .setting(try SettingChange(path: Self.setting, value: value, machine: tree.machine))
  }

  /// Leaves an entry as a killed owner does: nobody holds it locked.
  private func leave(_ change: Change, by owner: ChangeOwner, name: String = "1-1-1") throws {
    try journal.begin(change).finish()
    let text = try JSONEncoder().encode(ChangeRecord(owner: owner, change: change))
    try text.write(to: URL(fileURLWithPath: "\(journal.folder)/\(name).json"))
  }

  /// An owner whose number is in use by another process, this one.
  private func reusedNumber() throws -> ChangeOwner {
    var owner = try ChangeOwner.current()
    owner.startTicks -= 1
    return owner
  }

  @Test func aChangeIsWrittenDownBeforeItIsMadeAndForgottenAfterwards() throws {
    let entry = try journal.begin(change(to: "60"))
    #expect(entries.count == 1)
    let record = try JSONDecoder().decode(
      ChangeRecord.self, from: Data(contentsOf: URL(fileURLWithPath: entry.path)))
    #expect(record.owner.process == getpid() && record.owner.isAlive)
    #expect(record.change == entry.change)
    #expect(journal.leftovers().isEmpty, "its owner lives")
    entry.finish()
    #expect(entries.isEmpty)
  }

  @Test func whatIsKnownLaterIsWrittenDownAsWell() throws {
    var link = FabricsConnectionChange(
      subsystem: "nqn.2026-01.example:a", host: "nqn.2026-01.example:h", transport: "tcp",
      address: "192.0.2.1", port: 4420)
    let entry = try journal.begin(.fabricsConnection(link))
    link.controller = "nvme3"
    link.inode = 77
    try entry.amend(.fabricsConnection(link))
    let text = try String(contentsOfFile: entry.path, encoding: .utf8)
    #expect(text.contains("\"controller\" : \"nvme3\""))
    #expect(entries.count == 1)
    #expect(journal.leftovers().isEmpty, "the new file is locked as well")
    entry.finish()
  }

  @Test func aReusedNumberIsNotTheOwner() throws {
    try leave(change(to: "60"), by: reusedNumber())
    #expect(journal.leftovers().map(\.change) == [try change(to: "60")])
  }

  @Test func whatAKilledProcessLeftIsUndone() throws {
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/bin/sleep")
    child.arguments = ["60"]
    try child.run()
    let stat = try #require(Files.text("/proc/\(child.processIdentifier)/stat"))
    var owner = try ChangeOwner.current()
    owner.process = child.processIdentifier
    owner.startTicks = try #require(UInt64(stat.split(separator: " ")[21]))
    try leave(change(to: "60"), by: owner)
    #expect(journal.leftovers().isEmpty, "its owner lives")
    kill(child.processIdentifier, SIGKILL)
    child.waitUntilExit()

    try tree.write(Self.setting, "60\n")
    let leftover = try #require(journal.leftovers().first)
    #expect(try leftover.undo() == .undone("\(Self.setting) is \"0\" again"))
    #expect(tree.machine.text(Self.setting) == "0")
    #expect(entries.isEmpty)
    #expect(try leftover.undo() == .notNeeded("undone by another process"))
  }

  @Test func theNewestIsUndoneFirst() throws {
    for name in ["1-1-1", "1-1-2"] {
      try leave(change(to: name), by: reusedNumber(), name: name)
      usleep(20_000)
    }
    let values = journal.leftovers().compactMap {
      if case .setting(let change)? = $0.change { change.value } else { nil }
    }
    #expect(values == ["1-1-2", "1-1-1"])
  }

  @Test func anotherBootHasEndedIt() throws {
    var owner = try reusedNumber()
    owner.boot = "00000000-0000-0000-0000-000000000000"
    try leave(change(to: "60"), by: owner)
    try tree.write(Self.setting, "60\n")
    let outcome = try journal.leftovers().first?.undo()
    #expect(outcome == .notNeeded("ended with the boot it was made in"))
    #expect(tree.machine.text(Self.setting) == "60")
    #expect(entries.isEmpty)
  }

  @Test func noBootEndsAnOperation() throws {
    var owner = try reusedNumber()
    owner.boot = "00000000-0000-0000-0000-000000000000"
    var change = OperationChange(text: "a disk was attached", byHand: "detach", undo: "{}")
    change.stage = .triggered
    try leave(.operation(change), by: owner)
    let leftover = try #require(journal.leftovers().first)
    #expect(throws: HostError.self, "nobody knows how") { try leftover.undo() }
    var asked: [OperationChange] = []
    let outcome = try leftover.undo { change in
      asked.append(change)
      return .undone("detached")
    }
    #expect(outcome == .undone("detached") && asked == [change])
    #expect(entries.isEmpty)
  }

  @Test func howFarAnOperationHasComeIsWrittenDownForItsUserAlone() throws {
    let change = OperationChange(text: "a disk was attached", byHand: "detach", undo: "{}")
    let entry = try journal.begin(.operation(change))
    for stage in [OperationChange.Stage.triggered, .undone] {
      try entry.reach(stage)
      #expect(try String(contentsOfFile: entry.path, encoding: .utf8).contains(stage.rawValue))
      #expect(try #require(Files.status(entry.path)).st_mode & 0o777 == 0o600)
    }
  }

  @Test func whatIsHeldByAnotherProcessIsNotTouched() throws {
    try leave(change(to: "60"), by: reusedNumber())
    let file = cl_open("\(journal.folder)/1-1-1.json", O_RDONLY, 0)
    defer { close(file) }
    #expect(cl_flock(file, LOCK_EX) == 0)
    #expect(journal.leftovers().isEmpty)
  }

  @Test func anEntryOfAnotherVersionStaysAndIsTold() throws {
    try leave(change(to: "60"), by: reusedNumber())
    let path = "\(journal.folder)/1-1-1.json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing("\"setting\"", with: "\"teleport\"")
      .write(toFile: path, atomically: false, encoding: .utf8)
    let leftover = try #require(journal.leftovers().first)
    #expect(leftover.change == nil)
    #expect(throws: HostError.self) { try leftover.undo() }
    #expect(Files.exists(path))
  }

  @Test func aFolderOthersMayWriteToIsRefused() throws {
    try journal.begin(change(to: "60")).finish()
    chmod(journal.folder, 0o777)
    let error = #expect(throws: HostError.self) { try journal.begin(change(to: "60")) }
    #expect(error?.problem.contains("others may write") == true)
  }

  @Test func everyKindOfChangeSurvivesItsFile() throws {
    try tree.writeFunctions(count: 2, autoprobe: true)
    let functions = try VirtualFunctionsChange(
      device: MachineTree.functionsDevice, count: 4, autoprobe: false, machine: tree.machine)
    let link = FabricsConnectionChange(
      subsystem: "nqn.a", host: "nqn.b", transport: "loop", address: nil, port: nil)
    for change in [
      try change(to: "60"), .virtualFunctions(functions), .fabricsConnection(link),
      .operation(OperationChange(text: "a", byHand: "b", undo: "{}")),
    ] {
      let text = try JSONEncoder().encode(change)
      #expect(try JSONDecoder().decode(Change.self, from: text) == change)
    }
  }
}

@Suite struct ChangeUndoTests {
  private let tree: MachineTree
  private var undo: ChangeUndo { ChangeUndo(machine: tree.machine, patience: .seconds(1)) }

  init() throws { tree = try MachineTree() }

  @Test func aSettingThatSomebodyElseChangedIsLeftAlone() throws {
    let path = "/proc/sys/vm/swappiness"
    let change = try SettingChange(path: path, value: "60", machine: tree.machine)
    try tree.write(path, "10\n")
    #expect(
      try undo.undo(.setting(change)) == .notNeeded("\(path) is \"10\", which Assay did not set"))
    #expect(tree.machine.text(path) == "10")
  }

  @Test func aSettingOfSeveralWordsIsTheOneInBrackets() throws {
    let path = "/sys/kernel/mm/transparent_hugepage/enabled"
    let change = try SettingChange(path: path, value: "never", machine: tree.machine)
    #expect(change.previous == "madvise")
    try tree.write(path, "always madvise [never]\n")
    #expect(try undo.undo(.setting(change)) == .undone("\(path) is \"madvise\" again"))
    #expect(tree.machine.text(path) == "madvise")
  }

  @Test(arguments: ["/etc/passwd", "/sys/../etc/passwd"])
  func onlySettingsOfTheKernelAreWritten(path: String) throws {
    try tree.write("/etc/passwd", "root\n")
    #expect(throws: HostError.self) {
      try SettingChange(path: path, value: "x", machine: tree.machine)
    }
    var change = try SettingChange(
      path: "/proc/sys/vm/swappiness", value: "root", machine: tree.machine)
    change.path = path
    #expect(throws: HostError.self) { try undo.undo(.setting(change)) }
    #expect(tree.machine.text("/etc/passwd") == "root")
  }

  @Test func virtualFunctionsGoBackToTheirNumberAndProbing() throws {
    try tree.writeFunctions(count: 0, autoprobe: true)
    let change = try VirtualFunctionsChange(
      device: MachineTree.functionsDevice, count: 4, autoprobe: false, machine: tree.machine)
    try tree.writeFunctions(count: 4, autoprobe: false)
    let outcome = try undo.undo(.virtualFunctions(change))
    #expect(outcome.text.contains("0 virtual functions on \(MachineTree.functionsDevice) again"))
    let folder = VirtualFunctionsChange.folder(MachineTree.functionsDevice)
    #expect(tree.machine.text("\(folder)/sriov_numvfs") == "0")
    #expect(tree.machine.text("\(folder)/sriov_drivers_autoprobe") == "1")
    guard case .notNeeded = try undo.undo(.virtualFunctions(change)) else {
      Issue.record("undone twice")
      return
    }
  }

  @Test func virtualFunctionsOfSomebodyElseStay() throws {
    try tree.writeFunctions(count: 0, autoprobe: true)
    let change = try VirtualFunctionsChange(
      device: MachineTree.functionsDevice, count: 4, autoprobe: nil, machine: tree.machine)
    try tree.writeFunctions(count: 2, autoprobe: true)
    guard case .notNeeded(let text) = try undo.undo(.virtualFunctions(change)) else {
      Issue.record("undone")
      return
    }
    #expect(text.contains("has 2 virtual functions, which Assay did not set"))
    let folder = VirtualFunctionsChange.folder(MachineTree.functionsDevice)
    #expect(tree.machine.text("\(folder)/sriov_numvfs") == "2")
  }

  @Test func aDeviceWithoutVirtualFunctionsIsTold() {
    let error = #expect(throws: HostError.self) {
      try VirtualFunctionsChange(
        device: "0000:99:00.0", count: 1, autoprobe: nil, machine: tree.machine)
    }
    #expect(error?.problem == "is no PCI device of this machine")
  }

  @Test func onlyTheConnectionThatWasMadeIsDisconnected() throws {
    let controller = try tree.writeController("nvme3")
    var change = FabricsConnectionChange(
      subsystem: controller.subsystem, host: controller.host ?? "", transport: "tcp",
      address: "192.0.2.10", port: 4420)
    #expect(controller.isOf(change), "killed before the kernel had answered")
    change.controller = "nvme3"
    change.inode = controller.inode
    #expect(controller.isOf(change))
    // The same name and names, but made later by somebody else.
    change.inode = controller.inode + 1
    #expect(!controller.isOf(change))
    #expect(try undo.undo(.fabricsConnection(change)) == .notNeeded("not connected any more"))
    change.inode = controller.inode
    change.host = "nqn.2026-01.example:another"
    #expect(!controller.isOf(change))
    #expect(tree.machine.text("\(controller.folder)/delete_controller") == "")
  }

  @Test func aControllerThatDoesNotGoIsAnErrorWithinItsTime() throws {
    let controller = try tree.writeController("nvme3")
    let change = FabricsConnectionChange(
      subsystem: controller.subsystem, host: controller.host ?? "", transport: "tcp",
      address: "192.0.2.10", port: 4420)
    let start = MonotonicClock.now()
    let error = #expect(throws: HostError.self) { try undo.undo(.fabricsConnection(change)) }
    #expect(error?.problem.contains("is not gone 1 s after") == true)
    #expect(MonotonicClock.now() - start < .seconds(10))
    #expect(tree.machine.text("\(controller.folder)/delete_controller") == "1")
  }
}
