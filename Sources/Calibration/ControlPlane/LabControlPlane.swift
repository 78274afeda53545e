internal import Foundation
internal import Measure

/// A control plane of `scripts/lab control-plane up`, for as long as this process holds it.
///
/// The script brings all down and removes its folder when its standard input ends, so that nothing
/// is left however this process ends.
public final class LabControlPlane: @unchecked Sendable {
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
  public let access: ControlPlaneAccess
  private let process: Process
  private let input: Pipe

  /// Starts one; waits until it is ready, some ten seconds, or four minutes more to build it.
  ///
  /// Throws ``CalibrationError`` when there is no script or it fails; its own words go to stderr.
  public init(
    script: String, limits: ControlPlaneExperiment.ClientLimits?, extraFlags: [String] = []
  ) throws {
    process = Process()
    process.executableURL = URL(fileURLWithPath: script)
    var words = ["control-plane", "up", "--hold"] + extraFlags
    if let limits {
      for component in ["--controller-manager", "--scheduler"] {
        words += [component, "--kube-api-qps=\(limits.queriesPerSecond)"]
        words += [component, "--kube-api-burst=\(limits.burst)"]
      }
    }
    process.arguments = words
    input = Pipe()
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    do {
      try process.run()
    } catch {
      throw CalibrationError(
        .unavailable, "\(script) cannot be started: \(error.localizedDescription)",
        hint: "run from a checkout of Assay, or give --url, --token-file and --ca of a running one")
    }
    // The pipe's other end is the script's alone: end of file is its document's end or its death.
    var document = Data()
    while let chunk = try output.fileHandleForReading.read(upToCount: 1 << 16), !chunk.isEmpty {
      document += chunk
      if document.suffix(2) == Data("}\n".utf8) { break }
    }
    guard let description = try? JSONDecoder().decode(Description.self, from: document) else {
      process.waitUntilExit()
      throw CalibrationError(
        .unavailable, "\(script) control-plane up ended with \(process.terminationStatus)",
        hint: "what it says above; `scripts/lab control-plane prepare` builds it")
    }
    self.description = description
    let token = try String(contentsOfFile: description.tokenFile, encoding: .utf8)
    access = ControlPlaneAccess(
      url: description.url, token: token.trimmingCharacters(in: .whitespacesAndNewlines),
      authority: description.ca)
  }

  /// Brings it down and waits until it is gone.
  public func stop() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  deinit { if process.isRunning { stop() } }

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
      guard let number = processNumber(name) else { return }
      times[name] = Self.cpuTime(number)
    }
  }

  /// utime + stime of /proc/PID/stat, in ticks of 10 ms (proc(5)); nil when it is gone.
  private static func cpuTime(_ process: Int32) -> Nanoseconds? {
    guard let line = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let end = line.lastIndex(of: ")")
    else { return nil }
    let fields = line[end...].split(separator: " ")
    guard fields.count > 13, let user = Int64(fields[12]), let system = Int64(fields[13]) else {
      return nil
    }
    return .milliseconds((user + system) * 10)
  }
}
