import ArgumentParser
import CLinux
import Calibration
import Foundation
import Ledger
import Measure
import Validation

/// `assay calibrate control-plane`.
struct CalibrateControlPlaneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "control-plane",
    abstract: "Measure a real Kubernetes control plane with nodes of our own.",
    discussion: """
      scripts/lab starts etcd, kube-apiserver, kube-controller-manager and kube-scheduler on \
      loopback, new for each experiment; nodes that exist to the control plane only join it, renew \
      their leases and report pods as running. All of the standard experiments take some ten \
      minutes; the first time four more, to build Kubernetes from Debian's source package. \
      Ctrl-C leaves nothing running. With --url, a control plane that runs already is used: nodes, \
      leases and pods of ours are removed at the end; do not point it at one that matters.

        assay calibrate control-plane --output control-plane.json
        assay calibrate control-plane --experiment leases --nodes 1000 --repetitions 5
        assay calibrate control-plane --fitting --output control-plane-calibration.json
        assay calibrate control-plane --output control-plane.json --resume
      """)

  @Option(
    help: ArgumentHelp(
      "Only this experiment, several times for several: "
        + ControlPlaneExperiment.standard.map(\.name).joined(separator: ", ") + ".",
      valueName: "name"),
    completion: .list(ControlPlaneExperiment.standard.map(\.name)), transform: Self.readName)
  var experiment: [String] = []

  @Flag(help: "The experiments that the simulator's costs are derived from, not the standard ones.")
  var fitting = false

  @Option(help: ArgumentHelp("Nodes, where the experiment has nodes.", valueName: "count"))
  var nodes: Int?

  @Option(help: ArgumentHelp("Pods of a deployment.", valueName: "count"))
  var pods: Int?

  @Option(help: ArgumentHelp("Clients that create pods.", valueName: "count"))
  var clients: Int?

  @Option(help: ArgumentHelp("Nodes that fail.", valueName: "count"))
  var failures: Int?

  @Option(help: ArgumentHelp("How long is measured, or waited at most.", valueName: "time"))
  var window: String?

  @Option(help: ArgumentHelp("How often each is repeated (3).", valueName: "count"))
  var repetitions: Int?

  @Option(help: "What phases and delays derive from; without it, one is drawn.")
  var seed: UInt64?

  @Option(help: ArgumentHelp("One more flag for kube-apiserver.", valueName: "flag"))
  var apiserver: [String] = []

  @Option(
    help: ArgumentHelp("An API server that runs already, https://HOST:PORT.", valueName: "url"))
  var url: String?

  @Option(help: ArgumentHelp("The file with the token for --url.", valueName: "file"))
  var tokenFile: String?

  @Option(help: ArgumentHelp("The certificates that --url is checked against.", valueName: "file"))
  var ca: String?

  @Option(help: ArgumentHelp("Write the result, JSON, to this file.", valueName: "file"))
  var output: String?

  @Flag(
    help: ArgumentHelp(
      "Keep what ended well in the file of --output, and do only the rest: missing and failed ones."
    ))
  var resume = false

  @Flag(help: "Print the result as JSON instead of a table.")
  var json = false

  @Sendable private static func readName(_ text: String) throws -> String {
    let names = all.map(\.name)
    if names.contains(text) { return text }
    let near = NearestWord.of(text, in: names).map { " Did you mean '\($0)'?" } ?? ""
    throw ValidationError("There is no experiment '\(text)'.\(near)")
  }

  private static let all = ControlPlaneExperiment.standard + ControlPlaneExperiment.fitting

  func run() async throws {
    cl_install_stop_signals()
    do {
      let calibration = ControlPlaneCalibration(try target()) { Output.note($0) }
      var record = try begun()
      for (name, experiment) in try experiments() {
        if record.has(name, experiment) { continue }
        let report = try await calibration.run(name, experiment)
        if !json { Output.result(report.table) }
        record.take(report)
        // After each: what was measured is not lost when a later one fails.
        if let output { try Output.write(try record.text(), to: output) }
      }
      if json { Output.result(try record.text()) }
      if record.reports.contains(where: { $0.failure != nil }) { throw ExitStatus.failed.exit }
    } catch let error as CalibrationError {
      throw Output.fail([error.description], ExitStatus(error.kind))
    }
  }

  /// A new record, or the one that is to be completed.
  private func begun() throws -> ControlPlaneRecord {
    let fresh = ControlPlaneRecord(toolVersion: Assay.version)
    guard resume else { return fresh }
    guard let output else {
      throw CalibrationError(.usage, "--resume needs --output, the file to complete")
    }
    let record = try ReferenceFile.controlPlane(at: output, output)
    let differing = Baseline.differing(fresh.machine, record.machine)
    guard differing.isEmpty else {
      throw CalibrationError(
        .data,
        "\(output) is of another machine: " + differing.map { $0.sentence }.joined(separator: "; "),
        hint: "measure all anew, without --resume")
    }
    return record
  }

  private func experiments() throws(CalibrationError) -> [(String, ControlPlaneExperiment)] {
    let usual = fitting ? ControlPlaneExperiment.fitting : ControlPlaneExperiment.standard
    let chosen =
      experiment.isEmpty
      ? usual.filter { url == nil || $0.experiment.kind != .apiServerRestart }
      : Self.all.filter { experiment.contains($0.name) }
    let seed = seed ?? FreshSeed.draw()
    return try chosen.map { name, standard throws(CalibrationError) in
      var experiment = standard
      experiment.seed = seed
      experiment.repetitions = repetitions ?? experiment.repetitions
      if experiment.nodes > 0 { experiment.nodes = nodes ?? experiment.nodes }
      if experiment.pods > 0 { experiment.pods = pods ?? experiment.pods }
      if experiment.clients > 0 { experiment.clients = clients ?? experiment.clients }
      if experiment.failures > 0 { experiment.failures = failures ?? experiment.failures }
      if let window {
        guard let span = try? QuantityText.duration(window) else {
          throw CalibrationError(.usage, "--window \(window): a time is due, such as 30s")
        }
        experiment.window = span
      }
      return (name, experiment)
    }
  }

  private func target() throws(CalibrationError) -> ControlPlaneCalibration.Target {
    guard let url else {
      return .lab(
        script: try Self.labScript(), flags: apiserver.flatMap { ["--apiserver", $0] })
    }
    guard let tokenFile, let ca else {
      throw CalibrationError(.usage, "--url needs --token-file and --ca too")
    }
    guard let token = try? String(contentsOfFile: tokenFile, encoding: .utf8) else {
      throw CalibrationError(.io, "\(tokenFile): the token cannot be read")
    }
    return .running(
      ControlPlaneAccess(
        url: url, token: token.trimmingCharacters(in: .whitespacesAndNewlines), authority: ca))
  }

  /// scripts/lab of the checkout that this program was built in, or of the current folder.
  private static func labScript() throws(CalibrationError) -> String {
    let program =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    var folder = URL(fileURLWithPath: program).deletingLastPathComponent()
    var places = [FileManager.default.currentDirectoryPath]
    while folder.path != "/" {
      places.append(folder.path)
      folder.deleteLastPathComponent()
    }
    for place in places {
      let script = place + "/scripts/lab-control-plane/control-plane"
      if FileManager.default.isExecutableFile(atPath: script) { return place + "/scripts/lab" }
    }
    throw CalibrationError(
      .unavailable, "no scripts/lab at or above \(program)",
      hint: "run `scripts/assay` of a checkout, or give --url, --token-file and --ca")
  }
}
