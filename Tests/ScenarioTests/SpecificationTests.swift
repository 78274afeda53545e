import Foundation
import Measure
import Scenario
import Testing

@Suite struct SpecificationTests {
  private func read(
    _ limits: String..., names: SpecificationReader.Names? = nil
  ) throws -> Specification {
    try SpecificationReader.read(
      text: """
        assay-spec: 1
        name: spec
        version: 1.2
        source: A source
        limits:
          - \(limits.joined(separator: "\n  - "))
        """, file: "spec.yaml", names: names)
  }

  @Test func aSpecificationKeepsWhatReportsNeed() throws {
    let found = try read(
      "{id: a, limit: iops >= 1k/s, about: Of reads., source: Elsewhere, severity: warn}",
      "{id: b, limit: create to ping <= 180s in 95% of trials}")
    #expect(found.version == "1.2" && found.decision == nil && found.confidence == .percent(95))
    #expect(found.limits.map(\.source) == ["Elsewhere", "A source"])
    #expect(found.limits.map(\.limit.severity) == [.warn, .fail])
    #expect(found.limits.map(\.limit.share) == [nil, .percent(95)])
    #expect(found.limits[1].limit.bound == .value(180e9))
  }

  @Test func aShareComesBeforeConditions() throws {
    let limit = try read(
      "{id: a, limit: latency p99 < 1ms in 99.5% of trials when queue-depth = 1 severity warn}"
    ).limits[0].limit
    #expect(limit.share == .percent(99.5) && limit.severity == .warn)
    #expect(limit.conditions.map(\.label) == ["queue-depth=1"])
  }

  @Test func aRoleBecomesTheRunsSystem() throws {
    let cases = ["nvme0", "bluefield"].map { CaseKey(system: $0, workload: "read") }
    let limit = try read(
      "{id: a, limit: iops of dpu >= 95% of local}",
      names: .init(cases: cases, roles: ["dpu": "bluefield", "local": "nvme0"])
    ).limits[0].limit
    #expect(limit.system == "bluefield" && limit.bound == .ratio(0.95, of: "nvme0"))
    #expect(limit.text == "iops of dpu >= 95% of local")
  }

  @Test func waiversSayWhereTheyStand() throws {
    let found = try SpecificationReader.readWaivers(
      text: """
        # Known.
        - {limit: a, who: Kim, why: known, until: 2027-01-31}
        - {limit: b, system: dpu, who: Kim, why: known, until: 2028-02-29}
        """, file: "waivers.yaml")
    #expect(found.map(\.place) == ["waivers.yaml:2", "waivers.yaml:3"])
    #expect(found.map(\.system) == [nil, "dpu"])
  }

  /// Each file of the corpora has its messages beside it; ASSAY_GOLDEN=write writes them anew.
  @Test func everyBadSpecificationIsRefusedWithItsMessages() throws {
    try expectRefusals("Tests/ScenarioTests/Bad/specs") { text, file in
      _ = try SpecificationReader.read(text: text, file: file, names: Self.names(text))
    }
    try expectRefusals("Tests/ScenarioTests/Bad/waivers") { text, file in
      _ = try SpecificationReader.readWaivers(text: text, file: file)
    }
  }

  /// A line `# names: system/workload/point ... role=system ...` of a file of the corpus.
  private static func names(_ text: String) -> SpecificationReader.Names? {
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("# names: ") }) else {
      return nil
    }
    var names = SpecificationReader.Names(cases: [])
    for word in line.dropFirst(9).split(separator: " ") {
      let parts = word.split(separator: "/").map(String.init)
      if parts.count > 1 {
        names.cases.append(
          CaseKey(system: parts[0], workload: parts[1], point: Array(parts.dropFirst(2))))
      } else {
        let role = word.split(separator: "=").map(String.init)
        names.roles[role[0]] = role[1]
      }
    }
    return names
  }

  @Test func everyShippedSpecificationReads() throws {
    let shipped = try files("scenarios/specs", ".yaml")
    #expect(shipped.count >= 8)
    for file in shipped {
      let text = try String(contentsOf: file, encoding: .utf8)
      let name = file.lastPathComponent
      let specification = try SpecificationReader.read(text: text, file: name)
      #expect("\(specification.name).yaml" == name)
      #expect(!specification.about.isEmpty && SpecificationReader.recognises(text), "\(name)")
    }
  }

  /// What a specification names, the scenario that it names as its measure has.
  @Test(arguments: [
    ("etcd-ready-disk", "etcd-disk"), ("dpu-as-local", "local-against-dpu"),
    ("tier-local-pv", "quickstart"), ("tier-hostpath", "quickstart"),
    ("tier-cloud-disk", "quickstart"),
  ])
  func aSpecificationFitsItsScenario(_ spec: String, _ scenario: String) throws {
    func text(_ path: String) throws -> String {
      try String(contentsOf: repository.appending(path: path), encoding: .utf8)
    }
    let overrides = ShippedScenariosTests.overrides["\(scenario).yaml"] ?? []
    let plan = Plan.expand(
      try ScenarioReader.read(
        text: text("scenarios/\(scenario).yaml"), file: scenario, overrides: overrides
      ).scenario, seed: 1)
    #expect(try text("scenarios/specs/\(spec).yaml").contains("scenarios/\(scenario).yaml"))
    let bound = try SpecificationReader.read(
      text: text("scenarios/specs/\(spec).yaml"), file: spec,
      names: .init(cases: plan.trials.map(\.key)))
    for entry in bound.limits {
      #expect(plan.trials.contains { entry.limit.applies(to: $0.key) }, "\(entry.id)")
    }
  }
}
