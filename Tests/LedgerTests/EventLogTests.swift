import Foundation
import Measure
import TestSupport
import Testing

@testable import Ledger

@Suite struct EventLogTests {
  private let home: TemporaryFolder

  init() throws { home = try TemporaryFolder() }

  /// A record of a header, a change and two trials; gives the bytes of its event file.
  private func write(_ id: String = "run") throws -> Data {
    let folder = try RunFolder.create(in: home.path, id: id)
    try folder.append(.runStarted) {
      $0.run = RunHeader(
        id: id, name: "n", about: "ü", startedAt: WallClock.now(), version: "0", seed: 1)
    }
    try folder.append(.changing) { $0.change = "made file /x" }
    for number in 1...2 {
      try folder.append(.trialStarted) { $0.trialID = "t000\(number)" }
      try folder.append(.trialFinished) {
        $0.trial = TrialRecord(
          id: "t000\(number)", key: CaseKey(system: "s", workload: "w", point: []), block: number)
      }
    }
    try folder.write(text: "assay: 1\n", to: "scenario.yaml")
    try folder.write(["trials": 2], to: "plan.json")
    return try Data(contentsOf: home.url("\(id)/events.jsonl"))
  }

  @Test func cutAnywhereItIsReadToTheLastWholeLine() throws {
    let whole = try write()
    let newline = UInt8(ascii: "\n")
    for length in 0...whole.count {
      let cut = whole.prefix(length)
      try cut.write(to: home.url("cut.jsonl"))
      let log = try EventLog.read(home.path("cut.jsonl"))
      let lines = cut.count { $0 == newline }
      #expect(log.events.count == lines)
      #expect(log.events.map(\.sequence) == Array(0..<lines).map { $0 + 1 })
      #expect(log.wholeBytes + log.cutBytes == length)
      #expect(log.wholeBytes == (cut.lastIndex(of: newline).map { $0 + 1 } ?? 0))
    }
  }

  @Test func cutAnywhereAfterTheHeaderTheRunGoesOn() throws {
    let whole = try write()
    let header = try #require(whole.firstIndex(of: UInt8(ascii: "\n"))) + 1
    for length in stride(from: header, through: whole.count, by: 7) {
      try whole.prefix(length).write(to: home.url("run/events.jsonl"))
      let before = try RunRecord.read(home.path("run"))
      let folder = try RunFolder.reopen(home.path("run"))
      // Nothing is lost by looking.
      #expect(try Data(contentsOf: home.url("run/events.jsonl")).count == length)
      try folder.append(.runResumed)
      try folder.append(.runFinished)
      let after = try RunRecord.read(home.path("run"))
      #expect(after.isComplete && after.trials.map(\.id) == before.trials.map(\.id))
    }
  }

  @Test func aMissingOrRepeatedLineIsFound() throws {
    let lines = try write().split(separator: UInt8(ascii: "\n"))
    for number in lines.indices.dropLast() {
      for edited in [
        lines[..<number] + lines[(number + 1)...], lines[...number] + lines[number...],
        lines[..<number] + [lines[number].dropFirst()] + lines[(number + 1)...],
      ] {
        try Data(edited.joined(separator: [UInt8(ascii: "\n")]) + [UInt8(ascii: "\n")])
          .write(to: home.url("run/events.jsonl"))
        #expect {
          try EventLog.read(home.path("run/events.jsonl"))
        } throws: { error in
          let error = error as? LedgerError
          return error?.kind == .damaged && error?.message.contains("events.jsonl:") == true
        }
      }
    }
  }

  @Test func openChangesAreThoseNotUndone() throws {
    _ = try write()
    #expect(try RunRecord.read(home.path("run")).openChanges == ["made file /x"])
    let folder = try RunFolder.reopen(home.path("run"))
    try folder.append(.restored) { $0.change = "made file /x" }
    #expect(try RunRecord.read(home.path("run")).openChanges.isEmpty)
  }

  @Test func anotherFormatIsNotGuessedAt() throws {
    let text = String(decoding: try write(), as: UTF8.self)
    try home.write(
      text.replacingOccurrences(of: "assay-record-1", with: "assay-record-9"),
      to: "run/events.jsonl")
    #expect(throws: LedgerError.self) { try RunRecord.read(home.path("run")) }
  }
}
