import Foundation
import Measure
import TestSupport
import Testing

@testable import Ledger

@Suite struct BaselineTests {
  private let home: TemporaryFolder
  private var store: BaselineStore { BaselineStore(home.path("baselines")) }

  init() throws { home = try TemporaryFolder() }

  private struct Environment: Encodable {
    struct Moment: Encodable { var facts: [EnvironmentFact] }
    var before: Moment
  }

  /// Writes a record of two trials as a run writes it, up to `seal`.
  private func record(
    _ id: String, model: String = "A", host: String = "node1", scenario: String = "test",
    values: [Double] = [100, 101],
    isComplete: Bool = true, isSealed: Bool = true,
    _ change: (inout TrialRecord) -> Void = { _ in }
  ) throws -> RunRecord {
    let folder = try RunFolder.create(in: home.path("runs"), id: id)
    try folder.write(text: "assay: 1\n", to: "scenario.yaml")
    try folder.write([String: String](), to: "plan.json")
    let facts = [
      EnvironmentFact(key: "cpu.model", value: model, class: .mustMatch),
      EnvironmentFact(key: "kernel.release", value: "6.\(id.count)", class: .shouldMatch),
      EnvironmentFact(key: "machine.hostname", value: host, class: .identity),
      EnvironmentFact(key: "moment.load", value: id, class: .informational),
    ]
    try folder.write(Environment(before: .init(facts: facts)), to: "environment.json")
    try folder.append(.runStarted) {
      $0.run = RunHeader(
        id: id, name: scenario, about: "", startedAt: "2026-11-21T00:00:00.000Z", version: "0",
        seed: 1)
    }
    for (index, value) in values.enumerated() {
      var trial = TrialRecord(
        id: "t\(index + 1)", key: CaseKey(system: "disk", workload: "read"), block: index + 1)
      trial.metrics["iops"] = MetricValue(value, "1/s")
      trial.disclosure = ["block size": "4 KiB", "device": "/dev/\(id)"]
      change(&trial)
      try folder.append(.trialFinished) { $0.trial = trial }
    }
    if isComplete { try folder.append(.runFinished) }
    if isSealed { try folder.seal() }
    return try RunRecord.read(folder.path)
  }

  private func refusal(_ records: [RunRecord], _ name: String = "main") -> String {
    do throws(LedgerError) {
      _ = try Baseline.of(records, name: name)
      return "taken"
    } catch {
      return error.description
    }
  }

  @Test func aBaselineHoldsAllThatAGateNeeds() throws {
    let records = [try record("one"), try record("second", values: [99, 98])]
    let made = try Baseline.of(records, name: "main")
    let path = try store.write(made, replace: false)
    #expect(path == home.path("baselines/main/\(made.fingerprint).json"))
    let read = try store.read("main")
    #expect(read == [made])
    #expect(made.sessions.map(\.id) == ["one", "second"])
    #expect(made.sessions.map(\.machine) == ["node1", "node1"])
    #expect(made.cases.count == 1)
    #expect(made.cases[0].samples.map(\.session) == ["one", "one", "second", "second"])
    // What differs between sessions is told, and moments are no facts of a machine.
    #expect(made.cases[0].disclosure["device"] == "/dev/one | /dev/second")
    #expect(made.facts.first { $0.key == "kernel.release" }?.value == "6.3 | 6.6")
    #expect(!made.facts.contains { $0.key == "moment.load" })
    let manifest = try Data(
      contentsOf: URL(fileURLWithPath: records[0].folder + "/manifest.json"))
    #expect(made.sessions[0].manifest == Manifest.hexDigest(manifest))
  }

  @Test func theFingerprintIsTheHashOfWhatMustMatch() throws {
    let facts = [
      EnvironmentFact(key: "b", value: "2", class: .mustMatch),
      EnvironmentFact(key: "a", value: "1", class: .mustMatch),
      EnvironmentFact(key: "c", value: "3", class: .shouldMatch),
    ]
    let printed = try Command.run(["sha256sum"], input: "a=1\nb=2\n").checked().stdout
    #expect(Baseline.fingerprint(of: facts) == String(printed.prefix(12)))
    #expect(Baseline.fingerprint(of: [facts[2]]) == nil)
  }

  @Test func nothingIsOverwrittenUnasked() throws {
    let made = try Baseline.of([try record("one")], name: "main")
    try store.write(made, replace: false)
    #expect {
      try store.write(made, replace: false)
    } throws: {
      "\($0)".contains("there is a baseline already") && "\($0)".contains("--replace")
    }
    try store.write(made, replace: true)
    #expect(!home.files().contains { $0.hasSuffix(".part") })
  }

  @Test func whatIsNotWholeIsRefusedWithTheReason() throws {
    #expect(refusal([try record("cut", isComplete: false)]).contains("was cut short"))
    #expect(refusal([try record("open", isSealed: false)]).contains("no manifest.json"))
    let failed = try record("failed") { $0.status = .failed }
    #expect(refusal([failed]).contains("trials t1, t2 failed"))
    let invalid = try record("invalid") { $0.status = .invalid }
    #expect(refusal([invalid]).contains("disk/read has no valid trial (t1, t2 invalid)"))
    let changed = try record("changed")
    try Data("x".utf8).write(to: URL(fileURLWithPath: changed.folder + "/plan.json"))
    #expect(refusal([changed]).contains("plan.json was changed"))
    let whole = try record("whole")
    #expect(refusal([whole, whole]).contains("is given twice"))
    let other = refusal([whole, try record("other", model: "B")])
    #expect(other.contains("cpu.model (B here, A there)"), "\(other)")
    #expect(refusal([]).contains("tells nothing of its machine"))
    for name in ["", "../up", ".hidden", "a/b", "a b"] {
      #expect(refusal([whole], name).contains("is no name for a baseline"))
    }
  }

  @Test func recordsOfOtherScenariosAreNamedWithWhatDiffers() throws {
    let first = try record("first")
    let differing = [
      (try record("a", scenario: "night"), "it ran night, the other test"),
      (try record("b") { $0.key.workload = "write" }, "it lacks the case disk/read"),
      (
        try record("c") { if $0.block == 2 { $0.key.workload = "write" } },
        "it has the case disk/write besides"
      ),
      (
        try record("d") { $0.disclosure["block size"] = "8 KiB" },
        "the block size of disk/read is 8 KiB here, 4 KiB there"
      ),
      (
        try record("e") { $0.disclosure["durability"] = "each write" },
        "the durability of disk/read is each write here, not told there"
      ),
      (
        try record("f") { $0.disclosure["region"] = "1GiB from 0B of 2GiB" },
        "the region of disk/read is 1GiB from 0B here, not told there"
      ),
    ]
    for (other, reason) in differing {
      let said = refusal([first, other])
      #expect(
        said.hasPrefix("\(other.folder) is of another scenario than \(first.folder): \(reason)\n"),
        "\(said)")
    }
    // What belongs to the system may differ, and the size of the device behind a region.
    let one = try record("g") { $0.disclosure["region"] = "1GiB from 0B of 4GiB" }
    let other = try record("h", values: [1]) { $0.disclosure["region"] = "1GiB from 0B of 2GiB" }
    #expect(refusal([one, other]) == "taken")
  }

  @Test func aNameThatIsNotThereIsToldWithTheNearest() throws {
    #expect { try store.read("main") } throws: { "\($0)".contains("there is none yet") }
    for name in ["main", "night"] {
      try store.write(Baseline.of([try record("r-\(name)")], name: name), replace: false)
    }
    #expect {
      try store.read("mian")
    } throws: {
      "\($0)".contains("did you mean \"main\"?") && "\($0)".contains("there is main, night")
    }
    #expect(store.names == ["main", "night"])
  }

  @Test func aDamagedBaselineIsNamed() throws {
    try home.write("{\"format\": \"assay-baseline-9\"}", to: "baselines/main/0.json")
    #expect {
      try store.read("main")
    } throws: {
      "\($0)".contains("main/0.json: its format is not assay-baseline-1")
    }
  }

  @Test func aDamagedBaselineHidesNoOther() throws {
    let main = try Baseline.of([try record("one")], name: "main")
    let night = try Baseline.of([try record("two")], name: "night")
    try store.write(main, replace: false)
    let path = try store.write(night, replace: false)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try home.write(text, to: "baselines/main/0.json")
    try home.write("{", to: "baselines/a/0.json")
    try home.write(text, to: "baselines/no name/0.json")
    let (found, faults) = store.all()
    #expect(found == [main, night])
    let told = faults.map(\.message)
    #expect(told.count == 3 && told[0].contains("a/0.json: byte 2"), "\(told)")
    #expect(told[1].contains("main/0.json: it states fingerprint 0"), "\(told)")
    #expect(told[2].contains("\"no name\" is no name"), "\(told)")
  }

  @Test func aBaselineUnderAnotherFingerprintIsDamaged() throws {
    let made = try Baseline.of([try record("one")], name: "main")
    let path = try store.write(made, replace: false)
    try FileManager.default.moveItem(
      atPath: path, toPath: path.replacing(made.fingerprint, with: "0123456789ab"))
    #expect {
      try store.read("main")
    } throws: {
      "\($0)".contains("it states fingerprint 0123456789ab, and its facts give \(made.fingerprint)")
    }
  }

  @Test func oneMachineIsOneWhateverARecordTellsOfIt() {
    func identity(_ pairs: [String: String]) -> [EnvironmentFact] {
      pairs.map { EnvironmentFact(key: $0.key, value: $0.value, class: .identity) }
    }
    var labels = MachineLabels()
    let asUser = labels.label(of: identity(["machine.hostname": "n"]))
    let asRoot = labels.label(of: identity(["machine.hostname": "n", "machine.serial": "1"]))
    let other = labels.label(of: identity(["machine.hostname": "n", "machine.serial": "2"]))
    #expect(asUser == "n" && asRoot == "n" && other == "n #2")
  }
}
