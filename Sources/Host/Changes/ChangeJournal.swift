internal import CLinux
internal import Glibc
internal import Synchronization

/// What Assay has changed on this machine and not yet undone: one file a change.
///
/// A change is written down and synced before it is made, and its entry goes when it is undone. A
/// process that was killed leaves its entries, which the next start or `assay cleanup` undoes:
///
///     let entry = try ChangeJournal.ofMachine.begin(.setting(change))
///     … make the change, measure …
///     try entry.undo()
///
/// The owner holds its entries locked (flock(2)), so that two that clean up do not meet, and that
/// an owner in another container, whose number means nothing here, is seen to live.
public struct ChangeJournal: Sendable {
  /// The folder of the entries.
  public let folder: String
  let machine: MachineFiles

  /// The journal of this machine: /run/assay/changes for root, below $XDG_RUNTIME_DIR or /tmp for
  /// others, who can change only what is theirs.
  public static var ofMachine: ChangeJournal {
    let user = geteuid()
    if user == 0 { return ofRoot }
    let runtime = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) } ?? ""
    return ChangeJournal(
      folder: runtime.hasPrefix("/")
        ? "\(runtime)/assay/changes" : "/tmp/assay-\(user)/changes")
  }

  /// The journal of root's runs, which others can only read.
  public static let ofRoot = ChangeJournal(folder: "/run/assay/changes")

  /// A journal in a folder of its own.
  public init(folder: String) { self.init(folder: folder, machine: MachineFiles()) }

  init(folder: String, machine: MachineFiles) {
    self.folder = folder
    self.machine = machine
  }

  /// Writes a change down, before it is made.
  ///
  /// Throws ``HostError`` where it cannot be written: then the change must not be made.
  public func begin(_ change: Change) throws(HostError) -> ChangeEntry {
    try makeFolder()
    let owner = try ChangeOwner.current()
    let path = "\(folder)/\(owner.process)-\(owner.startTicks)-\(EntryNumber.next()).json"
    return try ChangeEntry(path: path, owner: owner, change: change, machine: machine)
  }

  /// What processes that are no more have left, newest first: the order in which it is undone.
  public func leftovers() -> [Leftover] {
    let names = Files.names(in: folder).filter { $0.hasSuffix(".json") }
    let found = names.compactMap { Leftover(path: "\(folder)/\($0)", machine: machine) }
    return found.sorted { ($0.age, $1.path) < ($1.age, $0.path) }
  }

  /// Makes the folder, and refuses one that others could write to: what stands in it is acted on.
  private func makeFolder() throws(HostError) {
    var path = ""
    for part in folder.split(separator: "/") {
      path += "/\(part)"
      if mkdir(path, 0o755) != 0, errno != EEXIST {
        throw .refused(path, "make the folder of changes", code: errno)
      }
    }
    try Self.refuseForeign(folder)
  }

  /// Refuses a file or folder of the journal that others have made or could have written.
  static func refuseForeign(_ path: String) throws(HostError) {
    for path in [path, Files.parent(path)] {
      guard let status = Files.status(path) else {
        throw .refused(path, "read the folder of changes", code: errno)
      }
      guard status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
        throw HostError(
          path, "belongs to another user, or others may write to it",
          remedy: "look at who made it, and remove it")
      }
    }
  }
}

/// Numbers of the entries of this process.
private enum EntryNumber {
  static func next() -> Int {
    counter.withLock { number in
      number += 1
      return number
    }
  }

  private static let counter = Mutex(0)
}
