internal import CLinux
internal import Glibc
public import Measure
internal import Synchronization

/// A connection of the kernel to an NVMe over Fabrics subsystem, with the block device it gives.
///
///     let connection = try FabricsConnection.open(address)
///     defer { try? connection.disconnect() }
///     … use connection.device, put connection.facts() in the record …
///     try connection.disconnect()
///
/// It is written down in the journal of changes before it is made, so that a killed run leaves no
/// connection for good. Only one connection to a subsystem at a time: with native multipath a
/// second one would be another path of the same block device, not another device.
public final class FabricsConnection: Sendable {
  /// What was asked for.
  public let place: FabricsAddress
  /// Kernel name of the controller (`nvme3`).
  public let controller: String
  /// The block device (`/dev/nvme3n1`).
  public let device: String
  private let state: FabricsController
  private let entry: ChangeEntry
  /// What could not be disconnected once is left to the journal.
  private let wasAsked = Atomic(false)

  private init(
    _ place: FabricsAddress, _ state: FabricsController, device: String, _ entry: ChangeEntry
  ) {
    self.place = place
    self.controller = state.name
    self.device = device
    self.state = state
    self.entry = entry
  }

  deinit { if !wasAsked.load(ordering: .relaxed) { try? disconnect() } }

  /// Connects and waits until the namespace's block device is there.
  ///
  /// Needs root, /dev/nvme-fabrics and the transport's module.
  ///
  /// - Parameters:
  ///   - place: where, and how.
  ///   - journal: where the change is written down.
  ///   - patience: how long it may take in all; the kernel's own timeouts are longer, and what it
  ///     connects after that is disconnected at once.
  /// - Returns: the live connection.
  /// - Throws: ``HostError`` which tells the most likely reason and what mends it; then nothing is
  ///   left connected.
  public static func open(
    _ place: FabricsAddress, journal: ChangeJournal = .ofMachine,
    patience: Nanoseconds = .seconds(30)
  ) throws(HostError) -> FabricsConnection {
    let end = MonotonicClock.now() + patience
    let host = FabricsHost.current(name: place.host)
    let options = try FabricsOptions(place, host: host)
    try refuseConnected(place)
    let file = try FabricsNode.open(place)
    guard hasDevice(place) else {
      close(file)
      throw HostError(
        place.text, "cannot connect: this machine has no RDMA device",
        remedy: "load the adapter's driver, so that `rdma link` lists it, or use transport: tcp")
    }
    var change = FabricsConnectionChange(
      subsystem: place.subsystem, host: host.name, transport: place.transport.rawValue,
      address: options.address, port: options.port)
    let entry: ChangeEntry
    do throws(HostError) {
      entry = try journal.begin(.fabricsConnection(change))
    } catch {
      close(file)
      throw error
    }
    let log = KernelLog()
    let answer = Patience.run(
      within: patience, late: { Self.dropLate($0, entry) },
      { FabricsNode.connect(file, options.text) })
    guard let answer else {
      throw HostError(
        place.text, "has not answered after \(Int(patience.inSeconds)) s",
        remedy: "check address, port and routes; what the kernel may still connect is dropped")
    }
    guard case .connected(let name) = answer, let controller = FabricsController(name, .init())
    else {
      entry.finish()
      let code = if case .refused(let code) = answer { code } else { ENODEV }
      throw FabricsRefusal.explain(code, log: log.linesOfInitiator(), place: place, host: host)
    }
    do throws(HostError) {
      change.controller = name
      change.inode = controller.inode
      try entry.amend(.fabricsConnection(change))
      let device = try waitForDevice(controller, place, until: end)
      return FabricsConnection(place, controller, device: device, entry)
    } catch {
      _ = try? entry.undo()
      throw error
    }
  }

  /// What the connection turned out to be.
  ///
  /// Throws ``HostError`` when the controller does not answer.
  public func facts() throws(HostError) -> FabricsFacts {
    try FabricsFacts(
      state, device: device, namespace: place.namespace, queuesAsked: place.queues)
  }

  /// State of the connection: `live`, `connecting`, `resetting`, ...; nil when it is gone.
  public var liveness: String? { state.state }

  /// Disconnects and waits until the controller is gone; a second call does nothing.
  ///
  /// Takes at most 90 s, also with a target that answers no more. Throws ``HostError`` where it is
  /// not gone by then; the journal keeps it.
  public func disconnect() throws(HostError) {
    wasAsked.store(true, ordering: .relaxed)
    try entry.undo()
  }

  // MARK: Steps

  /// Without one the kernel would only say that the network is unreachable.
  private static func hasDevice(_ place: FabricsAddress) -> Bool {
    place.transport != .rdma || !RDMACounters.current().ports.isEmpty
  }

  /// What is connected already is somebody's, and must not be disconnected with ours.
  private static func refuseConnected(_ place: FabricsAddress) throws(HostError) {
    let machine = MachineFiles()
    guard
      let other = FabricsController.all(machine).first(where: { $0.subsystem == place.subsystem })
    else { return }
    let device = other.blockDevices()[place.namespace]
    throw HostError(
      place.text, "is connected already, as \(other.name) by \(other.transport)",
      remedy: (device.map { "test it as it is by device: /dev/\($0), or disconnect it: " } ?? "")
        + "nvme disconnect --device=\(other.name)")
  }

  /// A connection that came up after its caller had gone.
  @Sendable private static func dropLate(_ answer: FabricsNode.Answer, _ entry: ChangeEntry) {
    if case .connected = answer { _ = try? entry.undo() } else { entry.finish() }
  }

  private static func waitForDevice(
    _ controller: FabricsController, _ place: FabricsAddress, until end: Nanoseconds
  ) throws(HostError) -> String {
    let rest = { max(end - MonotonicClock.now(), .milliseconds(1)) }
    guard Patience.poll(for: rest(), { controller.state == "live" }) else {
      throw HostError(
        place.text, "is connected, but its controller is \(controller.state ?? "gone")",
        remedy: "the target may be overloaded; `dmesg` tells")
    }
    let active = try NVMeAdmin(path: "/dev/\(controller.name)").activeNamespaces()
    guard active.contains(place.namespace) else {
      let list = active.prefix(8).map { String($0) }.joined(separator: ", ")
      throw HostError(
        place.text, "the subsystem has no namespace \(place.namespace)",
        remedy: active.isEmpty
          ? "it has none at all: enable one at the target"
          : "it has \(list)\(active.count > 8 ? ", ..." : "")")
    }
    var path = ""
    let isThere = Patience.poll(for: rest()) {
      path = controller.blockDevices()[place.namespace].map { "/dev/\($0)" } ?? ""
      return Files.exists(path)
    }
    guard isThere else {
      throw HostError(
        place.text,
        path.isEmpty
          ? "no block device came of namespace \(place.namespace)" : "\(path) is not in /dev",
        remedy: path.isEmpty ? "`dmesg` tells why" : "is udev running?")
    }
    return path
  }
}

/// /dev/nvme-fabrics.
enum FabricsNode {
  /// What came of a connect.
  enum Answer: Sendable {
    /// The controller's name.
    case connected(String)
    /// errno.
    case refused(Int32)
  }

  private static let path = "/dev/nvme-fabrics"

  static func open(_ place: FabricsAddress) throws(HostError) -> Int32 {
    let file = cl_open(path, O_RDWR | Int32(CL_O_CLOEXEC), 0)
    if file >= 0 { return file }
    switch errno {
    case ENOENT, ENODEV:
      throw HostError(
        path, "is not there: this kernel has no NVMe over Fabrics initiator loaded",
        remedy: "modprobe nvme-\(place.transport.rawValue)")
    case EACCES, EPERM:
      throw HostError(
        path, "cannot be opened: connecting by the kernel needs root",
        remedy: "run as root, or use initiator: user-space")
    case let code: throw .refused(path, "open it", code: code)
    }
  }

  /// Writes the options, which connects, and reads `instance=3,cntlid=1` back; closes the file.
  static func connect(_ file: Int32, _ options: String) -> Answer {
    defer { close(file) }
    while write(file, options, options.utf8.count) < 0 {
      guard errno == EINTR else { return .refused(errno) }
    }
    guard let answer = Files.bytes(descriptor: file) else { return .refused(errno) }
    return name(in: String(decoding: answer, as: UTF8.self)).map { .connected($0) }
      ?? .refused(EPROTO)
  }

  /// The controller that `instance=3,cntlid=1` names.
  static func name(in answer: String) -> String? {
    let fields = answer.split { $0 == "," || $0.isWhitespace }
    let instance = fields.first { $0.hasPrefix("instance=") }
    return instance.flatMap { Int($0.dropFirst(9)) }.flatMap { $0 < 0 ? nil : "nvme\($0)" }
  }
}
