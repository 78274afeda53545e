import ArgumentParser
import Calibration
import Ledger
import Run

/// Every exit code of the program, in one place.
enum ExitStatus: Int32, CaseIterable {
  case success = 0
  case limitViolated = 1
  case inconclusive = 2
  case invalid = 3
  case failed = 4
  case refused = 5
  case usage = 64
  case data = 65
  case unavailable = 69
  case io = 74
  case interrupted = 130

  var meaning: String {
    switch self {
    case .success: "done; every limit holds, or there is none"
    case .limitViolated:
      "a limit is violated, a gate found a loss, a simulated trial is not as its record has it, "
        + "or `doctor --strict` has a warning"
    case .inconclusive: "nothing is known to be violated or lost, but not all could be decided"
    case .invalid: "a trial is invalid (no steady state, say): its numbers may not be used"
    case .failed:
      "a trial failed: I/O errors or a hang, bad blocks, an engine that cannot be set up, "
        + "an online operation that was refused or showed no effect"
    case .refused: "refused: safety, target or machine; records that are not comparable"
    case .usage: "the command line is wrong: an unknown word, say, or a record given twice"
    case .data: "a scenario, job file, record or baseline is wrong or unfit"
    case .unavailable: "a device, tool, permission or kernel feature is missing"
    case .io: "a file could not be written or read"
    case .interrupted: "stopped by the user; `assay run --resume RECORD` goes on"
    }
  }

  /// What the user can do about it.
  var advice: String {
    switch self {
    case .success: "Nothing; the record stays, and later runs can be held against it."
    case .limitViolated:
      "The report names the limit, its interval and the bound; `assay doctor` rules out the host."
    case .inconclusive:
      "Run more blocks (`--set design.blocks=10`): the interval of each limit gets narrower."
    case .invalid:
      "The findings say which rule tripped in which trial; `assay explain CODE` says what mends it."
    case .failed: "The findings of the failed trials say on what; `--resume` does not repeat them."
    case .refused: "The message says what is in the way, and which option or choice removes it."
    case .usage: "`assay help COMMAND` shows the options; the message has the nearest word."
    case .data: "The message has file, line and column; `assay validate` shows all errors at once."
    case .unavailable: "`assay doctor` and `assay list engines` say what this machine offers."
    case .io: "The message has the path and the reason; look at permissions and free space."
    case .interrupted: "`assay run --resume RECORD` goes on; finished trials stay as they are."
    }
  }

  /// Ends the command with this code.
  var exit: ExitCode { ExitCode(rawValue) }

  init(_ kind: RunError.Kind) {
    switch kind {
    case .refused: self = .refused
    case .unavailable: self = .unavailable
    case .io: self = .io
    case .data: self = .data
    case .usage: self = .usage
    }
  }

  init(_ kind: CalibrationError.Kind) {
    switch kind {
    case .usage: self = .usage
    case .unavailable: self = .unavailable
    case .io: self = .io
    case .data: self = .data
    case .failed: self = .failed
    case .interrupted: self = .interrupted
    }
  }

  init(_ kind: LedgerError.Kind) {
    switch kind {
    case .io: self = .io
    case .damaged, .unfit: self = .data
    case .usage: self = .usage
    }
  }
}

/// `assay exit-codes`, and what `assay help exit-codes` shows.
struct ExitCodesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exit-codes", abstract: "What each exit code means.", discussion: table)

  private static var table: String {
    ExitStatus.allCases.map { status in
      let code = String(status.rawValue)
      return String(repeating: " ", count: 5 - code.count) + code + "  " + status.meaning
    }.joined(separator: "\n")
  }

  func run() { Output.result(Self.table) }
}
