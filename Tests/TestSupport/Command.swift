public import Foundation

/// Runs other programs for a test: in the foreground with their output, or in the background.
///
/// A program is named without its path; PATH is searched, then /usr/sbin and /sbin, so that
/// `losetup` is found for an ordinary user too.
public enum Command {
  /// What is left of a program that has ended.
  public struct Result: Sendable, CustomStringConvertible {
    /// The words it was started with.
    public let words: [String]
    /// Exit status, or 128 + the number of the signal which ended it, as a shell has it.
    public let status: Int32
    /// What it wrote to its standard output.
    public let stdout: String
    /// What it wrote to its standard error.
    public let stderr: String

    /// The command, its status and its output, for a failed expectation.
    public var description: String {
      "\(words.joined(separator: " ")): exit status \(status)\n\(stdout)\(stderr)"
    }

    /// Gives the result back if the status is 0.
    ///
    /// - Throws: `Failure` with the whole output if not.
    @discardableResult public func checked() throws -> Result {
      guard status == 0 else { throw Failure(description: description) }
      return self
    }
  }

  /// A program which is missing or did not end well.
  public struct Failure: Error, CustomStringConvertible {
    /// What went wrong, with the program's own words.
    public let description: String
  }

  /// Where a program lies, or nil if this machine has not got it.
  public static func path(of tool: String) -> String? {
    if tool.contains("/") { return tool }
    let search = ProcessInfo.processInfo.environment["PATH"] ?? ""
    // Named as [String]: left to inference these are slices of characters, and no path.
    let folders: [String] = search.split(separator: ":").map(String.init)
    for folder in folders + ["/usr/sbin", "/sbin"] {
      let candidate = "\(folder)/\(tool)"
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    }
    return nil
  }

  /// Runs a program to its end.
  ///
  /// - Parameters:
  ///   - words: the program and its arguments.
  ///   - input: what it reads from its standard input; nothing by default.
  ///   - environment: variables to add to, or replace in, this process's own.
  ///   - folder: the working directory; this process's own by default.
  /// - Returns: its status and output, whatever the status is.
  /// - Throws: `Failure` if there is no such program.
  @discardableResult public static func run(
    _ words: [String], input: String = "", environment: [String: String] = [:],
    folder: String? = nil
  ) throws -> Result {
    try start(words, input: input, environment: environment, folder: folder).wait()
  }

  /// Starts a program and goes on; the parameters are those of `run`.
  ///
  /// - Throws: `Failure` if there is no such program.
  public static func start(
    _ words: [String], input: String = "", environment: [String: String] = [:],
    folder: String? = nil
  ) throws -> BackgroundCommand {
    guard let name = words.first, let program = path(of: name) else {
      throw Failure(description: "no program \(words.first ?? "named") on this machine")
    }
    let process = Process()
    // A shell's background job ignores SIGINT and so would all it starts; env undoes that, then
    // becomes the program (same process).
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["--default-signal", program] + words.dropFirst()
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    return try BackgroundCommand(process, words: words, input: input)
  }
}

/// A program that runs beside the test; it is killed when the test drops this value.
public final class BackgroundCommand {
  /// The words it was started with.
  public let words: [String]
  private let process: Process
  /// Holds its input and output: files never fill up as pipes do, and can be read while it runs.
  private let files: TemporaryFolder

  fileprivate init(_ process: Process, words: [String], input: String) throws {
    self.process = process
    self.words = words
    files = try TemporaryFolder()
    try files.write(input, to: "stdin")
    try files.write("", to: "stdout")
    try files.write("", to: "stderr")
    process.standardInput = try FileHandle(forReadingFrom: files.url("stdin"))
    process.standardOutput = try FileHandle(forWritingTo: files.url("stdout"))
    process.standardError = try FileHandle(forWritingTo: files.url("stderr"))
    try process.run()
  }

  deinit {
    kill(SIGKILL)
  }

  /// The process's number.
  public var id: Int32 { process.processIdentifier }

  /// Whether it has not ended yet.
  public var isRunning: Bool { process.isRunning }

  /// What it wrote to its standard output so far.
  public var stdout: String { (try? files.read("stdout")) ?? "" }

  /// What it wrote to its standard error so far.
  public var stderr: String { (try? files.read("stderr")) ?? "" }

  /// Sends a signal, SIGTERM unless told otherwise; nothing if it has ended.
  public func kill(_ signal: Int32 = SIGTERM) {
    if process.isRunning { Foundation.kill(process.processIdentifier, signal) }
  }

  /// Waits for its end.
  @discardableResult public func wait() -> Command.Result {
    process.waitUntilExit()
    let signalled = process.terminationReason == .uncaughtSignal
    return .init(
      words: words, status: process.terminationStatus + (signalled ? 128 : 0),
      stdout: stdout, stderr: stderr)
  }

  /// Waits until its output (both streams) contains `text`.
  ///
  /// - Throws: `Command.Failure` if it ends first, or after `seconds`.
  public func wait(for text: String, seconds: Double = 10) throws {
    for _ in 0..<Int(seconds * 100) {
      let running = isRunning
      if stdout.contains(text) || stderr.contains(text) { return }
      if !running { break }
      Thread.sleep(forTimeInterval: 0.01)
    }
    throw Command.Failure(
      description: "\(words.joined(separator: " ")) never wrote '\(text)'\n\(stdout)\(stderr)")
  }
}
