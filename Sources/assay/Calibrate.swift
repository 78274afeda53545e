import ArgumentParser
import CLinux
import Calibration
import Foundation
import Ledger
import Measure

/// `assay calibrate`.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Measure real parts of a control plane, for the simulator to be fitted on.",
    subcommands: [CalibrateEtcdCommand.self, CalibrateControlPlaneCommand.self])
}

/// `assay calibrate etcd`.
struct CalibrateEtcdCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "etcd",
    abstract: "Measure a real etcd on this machine's file systems.",
    discussion: """
      Starts etcd on loopback, one cluster a measurement, and drives it over gRPC: closed loops of \
      puts and reads, open loops at parts of the largest rate, losses of the leader. Beside it the \
      file system's own write and fdatasync are timed, and who used the processors. A measurement \
      in which others used more than 5 % of a core is repeated, then marked noisy and not for \
      fitting; if a point has no other, the command ends with 3. \
      Takes about an hour by itself; --quick takes one minute. \
      Ctrl-C leaves neither a process nor data behind.

        assay calibrate etcd --quick
        assay calibrate etcd --data /var/tmp --data /dev/shm --output etcd.json
      """)

  @Option(help: ArgumentHelp("The etcd to start.", valueName: "file"))
  var etcd: String?

  @Option(
    help: ArgumentHelp(
      "A folder on the file system to measure, several times for several. (default: this folder)",
      valueName: "folder"))
  var data: [String] = []

  @Option(help: ArgumentHelp("Write the calibration to this file.", valueName: "file"))
  var output: String?

  @Option(help: ArgumentHelp("Sizes of clusters, as in 1,3,5.", valueName: "list"))
  var members: String?

  @Option(help: ArgumentHelp("Clients of closed loops of puts.", valueName: "list"))
  var clients: String?

  @Option(help: ArgumentHelp("Clients of closed loops of reads, or none.", valueName: "list"))
  var readers: String?

  @Option(help: ArgumentHelp("Sizes of values, 64B to 64KiB.", valueName: "list"))
  var values: String?

  @Option(
    help: ArgumentHelp(
      "Open loops, as parts of the largest rate of closed ones, or none.", valueName: "list"))
  var open: String?

  @Option(help: ArgumentHelp("How long to measure at a time.", valueName: "time"))
  var window: String?

  @Option(help: ArgumentHelp("How often to measure each point.", valueName: "count"))
  var repetitions: Int?

  @Option(
    help: ArgumentHelp(
      "Losses of the leader of each kind of cluster; 0 for none.", valueName: "count"))
  var elections: Int?

  @Option(help: "How leaders are lost: stop (SIGSTOP) or kill (SIGKILL).")
  var loss: String = ElectionSettings.Loss.stop.rawValue

  @Flag(help: "Only losses of leaders.")
  var onlyElections = false

  @Flag(help: "1 and 64 clients, windows of 2 s, one repetition.")
  var quick = false

  @Option(help: ArgumentHelp("How often to measure a noisy point again.", valueName: "count"))
  var retries: Int?

  @Flag(help: "Do not measure noisy points again, and let them count.")
  var despiteNoise = false

  @Option(
    help: ArgumentHelp(
      "First of a row of ports for members; free ones by default.", valueName: "port"))
  var port = 0

  @Option(help: "From which order, keys and arrivals derive; without it, one is drawn.")
  var seed: UInt64?

  @Flag(help: "Print the calibration as JSON instead of a table.")
  var json = false

  func run() async throws {
    cl_install_stop_signals()
    do {
      let program = try EtcdProgram.find(at: etcd)
      let settings = try settings()
      let calibrator = try EtcdCalibrator(
        program, settings, version: Assay.version, tell: { Output.note($0) })
      if let output { try CalibrationFile.check(output) }
      Output.note(
        "etcd \(program.version) at \(program.path); about \(Output.clock(settings.estimate)), "
          + "longer where others use the processors")
      let calibration = try await calibrator.run(startedAt: WallClock.now())
      let text = try calibration.text()
      if let output { try Output.write(text, to: output) }
      Output.result(json ? text : calibration.table)
      if !calibration.isComplete { throw ExitStatus.invalid.exit }
    } catch let error as CalibrationError {
      throw Output.fail([error.description], ExitStatus(error.kind))
    }
  }

  private func settings() throws(CalibrationError) -> EtcdCalibrationSettings {
    var settings = EtcdCalibrationSettings(
      places: (data.isEmpty ? ["."] : data).map(Self.absolute), seed: seed ?? FreshSeed.draw())
    if quick { settings.quicken() }
    settings.despiteNoise = despiteNoise
    settings.basePort = port
    settings.members = try Self.list(members, "--members", Int.init) ?? settings.members
    settings.clients = try Self.list(clients, "--clients", Int.init) ?? settings.clients
    settings.readers = try Self.list(readers, "--readers", Int.init) ?? settings.readers
    settings.valueSizes =
      try Self.list(values, "--values") { try? QuantityText.size($0) } ?? settings.valueSizes
    settings.openLoops =
      try Self.list(open, "--open") { try? QuantityText.share($0) } ?? settings.openLoops
    if let window {
      guard let span = try? QuantityText.duration(window) else {
        throw CalibrationError(.usage, "--window \(window): a time is due, such as 10s")
      }
      settings.window = span
    }
    settings.repetitions = repetitions ?? settings.repetitions
    settings.retries = retries ?? settings.retries
    settings.elections.trials = elections ?? settings.elections.trials
    guard let loss = ElectionSettings.Loss(rawValue: loss) else {
      let near = NearestWord.of(loss, in: ElectionSettings.Loss.allCases.map(\.rawValue))
      throw CalibrationError(
        .usage, "--loss \(loss): stop or kill is due", hint: near.map { "did you mean \($0)?" })
    }
    settings.elections.loss = loss
    if onlyElections { (settings.clients, settings.readers) = ([], []) }
    return settings
  }

  /// Reads `1,2,4`, or `none`; nil where the option is not given.
  private static func list<Value>(
    _ text: String?, _ option: String, _ read: (String) -> Value?
  ) throws(CalibrationError) -> [Value]? {
    guard let text else { return nil }
    if text == "none" { return [] }
    var values: [Value] = []
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let value = read(String(word)) else {
        throw CalibrationError(
          .usage, "\(option) \(text): \"\(word)\" is none",
          hint: "values are parted by commas; `assay calibrate etcd --help` shows them")
      }
      values.append(value)
    }
    return values
  }

  private static func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }
}
