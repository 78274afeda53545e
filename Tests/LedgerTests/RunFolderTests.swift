import Foundation
import Measure
import TestSupport
import Testing

@testable import Ledger

@Suite struct RunFolderTests {
  private let home: TemporaryFolder

  init() throws { home = try TemporaryFolder() }

  private func folder(_ id: String = "run") throws -> RunFolder {
    try RunFolder.create(in: home.path, id: id)
  }

  @Test func aSecondWriterIsRefused() throws {
    let first = try folder()
    try first.append(.runFinished)
    #expect {
      try RunFolder.reopen(first.path)
    } throws: { error in
      "\(error)".contains("is being written by another process")
    }
    try first.append(.runFinished)
    #expect(try EventLog.read(first.path + "/events.jsonl").events.map(\.sequence) == [1, 2])
  }

  @Test func theLockGoesWithTheWriter() throws {
    var first: RunFolder? = try folder()
    try first?.append(.runResumed)
    first = nil
    let second = try RunFolder.reopen(home.path("run"))
    try second.append(.runFinished)
    #expect(try EventLog.read(second.path + "/events.jsonl").events.count == 2)
  }

  @Test func aFolderThatIsNoRecordStaysUntouched() throws {
    #expect(throws: LedgerError.self) { try RunFolder.reopen(home.path) }
    #expect(home.files().isEmpty)
  }

  @Test func aFileIsReplacedAsAWhole() throws {
    let folder = try folder()
    let (old, new) = (String(repeating: "a", count: 1 << 16), String(repeating: "b", count: 9))
    try folder.write(text: old, to: "x")
    let reader = Reader(path: home.path("run/x"))
    for number in 0..<100 { try folder.write(text: number.isMultiple(of: 2) ? new : old, to: "x") }
    let seen = reader.stop()
    #expect(seen == [old, new])
    #expect(!home.files().contains { $0.hasSuffix(".part") })
  }

  @Test func aWriteThatFailsLeavesTheOldContent() throws {
    let folder = try folder()
    try folder.write(text: "old", to: "x")
    // A folder in the place of the new content: the rename is never reached.
    try FileManager.default.createDirectory(
      atPath: home.path("run/x.part"), withIntermediateDirectories: true)
    #expect {
      try folder.write(text: "new", to: "x")
    } throws: { error in
      (error as? LedgerError)?.kind == .io && "\(error)".contains("x.part")
    }
    #expect(try home.read("run/x") == "old")
  }

  @Test(Requires.root) func aFullDiskIsSaidAndLosesNoWholeEvent() throws {
    let mount = try TestMount("tmpfs", type: "tmpfs", options: "size=64k")
    defer { mount.unmount() }
    var count = 0
    let folder = try RunFolder.create(in: mount.path, id: "run")
    #expect {
      while count < 1000 {
        try folder.append(.changing) { $0.change = String(repeating: "x", count: 500) }
        count += 1
      }
    } throws: { error in
      "\(error)".contains("No space left on device") && "\(error)".contains("--results FOLDER")
    }
    #expect(count > 10)
    #expect(try EventLog.read(folder.path + "/events.jsonl").events.count == count)
  }

  @Test func theManifestTellsEveryChange() throws {
    let folder = try folder()
    try folder.append(.runFinished)
    for name in ["a", "b", "c"] { try folder.write(text: name, to: name) }
    try folder.seal()
    let manifest = try LedgerJSON.decode(
      Manifest.self, from: try LedgerFile.read(folder.path + "/manifest.json"), at: "")
    #expect(try manifest.differences(in: folder.path) == [])
    let printed = try Command.run(["sha256sum", folder.path + "/a"]).checked().stdout
    #expect(manifest.sha256["a"] == String(printed.prefix(64)))
    try home.write("changed", to: "run/a")
    try FileManager.default.removeItem(atPath: folder.path + "/b")
    try home.write("new", to: "run/series/d")
    #expect(
      try manifest.differences(in: folder.path)
        == ["a was changed", "b is missing", "series/d was added"])
  }

  @Test func aSeriesIsReadBackAsItWasWritten() throws {
    let folder = try folder()
    var random = SeededRandom(seed: 5)
    func draw() -> UInt64 { random.next() }
    let rows = (0..<200).map { second in
      SeriesRow(
        second: second, readIOs: draw(), readBytes: draw(), writeIOs: draw(), writeBytes: draw(),
        trimIOs: draw(), syncIOs: draw(), meanLatencyNs: draw(), maxLatencyNs: draw(),
        lateIOs: draw(), errors: draw())
    }
    let writer = try folder.series(of: "t0001")
    for row in rows { try writer.append(row) }
    try writer.finish()
    let text = try home.read("run/" + writer.name)
    #expect(try SeriesWriter.parse(text, place: "x") == rows)
    for cut in [text.count - 5, text.count / 2] {
      let part = String(text.prefix(cut))
      // A cut inside a number leaves a number; a cut row is one without all its columns.
      if let parsed = try? SeriesWriter.parse(part, place: "x") {
        #expect(parsed.dropLast() == rows.prefix(parsed.count).dropLast())
      }
    }
  }
}

/// Reads a file again and again on a thread of its own.
private final class Reader: @unchecked Sendable {
  private let path: String
  private let done = DispatchSemaphore(value: 0)
  private let lock = NSLock()
  private var isStopped = false
  private var seen: Set<String> = []

  init(path: String) {
    self.path = path
    Thread.detachNewThread { [self] in
      while !lock.withLock({ isStopped }) {
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        seen.insert(text ?? "cannot be read")
      }
      done.signal()
    }
  }

  /// All contents that were seen.
  func stop() -> Set<String> {
    lock.withLock { isStopped = true }
    done.wait()
    return seen
  }
}
