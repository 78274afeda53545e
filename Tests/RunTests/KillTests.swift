import Foundation
import Ledger
import Measure
import TestSupport
import Testing

extension Program {
  /// A run that is killed or stopped: what was finished stays, what was changed is undone.
  @Suite struct Kills {
    /// When the run is killed.
    enum Moment: CaseIterable {
      case makingTheFile, firstTrial, afterATrial, lastTrial, afterTheLastTrial

      func hasCome(_ shop: Workshop) -> Bool {
        switch self {
        case .makingTheFile: shop.exists("data")
        case .firstTrial: shop.count("trial-started") >= 1
        case .afterATrial: shop.count("trial-finished") >= 2
        case .lastTrial: shop.count("trial-started") >= 4
        case .afterTheLastTrial: shop.count("trial-finished") >= 4
        }
      }

      /// Trials that are finished then.
      var finished: Int {
        switch self {
        case .makingTheFile, .firstTrial: 0
        case .afterATrial: 2
        case .lastTrial: 3
        case .afterTheLastTrial: 4
        }
      }
    }

    private func scenario(_ shop: Workshop, more: String = "") throws -> String {
      try shop.scenario(
        "{file: \(shop.path("data")), size: 64MiB\(more)}",
        "mix: {storage: {pattern: random-mix, queue-depth: 4, duration: 200ms}}",
        more: "design: {blocks: 4}")
    }

    private func isWholeAndSealed(_ shop: Workshop) throws {
      let record = try shop.record()
      #expect(record.isComplete)
      #expect(try #require(try record.integrity(), "not sealed") == [])
      #expect(record.trials.map(\.id) == ["t0001", "t0002", "t0003", "t0004"])
      #expect(record.openChanges.isEmpty)
      let stored = try Data(contentsOf: URL(fileURLWithPath: record.folder + "/summary.json"))
      #expect(try JSONDecoder().decode(RunSummary.self, from: stored) == RunSummary(of: record))
      #expect(FileManager.default.fileExists(atPath: record.folder + "/report.html"))
    }

    /// A run that was killed at a moment.
    ///
    /// On a busy machine the signal comes late, and the run is further on or done: then another.
    private func killed(at moment: Moment) throws -> Workshop {
      var found: Workshop?
      for _ in 1...20 where found == nil {
        let shop = try Workshop()
        let child = try shop.start(try scenario(shop))
        try shop.wait { moment.hasCome(shop) }
        child.kill(SIGKILL)
        let status = child.wait().status
        let isSealed = shop.records.contains {
          FileManager.default.fileExists(atPath: $0 + "/manifest.json")
        }
        guard shop.count("trial-finished") == moment.finished, !isSealed else { continue }
        #expect(status == 137)
        found = shop
      }
      return try #require(found, "no run of twenty was killed in time")
    }

    @Test(arguments: Moment.allCases)
    func aKilledRunGoesOn(_ moment: Moment) throws {
      let shop = try killed(at: moment)
      let before = shop.events.filter { $0.contains("\"trial-finished\"") }
      let folder = try #require(shop.records.first)

      try shop.resume(folder).checked()
      let after = shop.events.filter { $0.contains("\"trial-finished\"") }
      #expect(Array(after.prefix(before.count)) == before)
      try isWholeAndSealed(shop)
      #expect(!shop.exists("data"))

      let again = try shop.resume(folder)
      #expect(again.status == 65, "\(again)")
      #expect(again.stderr.contains("is complete") && again.stderr.contains("run it anew"))
      try isWholeAndSealed(shop)
    }

    @Test func aRunKilledBeforeItWasSealedIsSealed() throws {
      let shop = try Workshop()
      try shop.run(try scenario(shop)).checked()
      let folder = try #require(shop.records.first)
      let events = shop.events
      for name in ["manifest.json", "report.html", "summary.json"] {
        try FileManager.default.removeItem(atPath: folder + "/" + name)
      }
      let result = try shop.resume(folder, "--json").checked()
      #expect(try Answer(result).complete)
      #expect(shop.events == events)
      try isWholeAndSealed(shop)
    }

    @Test func aLineCutByTheKillIsWrittenAnew() throws {
      let shop = try Workshop()
      let child = try shop.start(try scenario(shop))
      try shop.wait { shop.count("trial-finished") >= 1 }
      child.kill(SIGKILL)
      child.wait()
      let folder = try #require(shop.records.first)
      let before = shop.events
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder + "/events.jsonl"))
      try file.seekToEnd()
      try file.write(contentsOf: Data("{\"at\":\"2026-".utf8))
      try file.close()
      try shop.resume(folder).checked()
      #expect(Array(shop.events.prefix(before.count)) == before)
      try isWholeAndSealed(shop)
    }

    @Test func whatAKilledRunLeftIsNotInAnotherRunsWay() throws {
      let shop = try Workshop()
      let path = try scenario(shop)
      let child = try shop.start(path)
      try shop.wait { shop.count("trial-started") >= 1 }
      child.kill(SIGKILL)
      child.wait()
      #expect(shop.exists("data"))
      try shop.assay(["run", path, "--results", shop.path("elsewhere")]).checked()
      #expect(!shop.exists("data"))
      try shop.resume(try #require(shop.records.first)).checked()
      try isWholeAndSealed(shop)
    }

    @Test func controlCTidiesUpAndSaysHowToGoOn() throws {
      let shop = try Workshop()
      let child = try shop.start(try scenario(shop))
      try shop.wait { shop.count("trial-started") >= 2 }
      child.kill(SIGINT)
      let result = child.wait()
      #expect(result.status == 130, "\(result)")
      let folder = try #require(shop.records.first)
      #expect(result.stderr.contains("assay run --resume \(folder)"))
      #expect(!shop.exists("data"))
      // The trial in flight is given up; on a busy machine that may be a later one.
      #expect(shop.count("restored") == 1)
      #expect((1...3).contains(shop.count("trial-finished")))
      #expect(try shop.record().openChanges.isEmpty)
      let shown = try shop.assay(["report", folder]).checked()
      #expect(shown.stderr.contains("cut short"))
      try shop.resume(folder).checked()
      try isWholeAndSealed(shop)
      // None of the four is the one that was cut short.
      let lengths = try shop.record().trials.map { try number($0.detail["elapsed"]) }
      #expect(lengths.allSatisfy { $0 > 190e6 }, "\(lengths) ns")
    }

    @Test func aFileToKeepIsKeptAcrossAStop() throws {
      let shop = try Workshop()
      let child = try shop.start(try scenario(shop, more: ", keep: true"))
      try shop.wait { shop.count("trial-started") >= 2 }
      child.kill(SIGINT)
      #expect(child.wait().status == 130)
      #expect(shop.exists("data"))
      try shop.resume(try #require(shop.records.first)).checked()
      try isWholeAndSealed(shop)
      #expect(shop.exists("data"))
      // From now on it is somebody's file.
      let refused = try shop.run(try scenario(shop))
      #expect(refused.status == 5 && refused.stderr.contains("was not made by Assay"))
    }
  }

  /// Two runs on one target.
  @Suite struct TwoAtOnce {
    @Test func theSecondIsRefusedAndTheFirstUnharmed() throws {
      let shop = try Workshop()
      let scenario = try shop.scenario(
        "{file: \(shop.path("data")), size: 64MiB}",
        "mix: {storage: {pattern: random-mix, duration: 500ms}}")
      let first = try shop.start(scenario)
      try shop.wait { shop.count("trial-started") == 1 }
      // It stands still, and holds what it holds, however long the second takes.
      first.kill(SIGSTOP)
      let second = try shop.assay(["run", scenario, "--results", shop.path("elsewhere")])
      #expect(first.isRunning)
      #expect(second.status == 5, "\(second)")
      #expect(second.stderr.contains("is locked by process \(first.id) (assay)"))
      #expect(second.stderr.contains("hint: wait until that run has ended"))
      #expect(!shop.exists("elsewhere"), "a refused run leaves no record")
      #expect(shop.exists("data"))
      first.kill(SIGCONT)
      let end = try first.wait().checked()
      #expect(end.stderr.contains("iops"))
      let record = try shop.record()
      #expect(record.isComplete && record.trials.allSatisfy { $0.status == .valid })
      #expect(!shop.exists("data"))
    }

    @Test func oneRecordIsResumedByOne() throws {
      let shop = try Workshop()
      let scenario = try shop.scenario(
        "{none: {size: 1GiB}}",
        "ring: {storage: {engine: io_uring_nop, pattern: random-read, duration: 500ms}}")
      let first = try shop.start(scenario)
      try shop.wait { shop.count("trial-started") == 1 }
      first.kill(SIGSTOP)
      let second = try shop.resume(try #require(shop.records.first))
      first.kill(SIGCONT)
      #expect(second.status == 74, "\(second)")
      #expect(second.stderr.contains("is being written by another process"))
      try first.wait().checked()
      #expect(try shop.record().integrity() == [])
    }
  }
}
