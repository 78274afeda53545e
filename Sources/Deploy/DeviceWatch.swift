internal import CLinux
internal import Glibc
internal import Host
internal import Measure

/// Watches for what is expected of a disk: the kernel's events, sysfs, the node, the first read.
struct DeviceWatch: ~Copyable {
  /// How often sysfs is looked at.
  static let period = Nanoseconds.milliseconds(1)
  /// How long the kernel's event may come after everything else, and a node go after its disk.
  private static let grace = Nanoseconds.milliseconds(200)

  private let expectation: DiskExpectation
  private let socket = UeventSocket()
  private var search: DiskSearch
  private var disk: String?
  private let sizeBefore: ByteCount?
  private var seen = OperationTimeline()
  private var events: [UeventSocket.Event] = []
  private var lastLook: Nanoseconds?
  private var read: FirstRead?

  /// Looks at how things are before the operation.
  ///
  /// Throws where what is expected cannot happen: a disk that is to come is there, or one that is
  /// to go or to grow is not.
  init(_ expectation: DiskExpectation) throws(OperationFailure) {
    self.expectation = expectation
    search = DiskSearch(expectation.disk)
    disk = search.find()
    sizeBefore = disk.flatMap { DiskSearch.size(of: $0) }
    switch (expectation.change, disk) {
    case (.appears, let disk?):
      throw OperationFailure(
        "\(expectation.disk.text) is to appear, and is there: \(disk)",
        hint: "remove it first, or give the operation an undo")
    case (.vanishes, nil), (.grows, nil):
      throw OperationFailure(
        "\(expectation.disk.text) is not there, so that it cannot be seen when it "
          + expectation.change.rawValue.replacing(/s$/, with: ""),
        hint: "`lsblk -o NAME,SERIAL` lists the disks")
    case (.appears, nil), (.vanishes, _?), (.grows, _?): break
    }
    seen.disk = disk
    seen.sizeBefore = sizeBefore
  }

  /// Drops what came before the operation.
  mutating func begin() { _ = socket.events(until: .zero) }

  /// Watches for one period; true when there is nothing left to see.
  mutating func look(until deadline: Nanoseconds) -> Bool {
    let next = min((lastLook ?? MonotonicClock.now()) + Self.period, deadline)
    events += socket.events(until: next)
    let now = MonotonicClock.now()
    if let lastLook, seen.sysfsNs == nil {
      seen.resolutionNs = max(seen.resolutionNs ?? .zero, now - lastLook)
    }
    lastLook = now
    switch expectation.change {
    case .appears: lookForArrival(until: deadline)
    case .vanishes: lookForDeparture()
    case .grows: lookForGrowth(until: deadline)
    }
    noteEvent()
    if let moment = read?.succeededAt, seen.usableNs == nil { seen.usableNs = moment }
    return isDone(now)
  }

  /// What was seen, with what is missing as a failure.
  consuming func finish() -> OperationTimeline {
    read?.abandon()
    var result = seen
    result.sizeAfter = disk.flatMap { DiskSearch.size(of: $0) }
    result.failure = missing
    return result
  }

  private func isDone(_ now: Nanoseconds) -> Bool {
    guard let sysfs = seen.sysfsNs else { return false }
    let isUsed = expectation.change == .vanishes || seen.usableNs != nil
    guard isUsed else { return false }
    let isComplete = (seen.ueventNs != nil || !socket.isOpen) && seen.nodeNs != nil
    return isComplete || now > max(sysfs, seen.usableNs ?? sysfs) + Self.grace
  }

  private var missing: String? {
    let what = "\(expectation.disk.text) did not \(verb)"
    guard seen.sysfsNs != nil else { return "\(what) in time" }
    guard expectation.change != .vanishes, seen.usableNs == nil else { return nil }
    let reason = read?.reason.map { ": \($0)" } ?? ""
    return "\(expectation.disk.text) (\(disk ?? "")) is there, but a block of it could not be "
      + "read in time\(reason)"
  }

  private var verb: String {
    switch expectation.change {
    case .appears: "appear"
    case .vanishes: "vanish"
    case .grows: "grow"
    }
  }

  private mutating func lookForArrival(until deadline: Nanoseconds) {
    if seen.sysfsNs == nil, let found = search.find() {
      disk = found
      seen.disk = found
      seen.sysfsNs = MonotonicClock.now()
    }
    guard let disk else { return }
    noteNode(disk)
    if let node = DiskSearch.node(of: disk), read == nil {
      read = .start(
        node, offset: 0, length: DiskSearch.logicalBlock(of: disk), until: deadline)
    }
  }

  private mutating func lookForDeparture() {
    guard let disk else { return }
    let isThere = DiskSearch.size(of: disk).map { $0 > .zero } ?? false
    if !isThere, seen.sysfsNs == nil { seen.sysfsNs = MonotonicClock.now() }
    if DiskSearch.node(of: disk) == nil, seen.nodeNs == nil { seen.nodeNs = MonotonicClock.now() }
  }

  private mutating func lookForGrowth(until deadline: Nanoseconds) {
    guard let disk, let sizeBefore, let size = DiskSearch.size(of: disk), size > sizeBefore else {
      return
    }
    if seen.sysfsNs == nil { seen.sysfsNs = MonotonicClock.now() }
    noteNode(disk)
    guard let node = DiskSearch.node(of: disk), read == nil else { return }
    let block = DiskSearch.logicalBlock(of: disk)
    let last = (size.count / Int64(block) - 1) * Int64(block)
    read = .start(node, offset: last, length: block, until: deadline)
  }

  private mutating func noteNode(_ disk: String) {
    if seen.nodeNs == nil, DiskSearch.node(of: disk) != nil { seen.nodeNs = MonotonicClock.now() }
  }

  /// The first event that tells the change of this very disk.
  private mutating func noteEvent() {
    guard seen.ueventNs == nil, let disk else { return }
    let actions: Set<String> =
      switch expectation.change {
      case .appears: ["add", "change"]
      case .vanishes: ["remove", "change"]
      case .grows: ["change"]
      }
    let name = String(disk.map { $0 == "!" ? "/" : $0 })
    seen.ueventNs = events.first { $0.device == name && actions.contains($0.action) }?.at
  }
}
