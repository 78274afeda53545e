public import CLinux
internal import Glibc
public import Measure

/// Starting, signalling and reaping of other programs.
///
/// Each runs in a process group of its own, so that a Ctrl-C meant for Assay does not reach it,
/// and with no signal blocked or ignored.
public enum ChildProcess {
  /// Why a program could not be started.
  public struct StartFailure: Error, Sendable {
    /// errno of posix_spawnp(3).
    public let code: Int32
    /// strerror(3)'s words for it.
    public var reason: String { String(cString: strerror(code)) }
  }

  /// Starts a program; PATH is searched unless it is named by a path.
  ///
  /// - Parameters:
  ///   - words: the program and its arguments.
  ///   - folder: its working folder; this process's own for nil.
  ///   - input: a descriptor that becomes its stdin; /dev/null for nil.
  ///   - output: a descriptor that becomes its stdout and stderr.
  ///   - isInherited: whether it gets a variable of this process's environment, by name.
  /// - Returns: the process's number.
  /// - Throws: ``StartFailure``, as posix_spawnp(3) says it.
  public static func start(
    _ words: [String], in folder: String? = nil, input: Int32? = nil, output: Int32,
    isInherited: (Substring) -> Bool = { _ in true }
  ) throws(StartFailure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)
    if let folder { cl_spawn_in(&actions, folder) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var process: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    var variables: [UnsafeMutablePointer<CChar>?] = inherited(isInherited).map { strdup($0) }
    variables.append(nil)
    defer { for text in arguments + variables { free(text) } }
    let code = posix_spawnp(&process, words[0], &actions, &attributes, arguments, variables)
    guard code == 0 else { throw StartFailure(code: code) }
    return process
  }

  /// CPU time that a process has used with all its threads; nil when there is none of that number.
  ///
  /// In nanoseconds, by clock_getcpuclockid(3): the ticks of /proc/PID/stat are of 10 ms.
  public static func cpuTime(of process: pid_t) -> Nanoseconds? {
    let time = cl_cpu_ns_of(process)
    return time < 0 ? nil : Nanoseconds(time)
  }

  private static func inherited(_ wanted: (Substring) -> Bool) -> [String] {
    var variables: [String] = []
    var next = environ
    while let text = next.pointee {
      let variable = String(cString: text)
      if wanted(variable.prefix { $0 != "=" }) { variables.append(variable) }
      next += 1
    }
    return variables
  }
}
