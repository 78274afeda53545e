import Foundation
import TestSupport
import Testing

extension RealIO {
  /// What coordinated omission hides: the load generator is stopped for a second.
  ///
  /// A stalled host does the same; fio 3.33 reports a p99 of 0.03 ms here.
  @Suite(Requires.ioUring) struct Stops {
    /// The program that was built beside these tests.
    private static let assay = Checkout.assay

    private func metric(_ name: String, in json: String) throws -> Double {
      let root = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
      let cases = try #require(root?["cases"] as? [[String: Any]], "\(json)")
      let metrics = try #require(cases.first?["metrics"] as? [String: [String: Any]])
      let value = metrics[name]?["value"] as? NSNumber
      return try #require(value, "no \(name) in \(metrics.keys.sorted())").doubleValue
    }

    private let millisecond = 1e6

    /// Runs the program, stops it for a second, and gives what it printed.
    private func stoppedRun(_ scenario: String, results: String) throws -> String {
      let child = try Command.start(
        [Self.assay, "run", scenario, "--results", results, "--json"])
      // Well into the measured time, whatever the start took.
      Thread.sleep(forTimeInterval: 3.5)
      child.kill(SIGSTOP)
      Thread.sleep(forTimeInterval: 1)
      child.kill(SIGCONT)
      // Whether its numbers may be used is for the judgement to say, not for this test.
      return child.wait().stdout
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: assay), "needs the program"))
    func aStoppedGeneratorOwnsUpToWhatItMissed() throws {
      let folder = try TemporaryFolder()
      try makeFile(folder.path("data"), bytes: 16 << 20)
      let scenario = try folder.write(
        """
        assay: 1
        name: stopped
        about: An open loop at a fixed rate, stopped for a second.
        systems:
          file: {file: \(folder.path("data"))}
        workloads:
          steady:
            storage:
              pattern: random-read
              block-size: 4KiB
              queue-depth: 32
              rate: 1000/s
              duration: 8s
        """, to: "stopped.yaml")
      // Other work on the machine can hold service up as well: then it is measured again.
      var output = ""
      for _ in 0..<3 {
        output = try stoppedRun(scenario, results: folder.path("results"))
        if try metric("service p99", in: output) < 10 * millisecond { break }
      }
      #expect(try metric("latency p99", in: output) > 800 * millisecond)
      #expect(try metric("latency max", in: output) < 1_500 * millisecond)
      #expect(try metric("service p99", in: output) < 10 * millisecond)
      // A thousand were due in that second; a busy machine makes others late by its bound of 1 ms.
      let late = try metric("late ios", in: output)
      #expect((950...4_000).contains(late))
      #expect(abs(try metric("iops", in: output) - 1_000) < 50)
      #expect(try metric("errors", in: output) == 0)
    }
  }
}
