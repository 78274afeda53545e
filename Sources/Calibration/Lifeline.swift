internal import CLinux
internal import Foundation
internal import Host

/// A temporary folder that is gone, with every program started in it, when this process is.
///
/// However it ends: a small shell waits at a pipe that this process holds open. When the pipe
/// closes, the shell kills the processes whose command line names the folder, and removes it.
final class Lifeline {
  /// The folder, for data and logs.
  let folder: String
  private let guardian: pid_t
  private var pipeEnd: Int32

  /// What the shell does.
  ///
  /// `$1` is the folder. grep's own process is not in the list, which is made before it starts.
  private static let script = """
    read -r _
    for process in /proc/[0-9]*; do
      if grep -qsF -- "$1/" "$process/cmdline"; then kill -9 "${process#/proc/}"; fi
    done
    tries=0
    until rm -rf -- "$1" 2>/dev/null || [ $tries -gt 50 ]; do
      sleep 0.1
      tries=$((tries + 1))
    done
    """

  /// Makes the folder within `parent` and starts the shell.
  init(in parent: String, prefix: String) throws(CalibrationError) {
    var template = Array("\(parent)/\(prefix)-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      let reason = String(cString: strerror(errno))
      throw CalibrationError(
        .io, "\(parent): cannot make a folder here: \(reason)",
        hint: "name another with --data, on the file system that is to be measured")
    }
    folder = template.withUnsafeBufferPointer { String(cString: $0.baseAddress.unsafelyUnwrapped) }
    var ends: [Int32] = [-1, -1]
    let silence = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(silence) }
    guard cl_pipe(&ends) == 0, silence >= 0 else {
      rmdir(folder)
      throw CalibrationError(.io, "no pipe: \(String(cString: strerror(errno)))")
    }
    // The reader shall wait; of its own ends the pipe's first does not block.
    _ = fcntl(ends[0], F_SETFL, 0)
    pipeEnd = ends[1]
    defer { close(ends[0]) }
    do throws(ChildProcess.StartFailure) {
      guardian = try ChildProcess.start(
        ["/bin/sh", "-c", Self.script, "assay-lifeline", folder], input: ends[0], output: silence)
    } catch {
      close(ends[1])
      rmdir(folder)
      throw CalibrationError(.unavailable, "/bin/sh cannot be started: \(error.reason)")
    }
  }

  /// Kills what is left in the folder and removes it; waits until that is done.
  func cut() {
    guard pipeEnd >= 0 else { return }
    close(pipeEnd)
    pipeEnd = -1
    while waitpid(guardian, nil, 0) < 0, errno == EINTR {}
  }

  deinit { cut() }
}
