import Foundation
import Ledger
import Measure
import TestSupport
import Testing
import Verify

extension Program {
  /// Online operations beside real I/O, on loop devices.
  @Suite(Requires.loopDevices) struct Operations {
    /// A disk that is read, and where its runs are recorded.
    private let disk: LoopDevice
    private let shop: Workshop

    init() throws { (disk, shop) = (try LoopDevice(), try Workshop(ownRun: true)) }

    /// A scenario that reads the system, the disk unless told otherwise, beside an operation.
    private func scenario(
      _ operation: String, of system: String? = nil, more: String = "", duration: String = "3s"
    ) throws -> String {
      try shop.scenario(
        system ?? "{device: \(disk.path)}",
        """
        io:
            storage: {pattern: random-read, queue-depth: 4, duration: \(duration)\(more)}
            operation:
              at: 1s
              \(operation.replacing("\n", with: "\n      "))
        """)
    }

    @discardableResult
    private func run(_ scenario: String, ends status: Int32 = 0) throws -> Command.Result {
      let result = try shop.run(scenario)
      #expect(result.status == status, "\(result)")
      return result
    }

    private func trial() throws -> TrialRecord { try #require(try shop.record().trials.first) }

    private func verify() throws {
      let result = try shop.assay(["verify", shop.records[0]])
      #expect(result.status == 0, "\(result)")
    }

    @Test func aDiskGrowsUnderTheIOOfAnother() throws {
      let other = try LoopDevice(bytes: 16 << 20)
      let grow = "truncate -s 32M \(other.file) && losetup -c \(other.path)"
      let shrink = "truncate -s 16M \(other.file) && losetup -c \(other.path)"
      let scenario = try scenario(
        """
        command: [sh, -c, "\(grow)"]
        expect: {grows: \(other.path)}
        undo: {command: [sh, -c, "\(shrink)"]}
        """)
      let plan = try shop.assay(["plan", scenario]).checked()
      #expect(plan.stdout.contains("operation of io, at 1s of each trial: command `sh -c \(grow)`"))
      let result = try run(scenario)
      #expect(result.stdout.contains("operation of t0001, disk/io: command `sh -c"))
      let metrics = try trial().metrics
      for name in [
        "operation accepted", "device visible", "device usable", "longest stall", "iops before",
        "iops during", "iops after",
      ] {
        let value = try #require(metrics[name], "no \(name)").value
        #expect(value > 0 && value.isFinite, "\(name) \(value)")
        #expect(MetricCatalogue.definition(of: name)?.unit.rawValue == metrics[name]?.unit)
      }
      #expect(metrics["errors"]?.value == 0)
      let parts = try #require(try trial().detail["operation"]?["effect"])
      let ios = try ["before", "during", "after"].reduce(0.0) {
        try $0 + number(parts[$1]?["ios"])
      }
      // The window in which the last second ends is left out: it is not whole.
      let all = try number(try trial().detail["read"]?["ios"])
      #expect(ios <= all && ios > all * 0.97)
      #expect(shop.count("changing") == 1)
      #expect(shop.count("restored") == 1)
      let page = try String(contentsOfFile: shop.records[0] + "/report.html", encoding: .utf8)
      #expect(page.contains("<h2>Online operations</h2>"))
      try verify()
    }

    /// The backing file is cut off under the I/O: reads fail; then it is made whole again.
    @Test func anOutageIsMeasuredFromItsFirstErrorToItsEnd() throws {
      try run(
        try scenario(
          """
          command: [truncate, -s, "0", \(disk.file)]
          undo: {after: 500ms, command: [truncate, -s, 64M, \(disk.file)]}
          """, more: ", on-error: {count-up-to: 10000000}"))
      let metrics = try trial().metrics
      let first = try #require(metrics["first error"]).value
      let recovery = try #require(metrics["recovery"]).value
      let afterUndo = try #require(metrics["recovery after undo"]).value
      #expect(first > 0 && first < 0.3e9)
      #expect(recovery > 0.5e9 && recovery < 1.5e9)
      #expect(abs(recovery - afterUndo - 0.5e9) < 0.1e9)
      #expect(try #require(metrics["longest stall"]).value > 0.3e9)
      #expect(try #require(metrics["errors"]).value > 0)
      let told = try #require(message("outage", in: try trial()))
      #expect(told.contains("I/O went on"), "\(told)")
      try verify()
    }

    @Test func whatEndsTheIOIsRecordedAndTakenBack() throws {
      try run(
        try scenario(
          """
          command: [truncate, -s, "0", \(disk.file)]
          undo: {command: [truncate, -s, 64M, \(disk.file)]}
          """), ends: 4)
      #expect(message("stopped-early", in: try trial()) != nil)
      #expect(try trial().metrics["first error"] != nil)
      #expect(shop.count("restored") == 1)
      try verify()
    }

    @Test func anOperationThatIsRefusedFailsItsTrialAndIsTakenBack() throws {
      try run(
        try scenario(
          """
          command: [sh, -c, "echo no quota left >&2; exit 3"]
          expect: {appears: vol-1}
          undo: {command: [touch, \(shop.path("undone"))]}
          """, duration: "2s"), ends: 4)
      #expect(message("operation-failed", in: try trial()) == "`sh` exited with 3: no quota left")
      #expect(shop.exists("undone"))
      try verify()
    }

    @Test func aDiskThatDoesNotComeFailsTheTrialAtItsLimit() throws {
      let result = try run(
        try scenario(
          """
          command: ["true"]
          expect: {appears: vol-1}
          within: 500ms
          undo: {command: ["false"]}
          """, duration: "2s"), ends: 4)
      #expect(message("operation-failed", in: try trial()) == "vol-1 did not appear in time")
      #expect(message("undo-failed", in: try trial()) == "`false` exited with 1")
      #expect(result.stdout.contains("Not undone on the machine: operation of trial t0001"))
    }

    @Test func whatIsMissingIsSaidBeforeAnythingRuns() throws {
      let result = try run(
        try scenario(
          """
          command: [no-such-program]
          undo: {http: {url: "http://localhost/", token-from-env: ASSAY_NO_SUCH_TOKEN}}
          """, of: "{file: \(shop.path("file")), size: 1MiB}"), ends: 69)
      #expect(
        result.stderr.contains(
          "the operation of workload io: there is no program `no-such-program`"))
      #expect(result.stderr.contains("no token in the variable ASSAY_NO_SUCH_TOKEN"))
      #expect(shop.records.isEmpty)
    }

    @Test func aKilledRunTakesItsOperationBackWhenItIsResumed() throws {
      let run = try shop.start(
        try scenario(
          """
          command: [touch, \(shop.path("done"))]
          undo: {command: [rm, \(shop.path("done"))]}
          """))
      try shop.wait { shop.exists("done") }
      run.kill(SIGKILL)
      run.wait()
      #expect(shop.exists("done"))
      let resumed = try shop.resume(shop.records[0])
      #expect(resumed.status == 0, "\(resumed)")
      #expect(resumed.stderr.contains("left by an earlier run: operation of trial t0001"))
      #expect(!shop.exists("done"))
      #expect(shop.count("changing") == 2)
      #expect(shop.count("restored") == 2)
      try verify()
    }

    @Test func anInterruptTakesTheOperationBackAtOnce() throws {
      let run = try shop.start(
        try scenario(
          """
          command: [touch, \(shop.path("done"))]
          expect: {appears: vol-1}
          within: 60s
          undo: {command: [rm, \(shop.path("done"))]}
          """, duration: "60s"))
      try shop.wait { shop.exists("done") }
      run.kill(SIGINT)
      #expect(run.wait().status == 130)
      #expect(!shop.exists("done"))
      #expect(shop.count("restored") == 1)
    }
  }
}
