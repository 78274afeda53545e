internal import Foundation
internal import Host
public import Measure

/// How the members of an etcd are started.
public struct EtcdClusterSettings: Hashable, Codable, Sendable {
  /// How many members there are.
  public var members: Int
  /// The time between two heartbeats, one tick of raft.
  public var heartbeat: Nanoseconds
  /// Without a heartbeat for this long, and up to as long again, a follower stands for election.
  public var electionTimeout: Nanoseconds
  /// Whether a follower asks for votes before it raises the term.
  public var preVote: Bool

  enum CodingKeys: String, CodingKey {
    case members
    case heartbeat = "heartbeatNs"
    case electionTimeout = "electionTimeoutNs"
    case preVote
  }

  /// Makes settings; times and pre-vote are etcd 3.4's defaults.
  public init(
    members: Int, heartbeat: Nanoseconds = .milliseconds(100),
    electionTimeout: Nanoseconds = .milliseconds(1000), preVote: Bool = false
  ) {
    self.members = members
    self.heartbeat = heartbeat
    self.electionTimeout = electionTimeout
    self.preVote = preVote
  }
}

/// A real etcd on loopback: one process a member, with their data in one folder.
struct EtcdCluster {
  struct Member: Sendable {
    let name: String
    let clientPort: Int
    let peerPort: Int
    var process: pid_t = 0
  }

  private(set) var members: [Member]
  let settings: EtcdClusterSettings
  private let program: EtcdProgram
  private let folder: String

  /// How long members may take until one leads: elections on a busy machine take several rounds.
  private static let patience = Nanoseconds.seconds(30)

  /// Starts all members in a folder that is there, and waits until one leads.
  ///
  /// `basePort` is the first of two ports a member, or 0 for free ones. Throws
  /// ``CalibrationError`` with the log's tail where a member ends or none leads.
  static func start(
    _ program: EtcdProgram, _ settings: EtcdClusterSettings, in folder: String, basePort: Int
  ) async throws -> EtcdCluster {
    let ports = try LoopbackPorts.choose(count: settings.members * 2, base: basePort)
    let members = (0..<settings.members).map { index in
      Member(name: "m\(index)", clientPort: ports[index * 2], peerPort: ports[index * 2 + 1])
    }
    var cluster = EtcdCluster(
      members: members, settings: settings, program: program, folder: folder)
    do {
      for index in members.indices { try cluster.start(index) }
      _ = try await cluster.leader()
    } catch {
      cluster.stop()
      throw error
    }
    return cluster
  }

  /// Starts one member, which may have run before.
  mutating func start(_ index: Int) throws(CalibrationError) {
    let member = members[index]
    let log = open(logPath(member), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard log >= 0 else {
      throw CalibrationError(.io, "\(logPath(member)): \(String(cString: strerror(errno)))")
    }
    defer { close(log) }
    do throws(ChildProcess.StartFailure) {
      // Variables named ETCD_... would go before these words.
      members[index].process = try ChildProcess.start(
        words(member), output: log, isInherited: { !$0.hasPrefix("ETCD_") })
    } catch {
      throw CalibrationError(.unavailable, "\(program.path) cannot be started: \(error.reason)")
    }
  }

  /// Kills all members, stopped ones too, and takes their exit statuses.
  mutating func stop() {
    for index in members.indices { stop(index) }
  }

  /// Kills one member.
  mutating func stop(_ index: Int) {
    let process = members[index].process
    guard process > 0 else { return }
    kill(process, SIGKILL)
    while waitpid(process, nil, 0) < 0, errno == EINTR {}
    members[index].process = 0
  }

  /// Sends a signal to one member.
  func signal(_ index: Int, _ number: Int32) { kill(members[index].process, number) }

  /// CPU time that all members together have used.
  var cpuTime: Nanoseconds {
    members.reduce(.zero) { sum, member in
      sum + (member.process > 0 ? ChildProcess.cpuTime(of: member.process) ?? .zero : .zero)
    }
  }

  /// Waits until all members follow one leader, and gives its place.
  ///
  /// - Throws: ``CalibrationError`` when a member has ended, or none leads in time.
  func leader() async throws -> Int {
    let deadline = MonotonicClock.now() + Self.patience
    while MonotonicClock.now() < deadline {
      try StopRequest.check()
      try checkAlive()
      let readings = await readings()
      let leaders = readings.indices.filter { readings[$0]?["etcd_server_is_leader"] == 1 }
      let following = readings.count { $0?["etcd_server_has_leader"] == 1 }
      if leaders.count == 1, following == members.count { return leaders[0] }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw CalibrationError(
      .failed,
      "etcd has no leader after \(Int(Self.patience.inSeconds)) s; the log of "
        + "\(members[0].name) ends with:\n" + logTail(members[0]))
  }

  /// What each member says of itself; nil for one that does not answer.
  private func readings() async -> [EtcdMetrics?] {
    var readings: [EtcdMetrics?] = []
    for member in members {
      readings.append(try? await EtcdMetrics.read(port: member.clientPort, within: 1))
    }
    return readings
  }

  /// Looks whether every member still runs.
  ///
  /// - Throws: ``CalibrationError`` with the tail of the log of the first that does not.
  func checkAlive() throws(CalibrationError) {
    for member in members where member.process > 0 {
      var status = siginfo_t()
      // Left to be reaped by `stop`.
      guard
        waitid(P_PID, id_t(member.process), &status, WEXITED | WNOHANG | WNOWAIT) == 0,
        status.si_code != 0
      else { continue }
      let isExit = status.si_code == CLD_EXITED
      throw CalibrationError(
        .failed,
        "etcd member \(member.name) \(isExit ? "exited with" : "was ended by signal") "
          + "\(status._sifields._sigchld.si_status); its log ends with:\n" + logTail(member))
    }
  }

  /// What the user is told of an error in the middle: that a member has ended, if so.
  func explained(_ error: any Error, during what: String) async -> CalibrationError {
    if let error = error as? CalibrationError { return error }
    if StopRequest.isMade { return .interrupted }
    // A connection ends a moment before the process is gone.
    try? await Task.sleep(for: .milliseconds(300))
    do throws(CalibrationError) {
      try checkAlive()
    } catch {
      return error
    }
    return CalibrationError(.failed, "\(what): \(error)")
  }

  private func logPath(_ member: Member) -> String { "\(folder)/\(member.name).log" }

  private func logTail(_ member: Member) -> String {
    let text = (try? String(contentsOfFile: logPath(member), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").suffix(8).map { "    \($0.prefix(240))" }
      .joined(separator: "\n")
  }

  private func words(_ member: Member) -> [String] {
    let url = { (port: Int) in "http://127.0.0.1:\(port)" }
    let milliseconds = { (span: Nanoseconds) in String(span.count / 1_000_000) }
    return [
      program.path, "--name=\(member.name)", "--data-dir=\(folder)/\(member.name)",
      "--listen-client-urls=\(url(member.clientPort))",
      "--advertise-client-urls=\(url(member.clientPort))",
      "--listen-peer-urls=\(url(member.peerPort))",
      "--initial-advertise-peer-urls=\(url(member.peerPort))",
      "--initial-cluster="
        + members.map { "\($0.name)=\(url($0.peerPort))" }.joined(separator: ","),
      "--initial-cluster-state=new", "--initial-cluster-token=assay",
      "--heartbeat-interval=\(milliseconds(settings.heartbeat))",
      "--election-timeout=\(milliseconds(settings.electionTimeout))",
      "--pre-vote=\(settings.preVote)",
      // Above what a trial writes, so that none runs into etcd's default of 2 GiB.
      "--quota-backend-bytes=\(8 << 30)",
    ]
  }
}

/// Ports of 127.0.0.1 on which nobody listens.
enum LoopbackPorts {
  /// Gives ports in a row from `base`, or for 0 any that the kernel has free.
  ///
  /// - Throws: ``CalibrationError`` where one of the row is taken.
  static func choose(count: Int, base: Int) throws(CalibrationError) -> [Int] {
    var sockets: [Int32] = []
    defer { for socket in sockets { close(socket) } }
    var ports: [Int] = []
    for index in 0..<count {
      let wanted = base == 0 ? 0 : base + index
      let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      sockets.append(socket)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = UInt16(wanted).bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      var yes: Int32 = 1
      // Ports of connections that ended a moment ago are free to etcd too.
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
      let isFree = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
        }
      }
      guard isFree else {
        throw CalibrationError(
          .unavailable, "port \(wanted) of 127.0.0.1: \(String(cString: strerror(errno)))",
          hint: "leave --port out for free ones, or name the first of \(count) free ones in a row")
      }
      ports.append(Int(UInt16(bigEndian: address.sin_port)))
    }
    return ports
  }
}
