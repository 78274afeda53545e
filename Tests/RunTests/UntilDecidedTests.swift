import Foundation
import Ledger
import Measure
import TestSupport
import Testing

extension Program {
  @Suite(Requires.ioUring) struct UntilDecidedRuns {
    private let shop: Workshop

    init() throws { shop = try Workshop() }

    /// A limit on what no trial has can never be decided.
    private static let undecidable = "\"sync latency p99 < 1s\""

    private func scenario(_ limit: String, duration: String = "20ms") throws -> String {
      try shop.scenario(
        "{none: {size: 1GiB}}",
        "io: {storage: {engine: io_uring_nop, pattern: random-read, duration: \(duration)}}",
        more: "limits: [\(limit)]")
    }

    @Test func itEndsAtTheFirstLookThatDecides() throws {
      let result = try shop.run(
        try scenario("\"iops > 1/s\", \"errors = 0\""), "--until-decided", "--json")
      #expect(result.status == 0, "\(result)")
      let record = try shop.record()
      #expect(record.isComplete && record.trials.count == 7)
      let look = try #require(record.looks.first)
      #expect(record.looks.count == 1 && look.end == .decided && look.trials == 7)
      #expect(look.limits.map(\.verdict) == ["pass", "pass"])
      // Pocock's nominal level for five looks at 5 % together, table 1 of the paper.
      #expect((look.confidence.value - (1 - 0.0158)).magnitude < 0.00005)
      #expect(try record.integrity() == [])
      // Whoever judges the record later does it at the same level.
      let report = try shop.assay(["report", record.folder, "--json"]).checked().stdout
      #expect(report.contains("0.984375"), "the level of seven trials")
      #expect(try Answer(result).verdict == "pass")
      #expect(try shop.assay(["verify", record.folder]).status == 0)
    }

    @Test func itGivesUpAfterTheLastLook() throws {
      let result = try shop.run(try scenario(Self.undecidable), "--until-decided")
      #expect(result.status == 2, "\(result)")
      let record = try shop.record()
      #expect(record.trials.count == 35 && record.looks.map(\.number) == [1, 2, 3, 4, 5])
      #expect(record.looks.map(\.end) == [nil, nil, nil, nil, .last])
      #expect(result.stderr.contains("look 5 of 5: 0 of 1 judgements decided"), "\(result)")
    }

    @Test func noLookBeginsThatTheBudgetDoesNotHold() throws {
      let path = try scenario(Self.undecidable, duration: "100ms")
      let result = try shop.run(path, "--until-decided", "--budget", "1300ms")
      #expect(result.status == 2, "\(result)")
      let record = try shop.record()
      #expect(record.trials.count == 7 && record.looks.map(\.end) == [.budget])
      #expect(result.stderr.contains("the budget does not hold another look"))
    }

    @Test func aKilledRunGoesOnWithItsLooks() throws {
      let path = try scenario(Self.undecidable)
      let child = try shop.start(path, "--until-decided")
      try shop.wait { shop.count("look") == 1 }
      child.kill(SIGKILL)
      child.wait()
      let resumed = try shop.resume(shop.records[0])
      #expect(resumed.status == 2, "\(resumed)")
      let record = try shop.record()
      #expect(record.trials.map(\.id) == (1...35).map { String(format: "t%04d", $0) })
      #expect(record.looks.map(\.number) == [1, 2, 3, 4, 5])
    }

    @Test func aPlanShowsTheLooks() throws {
      struct Plan: Decodable {
        struct Look: Decodable {
          struct Estimate: Decodable { var knownNs: Int }
          var number: Int
          var firstBlock: Int
          var lastBlock: Int
          var trials: [String]
          var estimate: Estimate
        }
        var looks: [Look]?
      }
      let path = try scenario("\"iops > 1/s\"")
      let words = ["plan", path, "--until-decided", "--budget", "45m"]
      let text = try shop.assay(words).checked().stdout
      #expect(
        text.contains(
          "looks 5 at most, each of 7 blocks, judged at 98.42% so that all together keep 95%, "
            + "begun while 45 min 0 s hold them"), "\(text)")
      #expect(text.contains("look 2, blocks 8 to 14: 7 trials, at least 1 s\nt0008 "), "\(text)")
      #expect(text.contains("\nwith all looks takes at least "))
      let json = try shop.assay(words + ["--json"]).checked().stdout
      let looks = try #require(JSONDecoder().decode(Plan.self, from: Data(json.utf8)).looks)
      #expect(looks.map(\.number) == [1, 2, 3, 4, 5])
      #expect(looks.map(\.firstBlock) == [1, 8, 15, 22, 29] && looks[4].lastBlock == 35)
      #expect(looks[1].trials == (8...14).map { String(format: "t%04d", $0) })
      #expect(looks.allSatisfy { $0.estimate.knownNs == looks[0].estimate.knownNs })
      let plain = try shop.assay(["plan", path]).checked().stdout
      #expect(!plain.contains("look"), "\(plain)")
      // What run would refuse, plan refuses too.
      let small = try shop.assay(["plan", path, "--until-decided", "--budget", "100ms"])
      #expect(small.status == 64 && small.stderr.contains("one look takes"), "\(small)")
    }

    @Test func whatMakesNoSenseIsAUsageError() throws {
      let path = try scenario("\"iops > 1/s\"")
      let alone = try shop.run(path, "--budget", "45m")
      #expect(alone.status == 64 && alone.stderr.contains("--until-decided"), "\(alone)")
      let small = try shop.run(path, "--until-decided", "--budget", "100ms")
      #expect(small.status == 64 && small.stderr.contains("one look takes"), "\(small)")
      let unlimited = try shop.run(
        try scenario("\"iops > 1/s severity warn\""), "--until-decided")
      #expect(unlimited.status == 64 && unlimited.stderr.contains("nothing to decide"))
      #expect(shop.records.isEmpty)
    }
  }
}
