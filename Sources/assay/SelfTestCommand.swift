import ArgumentParser
import Judgement
import Measure
import Report
import Run

/// `assay selftest`.
struct SelfTestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selftest",
    abstract: "Measure what Assay costs on this host, and how often its judges are wrong.",
    discussion: """
      Clock, timer, histogram and I/O loop are timed without any device. Then gate and compare \
      judge simulated experiments whose truth is known, some with this host's own noise: the \
      table shows false-alarm rates and power beside what is stated. Ends with 0, or with 1 \
      where a bound or a stated rate is not kept.
      """)

  @Flag(help: "1000 experiments a row instead of 10000: below 20 seconds.")
  var quick = false

  @Option(help: "Experiments a row.")
  var rounds: Int?

  @Option(help: "The seed of the experiments; without it, one is drawn.")
  var seed: UInt64?

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    if let rounds, rounds < 1 {
      throw ValidationError("--rounds is the number of experiments a row, from 1.")
    }
  }

  func run() throws {
    do {
      let result = try SelfTest.run(
        isQuick: quick, rounds: rounds, seed: seed ?? FreshSeed.draw(), version: Assay.version)
      if json {
        try Output.json(result)
      } else {
        Output.result(
          SelfTestText(
            unicode: Output.wantsUnicode, colour: Output.wantsColour, width: Output.columns()
          ).render(result))
      }
      if !result.isGood { throw ExitStatus.limitViolated.exit }
    } catch let error as RunError {
      throw Output.fail(error.messages, ExitStatus(error.kind))
    }
  }
}
