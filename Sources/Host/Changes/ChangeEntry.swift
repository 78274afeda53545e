internal import CLinux
internal import Foundation
internal import Glibc
internal import Synchronization

/// What stands in an entry's file.
struct ChangeRecord: Codable {
  var format = 1
  var owner: ChangeOwner
  var change: Change
}

/// A change that this process has written down and not yet undone.
public final class ChangeEntry: Sendable {
  private struct State {
    var change: Change
    /// The locked file; nil once the entry is closed.
    var file: Int32?
  }

  /// The entry's file.
  public let path: String
  private let owner: ChangeOwner
  private let machine: MachineFiles
  private let state: Mutex<State>

  init(path: String, owner: ChangeOwner, change: Change, machine: MachineFiles) throws(HostError) {
    self.path = path
    self.owner = owner
    self.machine = machine
    let file = try Self.write(ChangeRecord(owner: owner, change: change), to: path)
    state = Mutex(State(change: change, file: file))
  }

  deinit {
    // Not undone: the entry stays, for the next start or `assay cleanup`.
    state.withLock { if let file = $0.file { close(file) } }
  }

  /// The change as written down last.
  public var change: Change { state.withLock { $0.change } }

  /// Writes down what became known when the change was made, such as a controller's name.
  ///
  /// Throws ``HostError`` where it cannot be written; the entry as it was stays.
  public func amend(_ change: Change) throws(HostError) {
    let record = ChangeRecord(owner: owner, change: change)
    try state.withLock { (state) throws(HostError) in
      guard let old = state.file else { return }
      state.file = try Self.write(record, to: path)
      state.change = change
      close(old)
    }
  }

  /// Writes down how far an operation has come; of other changes nothing.
  ///
  /// Throws ``HostError`` where it cannot be written; the entry as it was stays.
  public func reach(_ stage: OperationChange.Stage) throws(HostError) {
    guard case .operation(var operation) = change else { return }
    operation.stage = stage
    try amend(.operation(operation))
  }

  /// Removes the entry: the change is undone, or was not made.
  public func finish() {
    state.withLock { state in
      guard let file = state.file else { return }
      unlink(path)
      close(file)
      state.file = nil
    }
  }

  /// Undoes the change and removes the entry; a second call does nothing.
  ///
  /// Throws ``HostError`` where it cannot be undone; the entry stays.
  @discardableResult
  public func undo() throws(HostError) -> UndoneChange {
    guard state.withLock({ $0.file != nil }) else { return .notNeeded("undone before") }
    let outcome = try ChangeUndo(machine: machine).undo(change)
    finish()
    return outcome
  }

  /// Writes, syncs and locks a file, and only then gives it its name: whoever sees it sees it
  /// whole and locked.
  private static func write(_ record: ChangeRecord, to path: String) throws(HostError) -> Int32 {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let text = try? encoder.encode(record) else {
      throw HostError(path, "the change cannot be written as JSON")
    }
    let draft = path + ".tmp"
    let file = cl_open(draft, O_RDWR | O_CREAT | O_TRUNC | Int32(CL_O_CLOEXEC), record.change.mode)
    guard file >= 0 else { throw .refused(draft, "write a change down", code: errno) }
    let isWritten =
      Files.write(Array(text) + [0x0A], descriptor: file) && fsync(file) == 0
      && cl_flock(file, LOCK_EX | LOCK_NB) == 0 && rename(draft, path) == 0
      && Files.sync(Files.parent(path))
    guard isWritten else {
      let code = errno
      unlink(draft)
      close(file)
      throw .refused(path, "write a change down", code: code)
    }
    return file
  }
}

/// A change whose owner is no more.
public struct Leftover: Sendable {
  /// The entry's file.
  public let path: String
  /// What is left; nil where the entry cannot be read, such as one of a newer Assay.
  public let change: Change?
  /// Who made it.
  public let owner: ChangeOwner?
  /// Orders entries: -(time of writing, ns).
  let age: Int64
  private let machine: MachineFiles

  /// nil where the owner lives, or another process undoes it at this moment.
  init?(path: String, machine: MachineFiles) {
    if access(path, R_OK) != 0, errno == EACCES {
      // Another user's: only its name tells whose, and that it is there.
      guard !ChangeOwner.isAlive(named: Files.lastPart(path)) else { return nil }
      (self.path, self.machine, change, owner, age) = (path, machine, nil, nil, 0)
      return
    }
    guard let file = Self.lock(path, LOCK_SH), let content = Files.bytes(descriptor: file) else {
      return nil
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { return nil }
    let record = try? JSONDecoder().decode(ChangeRecord.self, from: Data(content))
    if let record, record.owner.isAlive { return nil }
    self.path = path
    self.machine = machine
    change = record?.change
    owner = record?.owner
    age = -(Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
  }

  /// What is left and who left it, in words.
  public var text: String {
    guard let change else { return "\(path): cannot be read" }
    guard let owner else { return change.text }
    return change.text + ", left by process \(owner.process) (\(owner.command))"
  }

  /// How root undoes it by hand.
  public var byHand: String {
    (change.map { $0.byHand + "; " } ?? "") + "rm \(path)"
  }

  /// Undoes it and removes its entry; `operation` takes back what an online operation did.
  ///
  /// Throws ``HostError`` where it cannot be undone, or another process is at it; the entry stays.
  public func undo(
    operation: OperationUndo? = nil
  ) throws(HostError) -> UndoneChange {
    guard let change, let owner else {
      throw HostError(
        path, "is no entry of this version of Assay",
        remedy: "`assay cleanup` of the version that wrote it undoes it")
    }
    guard let file = Self.lock(path, LOCK_EX) else {
      if !Files.exists(path) { return .notNeeded("undone by another process") }
      throw HostError(path, "is locked by another process", remedy: "run `assay cleanup` again")
    }
    defer { close(file) }
    try ChangeJournal.refuseForeign(path)
    try ChangeJournal.refuseForeign(Files.parent(path))
    guard owner.isOfThisBoot || !change.endsWithBoot else {
      unlink(path)
      return .notNeeded("ended with the boot it was made in")
    }
    let outcome = try ChangeUndo(machine: machine, operation: operation).undo(change)
    unlink(path)
    return outcome
  }

  /// The file open and locked; nil where it is locked by another, gone, or replaced meanwhile.
  private static func lock(_ path: String, _ operation: Int32) -> Int32? {
    let file = cl_open(path, O_RDONLY | Int32(CL_O_CLOEXEC), 0)
    guard file >= 0 else { return nil }
    var opened = stat()
    if cl_flock(file, operation | LOCK_NB) == 0, fstat(file, &opened) == 0,
      let named = Files.status(path), named.st_ino == opened.st_ino
    {
      return file
    }
    close(file)
    return nil
  }
}
