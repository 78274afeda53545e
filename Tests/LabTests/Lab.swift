import Foundation
import TestSupport
import Testing

/// Suites that boot guests of scripts/lab, one at a time: a guest takes all processors.
///
/// A boot costs seconds: let one guest answer several questions, each marked in its output.
@Suite(.serialized, Requires.lab, .timeLimit(.minutes(5))) enum Lab {
  /// The script.
  static let program = Checkout.folder + "/scripts/lab"

  /// Runs a bash script in a guest, as root, with the functions of scripts/lab-guest known to it.
  ///
  ///     let outcome = try await Lab.run(
  ///       """
  ///       rxe_up
  ///       null_disk null0 64
  ///       nvmet_export nqn.2026-01.lab:disk /dev/null0 rdma 4420
  ///       "$1" run rdma.yaml --results /host/results
  ///       """, Checkout.assay, options: ["--share", folder.path])
  ///
  /// - Parameters:
  ///   - script: it ends at the first command that fails.
  ///   - arguments: `$1` and on.
  ///   - options: of `scripts/lab run`, such as `["--nvme", "fast:256M"]`.
  ///   - target: a script of a second guest, 10.2.0.1, which ends well before `script` starts.
  ///   - limit: seconds after which the guest is killed.
  /// - Returns: the script's status and output; status 124 at the limit, 125 if the guest failed.
  /// - Throws: `Command.Failure` if there is no lab; `CancellationError`, and the guest is gone.
  static func run(
    _ script: String, _ arguments: String..., options: [String] = [], target: String? = nil,
    limit: Int = 120
  ) async throws -> Command.Result {
    let guest = try start(script, arguments, options: options, target: target, limit: limit)
    // The test's thread goes to other tests meanwhile; when this is cancelled the guest is killed.
    while guest.isRunning { try await Task.sleep(for: .milliseconds(50)) }
    return guest.wait()
  }

  /// Starts a guest and goes on; the parameters are those of `run`.
  static func start(
    _ script: String, _ arguments: [String] = [], options: [String] = [], target: String? = nil,
    limit: Int = 120
  ) throws -> Guest {
    let folder = try TemporaryFolder()
    let opening = "#!/usr/bin/env bash\nsource functions\n"
    var words = [program, "run", "--limit", "\(limit)"] + options
    if let target { words += ["--with", try folder.write(opening + target, to: "target")] }
    words.append(try folder.write(opening + script, to: "script"))
    return Guest(command: try Command.start(words + arguments), folder: folder)
  }

  /// A guest that runs beside the test.
  struct Guest {
    let command: BackgroundCommand
    /// Holds its scripts.
    fileprivate let folder: TemporaryFolder

    var isRunning: Bool { command.isRunning }

    func wait() -> Command.Result { command.wait() }
  }
}
