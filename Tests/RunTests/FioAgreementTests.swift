import Foundation
import Ledger
import Measure
import Statistics
import TestSupport
import Testing

extension Program {
  /// Held against fio 3.33 itself.
  @Suite(Requires.tool("fio"), .timeLimit(.minutes(3))) struct AgainstFio {
    /// One repetition: median and 99th percentile of the service time, ns.
    private struct Times {
      var p50: Double
      var p99: Double
    }

    /// What both read: memory, in blocks so large that copying them takes most of the time.
    ///
    /// No interrupt and no thread of the kernel is in the way, whose turn depends on what else
    /// runs: the medians stay within a tenth of each other even at ten times as many runnable
    /// threads as processors.
    private static let reading = (file: "data", bytes: 32 << 20, block: 128 << 10, rate: 2000)

    private func fio(_ shop: Workshop) throws -> Times {
      let text = try Command.run([
        "fio", "--name=a", "--filename=\(shop.path(Self.reading.file))", "--rw=randread",
        "--bs=\(Self.reading.block)", "--size=\(Self.reading.bytes)", "--ioengine=psync",
        "--rate_iops=\(Self.reading.rate)", "--time_based", "--runtime=1", "--norandommap",
        "--output-format=json",
      ]).checked().stdout
      struct Output: Decodable {
        struct Job: Decodable { var read: Direction }
        struct Direction: Decodable { var clat_ns: Latency }
        struct Latency: Decodable { var percentile: [String: Double] }
        var jobs: [Job]
      }
      let start = try #require(text.firstIndex(of: "{"))
      let output = try JSONDecoder().decode(Output.self, from: Data(text[start...].utf8))
      let percentile = try #require(output.jobs.first?.read.clat_ns.percentile)
      return Times(
        p50: try #require(percentile["50.000000"]), p99: try #require(percentile["99.000000"]))
    }

    private func assay(_ shop: Workshop, _ scenario: String) throws -> Times {
      let answer = try Answer(try shop.run(scenario, "--json").checked())
      return Times(p50: try answer.metric("service p50"), p99: try answer.metric("service p99"))
    }

    /// What a percentile's pairs of repetitions tell: ours over fio's, by its whole interval.
    private struct Comparison {
      var name: String
      var effect: RatioEffect

      /// Where the tools agree; twice and half the time are both far outside.
      ///
      /// Each rounds to buckets of at most 0.78 % and has its own way around the call; what else
      /// computes hits both.
      private static let tolerated = (1 / 1.5)...1.5

      /// Nil while that is not decided: too few pairs for what came between them.
      var agrees: Bool? {
        guard let interval = effect.interval else { return nil }
        let found = interval.lower...interval.upper
        if Self.tolerated.lowerBound <= found.lowerBound,
          found.upperBound <= Self.tolerated.upperBound
        {
          return true
        }
        return found.overlaps(Self.tolerated) ? nil : false
      }

      var text: String {
        let interval = effect.interval.map { "\($0.lower) to \($0.upper)" } ?? "no interval"
        return "\(name): \(effect.ratio) of fio's (\(interval)), \(effect.subjectCount) pairs"
      }
    }

    @Test func percentilesAgreeAtTheSameRate() throws {
      let shop = try Workshop(in: "/dev/shm")
      let path = shop.path(Self.reading.file)
      try Command.run(["dd", "if=/dev/urandom", "of=\(path)", "bs=1M", "count=32"]).checked()
      let scenario = try shop.scenario(
        "{file: \(path)}",
        "io: {storage: {engine: psync, pattern: random-read, block-size: \(Self.reading.block)B, "
          + "rate: \(Self.reading.rate)/s, duration: 1s, placement: free, direct: false}}")
      var (theirs, ours): ([Times], [Times]) = ([], [])
      func comparison(_ name: String, of time: KeyPath<Times, Double>) throws -> Comparison {
        Comparison(
          name: name,
          effect: try RatioEffect.paired(
            reference: theirs.map { $0[keyPath: time] }, subject: ours.map { $0[keyPath: time] },
            confidence: .percent(95)))
      }
      var found: [Comparison] = []
      // What else computes may hit one tool and not the other: then more pairs are needed.
      repeat {
        // A B B A: what drifts, drifts for both.
        for isOurs in [false, true, true, false] {
          if isOurs { ours.append(try assay(shop, scenario)) } else { theirs.append(try fio(shop)) }
        }
        found = [try comparison("p50", of: \.p50), try comparison("p99", of: \.p99)]
      } while theirs.count < 24 && found.contains { $0.agrees == nil }
      let disagreeing = found.filter { $0.agrees == false }.map(\.text)
      #expect(disagreeing.isEmpty, "fio \(theirs), assay \(ours)")
      // Not a pass: neither agreement nor its absence was seen.
      let unknown = found.filter { $0.agrees == nil }.map(\.text)
      guard unknown.isEmpty else {
        try Test.cancel("the machine is too busy to tell: \(unknown.joined(separator: "; "))")
      }
    }

    @Test(Requires.loopDevices) func iosAreThoseThatTheKernelCounts() throws {
      let (shop, loop) = (try Workshop(), try LoopDevice(bytes: 32 << 20, in: "/dev/shm"))
      let path = try shop.scenario(
        "{device: \(loop.path)}",
        "io: {storage: {engine: psync, pattern: random-read, rate: 2000/s, duration: 1s}}")
      func reads() throws -> Int {
        let text = try String(contentsOfFile: "/sys/block/\(loop.name)/stat", encoding: .utf8)
        return try #require(text.split(separator: " ").first.flatMap { Int($0) })
      }
      let before = try reads()
      try shop.run(path).checked()
      let trial = try #require(try shop.record().trials.first)
      let ios = try number(trial.detail["read"]?["ios"])
      let counted = try number(trial.detail["kernelCounts"]?["readIOs"])
      #expect(ios == counted, "ours, the kernel's")
      // Before the trial its signatures were looked for: a few reads more.
      #expect((0...200).contains(Double(try reads() - before) - ios))
    }

    /// What users of fio have: a job file, a script for its JSON, its own converter.
    @Test(Requires.tool("python3")) func aJobFileRunsAndItsScriptsReadTheResult() throws {
      let shop = try Workshop()
      let fixtures = Workshop.package + "/Tests/FioTests/Fixtures"
      let job = try String(contentsOfFile: fixtures + "/sample.fio", encoding: .utf8)
        .replacingOccurrences(of: "/dev/shm/io_t.bin", with: shop.path("io_t.bin"))
        .replacingOccurrences(of: "size=256m", with: "size=32m")
      let imported = try shop.assay(["import", try shop.folder.write(job, to: "sample.fio")])
        .checked()
      #expect(imported.stderr.contains("no counterpart: `ss`"))
      let scenario = try shop.folder.write(imported.stdout, to: "sample.yaml")
      try shop.assay(["validate", scenario]).checked()
      try shop.run(
        scenario, "--set", "workloads.rand-mix.storage.duration=500ms", "--set",
        "workloads.seq-trimless-write.storage.duration=500ms"
      ).checked()
      let folder = try shop.record().folder
      let json = shop.path("out.json")
      try shop.assay(["export", folder, "--format", "fio-json+", "--output", json]).checked()

      let summary = try Command.run(["python3", fixtures + "/summary.py", json]).checked().stdout
      let lines = summary.split(separator: "\n")
      #expect(lines.count == 2 && lines[0].contains("rand-mix") && lines[1].contains("seq-"))
      #expect(
        lines.allSatisfy { $0.contains(" 0 iops=") && !$0.contains("iops=0.00") }, "\(summary)")

      // And back: fio's JSON becomes a record, whose figures are those that went out.
      let back = try shop.assay(["import", json, "--results", shop.path("back")]).checked()
      let record = try RunRecord.read(back.stdout.trimmingCharacters(in: .whitespacesAndNewlines))
      let sent = try shop.record().trials
      for (one, two) in zip(sent, record.trials) {
        let (a, b) = (try #require(one.metrics["iops"]), try #require(two.metrics["iops"]))
        #expect(abs(a.value / b.value - 1) < 0.01)
      }
    }

    @Test(Requires.tool("fio_jsonplus_clat2csv")) func itsConverterReadsOurBins() throws {
      let shop = try Workshop()
      let path = try shop.scenario(
        "{file: \(shop.path("data")), size: 16MiB}",
        "io: {storage: {pattern: random-mix, queue-depth: 4, duration: 300ms}}")
      try shop.run(path).checked()
      let json = shop.path("out.json")
      try shop.assay([
        "export", try shop.record().folder, "--format", "fio-json+", "--output", json,
      ]).checked()
      try Command.run(["fio_jsonplus_clat2csv", json, shop.path("clat.csv")]).checked()
      let csv = try shop.folder.read("clat_job0.csv")
      let rows = csv.split(separator: "\n")
      #expect(rows.count > 10 && rows[0].contains("read_clat_ns_count"), "\(csv.prefix(300))")
    }
  }
}
