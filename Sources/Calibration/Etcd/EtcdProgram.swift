internal import CLinux
internal import Foundation
internal import Host

/// The etcd that is calibrated: a program of this machine.
public struct EtcdProgram: Hashable, Codable, Sendable {
  /// Where it lies.
  public let path: String
  /// What it calls its version, as in 3.4.23.
  public let version: String

  /// Where scripts/setup unpacks Debian's etcd, which installed would start a service.
  static var cached: String {
    let environment = ProcessInfo.processInfo.environment
    let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache"
    return cache + "/assay/etcd/etcd"
  }

  /// Finds etcd: at `path` if one is given, else in PATH, else where scripts/setup unpacks it.
  ///
  /// Throws ``CalibrationError`` where there is none, or what is there does not answer --version.
  public static func find(at path: String?) throws(CalibrationError) -> EtcdProgram {
    guard let path else {
      let search = ProcessInfo.processInfo.environment["PATH"] ?? ""
      let places = search.split(separator: ":").map { "\($0)/etcd" } + [cached]
      guard let found = places.first(where: FileManager.default.isExecutableFile) else {
        throw CalibrationError(
          .unavailable, "no etcd in PATH, nor at \(cached)",
          hint: "`scripts/setup --calibrate` unpacks Debian's there, or name one with --etcd FILE")
      }
      return try examined(found)
    }
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw CalibrationError(
        .unavailable, "\(path) is no program", hint: "--etcd names etcd itself")
    }
    return try examined(path)
  }

  private static func examined(_ path: String) throws(CalibrationError) -> EtcdProgram {
    let text = try answer(of: [path, "--version"])
    guard let match = text.firstMatch(of: /etcd Version: (\S+)/) else {
      throw CalibrationError(
        .unavailable, "\(path) --version says no etcd version: \(text.prefix(200))",
        hint: "--etcd names etcd itself")
    }
    return EtcdProgram(path: path, version: String(match.1))
  }

  private static func answer(of words: [String]) throws(CalibrationError) -> String {
    var ends: [Int32] = [-1, -1]
    guard cl_pipe(&ends) == 0 else {
      throw CalibrationError(.io, "no pipe: \(String(cString: strerror(errno)))")
    }
    defer { close(ends[0]) }
    let process: pid_t
    do throws(ChildProcess.StartFailure) {
      process = try ChildProcess.start(words, output: ends[1])
      close(ends[1])
    } catch {
      close(ends[1])
      throw CalibrationError(.unavailable, "\(words[0]) cannot be started: \(error.reason)")
    }
    // What is printed fits into the pipe; one that does not end is no etcd.
    let handle = cl_pidfd_open(process)
    if cl_wait_readable(handle, 10_000_000_000) <= 0 { kill(process, SIGKILL) }
    close(handle)
    waitpid(process, nil, 0)
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(ends[0], &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }
}
