internal import CLinux
internal import Foundation
internal import Glibc
internal import Host
internal import Measure

/// A control plane of `scripts/lab control-plane up`, for as long as this process holds it.
///
/// The script brings all down and removes its folder when its standard input ends, so that nothing
/// is left however this process ends.
final class LabControlPlane: @unchecked Sendable {
  // Safe: nothing changes after init but the process, which is stopped once, by the owner.
  /// What the script prints.
  struct Description: Decodable {
    struct Component: Codable {
      var pid: Int32
      var flags: [String]
    }

    var url: String
    var tokenFile: String
    var ca: String
    var etcd: String
    var folder: String
    var readySeconds: Double
    var versions: [String: String]
    var components: [String: Component]

    private enum CodingKeys: String, CodingKey {
      case url, ca, etcd, folder, versions, components
      case tokenFile = "token-file"
      case readySeconds = "ready-seconds"
    }
  }

  let description: Description
  /// Where its API server answers.
  let access: ControlPlaneAccess
  private let process: pid_t
  /// Stays open, so that the script can go on saying things.
  private let output: Int32
  /// What the script holds on to: its input's other end.
  private var input: Int32

  /// Starts one; waits until it is ready, some ten seconds, or minutes more if it is to be built.
  ///
  /// - Parameters:
  ///   - script: `scripts/lab`.
  ///   - limits: client limits of controllers and scheduler.
  ///   - flags: options of `control-plane up` besides.
  ///   - tell: is given what the script says meanwhile.
  /// - Throws: ``CalibrationError`` when there is no script or it fails, with its last words.
  init(
    script: String, limits: ControlPlaneExperiment.ClientLimits?, flags: [String] = [],
    tell: (String) -> Void = { _ in }
  ) throws(CalibrationError) {
    var words = [script, "control-plane", "up", "--hold"] + flags
    if let limits {
      for component in ["--controller-manager", "--scheduler"] {
        words += [component, "--kube-api-qps=\(limits.queriesPerSecond)"]
        words += [component, "--kube-api-burst=\(limits.burst)"]
      }
    }
    let (inputs, outputs) = (try Self.pipe(), try Self.pipe())
    defer { close(inputs.read) }
    do throws(ChildProcess.StartFailure) {
      process = try ChildProcess.start(words, input: inputs.read, output: outputs.write)
    } catch {
      for end in [inputs.write, outputs.read, outputs.write] { close(end) }
      throw CalibrationError(
        .unavailable, "\(script) cannot be started: \(error.reason)",
        hint: "run from a checkout of Assay, or give --url, --token-file and --ca of a running one")
    }
    close(outputs.write)
    (input, output) = (inputs.write, outputs.read)
    let said = Self.read(output, tell)
    guard let description = try? JSONDecoder().decode(Description.self, from: said.document),
      let token = try? String(contentsOfFile: description.tokenFile, encoding: .utf8)
    else {
      close(input)
      // Its words need their pipe until it has cleaned up.
      while waitpid(process, nil, 0) < 0, errno == EINTR {}
      close(output)
      if cl_stop_requested() != 0 { throw CalibrationError.interrupted }
      throw CalibrationError(
        .unavailable, "\(script) control-plane up failed:\n" + said.words.joined(separator: "\n"),
        hint: "`scripts/lab control-plane prepare` builds it; `up FOLDER` starts it by itself")
    }
    self.description = description
    access = ControlPlaneAccess(
      url: description.url, token: token.trimmingCharacters(in: .whitespacesAndNewlines),
      authority: description.ca)
  }

  /// A pipe that other programs do not get, save as what they are given.
  private static func pipe() throws(CalibrationError) -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    guard cl_pipe(&ends) == 0 else {
      throw CalibrationError(.io, "no pipe: \(String(cString: strerror(errno)))")
    }
    _ = fcntl(ends[0], F_SETFL, 0)  // The script shall wait for its input's end.
    return (ends[0], ends[1])
  }

  /// Reads lines up to the end of the document that jq printed, or of all, or until the user stops;
  /// the others are words.
  private static func read(
    _ output: Int32, _ tell: (String) -> Void
  ) -> (document: Data, words: [String]) {
    var (pending, document, words) = (Data(), Data(), [String]())
    var buffer = [UInt8](repeating: 0, count: 4096)
    while cl_stop_requested() == 0 {
      guard cl_wait_readable(output, 200_000_000) != 0 else { continue }
      let count = Glibc.read(output, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      pending += buffer[..<count]
      while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: pending[..<end], as: UTF8.self)
        pending = Data(pending[(end + 1)...])
        if !document.isEmpty || line == "{" {
          document += Data(line.utf8)
          if line == "}" { return (document, words) }
        } else {
          words = words.suffix(9) + [line]
          tell(line)
        }
      }
    }
    return (Data(), words)
  }

  /// Brings it down and waits until it is gone.
  func stop() {
    guard input >= 0 else { return }
    close(input)
    input = -1
    defer { close(output) }
    while waitpid(process, nil, 0) < 0, errno == EINTR {}
  }

  deinit { stop() }

  /// The process number of a component now; it changes when one is started again.
  func processNumber(_ component: String) -> Int32? {
    let path = "\(description.folder)/\(component).pid"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    return Int32(text.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  /// Kills a component; the script starts it again.
  func killComponent(_ component: String) throws {
    guard let number = processNumber(component), kill(number, SIGKILL) == 0 else {
      throw CalibrationError(.failed, "\(component) is not there to be killed")
    }
  }

  /// CPU time that each component has used since it started.
  func cpuTimes() -> [String: Nanoseconds] {
    description.components.keys.reduce(into: [:]) { times, name in
      times[name] = processNumber(name).flatMap(ChildProcess.cpuTime)
    }
  }
}
