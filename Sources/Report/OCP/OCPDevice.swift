internal import Ledger
internal import Measure

/// The device under test as OCP's dutInfo: the machine, its software, and a part a system.
struct OCPDevice {
  private let facts: [String: String]
  private let identity: [EnvironmentFact]
  private let header: RunHeader
  /// Systems in order of their first trial, with what is disclosed of them.
  private let systems: [(name: String, disclosure: [String: String])]

  init(_ record: RunRecord) {
    header = record.header
    facts = Dictionary(record.facts.map { ($0.key, $0.value) }) { first, _ in first }
    identity = record.facts.filter { $0.class == .identity || $0.key.hasPrefix("machine.") }
    var systems: [(name: String, disclosure: [String: String])] = []
    for trial in record.trials where !systems.contains(where: { $0.name == trial.key.system }) {
      systems.append((trial.key.system, trial.disclosure))
    }
    self.systems = systems
  }

  /// The hardwareInfoId of a case's system.
  func identifier(of key: CaseKey) -> String? {
    systems.firstIndex { $0.name == key.system }.map { String($0 + 2) }
  }

  var json: JSONValue {
    var members: [String: JSONValue] = [
      "dutInfoId": "0",
      "platformInfos": .array(
        identity.map { .object(["info": .string("\($0.key): \($0.value)")]) }),
      "softwareInfos": .array(software), "hardwareInfos": .array(hardware),
    ]
    members["name"] = facts["machine.hostname"].map { .string($0) }
    return .object(members)
  }

  private var software: [JSONValue] {
    let all: [(name: String, type: String, version: String?)] = [
      ("Assay", "APPLICATION", header.evidence == .published ? nil : header.version),
      ("Linux", "SYSTEM", facts["kernel.release"]),
      ("operating system", "SYSTEM", facts["os.release"]),
      ("BIOS", "FIRMWARE", facts["machine.bios"]),
      ("CPU microcode", "FIRMWARE", facts["cpu.microcode"]),
    ]
    return all.enumerated().compactMap { index, entry in
      guard let version = entry.version, !version.isEmpty else { return nil }
      return [
        "softwareInfoId": .string(String(index)), "name": .string(entry.name),
        "softwareType": .string(entry.type), "version": .string(version),
      ]
    }
  }

  private var hardware: [JSONValue] {
    var result: [JSONValue] = []
    if let product = facts["machine.product"] ?? facts["machine.board"] {
      result.append(
        part(
          "0", product,
          [
            "partType": "server", "manufacturer": facts["machine.vendor"],
            "serialNumber": facts["machine.serial"],
          ]))
    }
    if let model = facts["cpu.model"] {
      result.append(
        part("1", model, ["partType": "CPU", "revision": facts["cpu.signature"]]))
    }
    for (index, system) in systems.enumerated() {
      let disclosure = system.disclosure
      result.append(
        part(
          String(index + 2), system.name,
          [
            "partType": disclosure["medium"], "location": disclosure["device"],
            "manufacturerPartNumber": disclosure["model"], "serialNumber": disclosure["serial"],
            "revision": disclosure["firmware"],
          ]))
    }
    return result
  }

  private func part(
    _ identifier: String, _ name: String, _ more: [String: String?]
  ) -> JSONValue {
    var members = more.compactMapValues { $0 }.mapValues { JSONValue.string($0) }
    members["hardwareInfoId"] = .string(identifier)
    members["name"] = .string(name)
    return .object(members)
  }
}
