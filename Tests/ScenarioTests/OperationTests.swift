import Deploy
import Foundation
import Host
import Measure
import Scenario
import Testing

@Suite struct OperationTests {
  private func read(_ operation: String, more: String = "") throws -> ScenarioReader.Reading {
    try ScenarioReader.read(
      text: """
        assay: 1
        name: online
        systems: {disk: {device: /dev/nvme0n1}}
        workloads:
          io:
            storage: {pattern: random-read, duration: 30s}
            operation: \(operation)
        \(more)
        """, file: "r.yaml")
  }

  private func operation(_ text: String) throws -> OnlineOperation {
    try #require(try read(text).scenario.workloads[0].operation)
  }

  @Test func everyKindIsReadAsWritten() throws {
    var command = OnlineOperation(
      atNs: .seconds(5), trigger: .command(words: ["bmctl", "attach", "vol-1"]))
    command.expectation = DiskExpectation(change: .appears, disk: DiskName("vol-1"))
    command.withinNs = .seconds(60)
    command.undo = .init(
      trigger: .qmp(
        call: QMPCall(socket: "/run/qmp", commands: [#"{"execute": "system_reset"}"#])),
      afterNs: .seconds(3))
    #expect(
      try operation(
        """
        {at: 5s, command: [bmctl, attach, vol-1], expect: {appears: vol-1}, within: 60s, undo: \
        {after: 3s, qmp: {socket: /run/qmp, commands: ['{"execute": "system_reset"}']}}}
        """) == command)
    var call = HTTPCall(method: .put, url: "https://host/v1/volume", body: "{\"size\": 2}")
    call.headers = ["Accept": "application/json"]
    call.token = .environment(name: "TOKEN")
    call.tokenHeader = "X-Auth-Token"
    #expect(
      try operation(
        """
        {at: 0s, http: {url: "https://host/v1/volume", method: PUT, body: '{"size": 2}', \
        headers: {Accept: application/json}, token-from-env: TOKEN, token-header: X-Auth-Token}}
        """) == OnlineOperation(atNs: .zero, trigger: .http(call: call)))
  }

  @Test func thePlanHasItAndReadsBackTheSame() throws {
    let reading = try read("{at: 5s, command: [bmctl], expect: {grows: vol-1}}")
    let plan = Plan.expand(reading.scenario, seed: 1)
    let trial = try #require(plan.trials.first)
    #expect(trial.work.storage?.operation?.expectation?.change == .grows)
    #expect(try JSONDecoder().decode(Plan.self, from: JSONEncoder().encode(plan)) == plan)
  }

  @Test func whatFindsTheMaximumIsLeftAlone() throws {
    let scenario = try ScenarioReader.read(
      text: """
        assay: 1
        name: online
        systems: {disk: {device: /dev/nvme0n1}}
        workloads:
          io:
            storage: {pattern: random-read, duration: 30s, rate: 50%}
            operation: {at: 5s, command: [bmctl]}
        """, file: "r.yaml"
    ).scenario
    let plan = Plan.expand(scenario, seed: 1)
    #expect(plan.trials.map(\.kind) == [.findMaximum, .measure])
    #expect(plan.trials.map { $0.work.storage?.operation != nil } == [false, true])
  }

  @Test func aDiskThatComesOnceCannotComeTwice() throws {
    let once = "{at: 5s, command: [bmctl], expect: {appears: vol-1}}"
    let undone = "{at: 5s, command: [bmctl], expect: {appears: vol-1}, undo: {command: [bmctl]}}"
    #expect(try read(once).warnings.isEmpty)
    #expect(
      try read(once, more: "design: {blocks: 3}").warnings.map(\.message)
        == ["the operation runs 3 times and is never undone"])
    #expect(try read(undone, more: "design: {blocks: 3}").warnings.isEmpty)
  }

  @Test func theReferenceTellsEveryKey() {
    let reference = ScenarioSchema.reference()
    for key in ["operation", "within", "undo", "token-from-file", "socket"] {
      #expect(reference.contains("| `\(key)` |"), "\(key)")
    }
  }
}
