import Foundation
import TestSupport
import Testing

struct CommandTests {
  @Test func givesStatusAndBothStreams() throws {
    let result = try Command.run(["sh", "-c", "cat; echo err >&2; exit 3"], input: "in")
    #expect(result.status == 3)
    #expect(result.stdout == "in")
    #expect(result.stderr == "err\n")
    #expect(throws: Command.Failure.self) { try result.checked() }
  }

  @Test func takesMoreOutputThanAPipeHolds() throws {
    let result = try Command.run(["sh", "-c", "yes | head -c 1000000; yes | head -c 1000000 >&2"])
    #expect(result.stdout.utf8.count == 1_000_000)
    #expect(result.stderr.utf8.count == 1_000_000)
  }

  @Test func saysWhichProgramIsMissing() {
    #expect(throws: Command.Failure.self) { try Command.run(["no-such-program"]) }
  }

  @Test func runsInTheBackgroundUntilKilled() throws {
    let sleeper = try Command.start(["sh", "-c", "echo ready; exec sleep 60"])
    try sleeper.wait(for: "ready")
    #expect(sleeper.isRunning)
    sleeper.kill(SIGINT)
    #expect(sleeper.wait().status == 128 + SIGINT)
    #expect(!sleeper.isRunning)
  }

  @Test func aDroppedCommandIsKilled() throws {
    var sleeper: BackgroundCommand? = try Command.start(["sleep", "60"])
    let id = try #require(sleeper).id
    sleeper = nil
    for _ in 0..<500 where kill(id, 0) == 0 { Thread.sleep(forTimeInterval: 0.01) }
    #expect(kill(id, 0) != 0)
  }

  @Test func environmentAndFolderReachTheProgram() throws {
    let folder = try TemporaryFolder()
    let result = try Command.run(
      ["sh", "-c", "echo $WORD; pwd"], environment: ["WORD": "hello"], folder: folder.path)
    #expect(result.stdout == "hello\n\(folder.path)\n")
  }
}

struct TemporaryFolderTests {
  @Test func deletesItselfWithItsContent() throws {
    var folder: TemporaryFolder? = try TemporaryFolder()
    let path = try #require(try folder?.write("text", to: "deep/file"))
    #expect(try folder?.read("deep/file") == "text")
    #expect(folder?.files() == ["deep", "deep/file"])
    folder = nil
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}

@Suite(Requires.loopDevices) struct LoopDeviceTests {
  @Test(arguments: [512, 4096]) func hasItsSizeAndSector(sector: Int) throws {
    let device = try LoopDevice(bytes: 32 << 20, logicalSector: sector)
    defer { device.detach() }
    let words = ["blockdev", "--getss", "--getsize64", device.path]
    #expect(try Command.run(words).checked().stdout == "\(sector)\n\(32 << 20)\n")
  }

  @Test(arguments: ["ext4", "xfs"]) func carriesAFileSystem(kind: String) throws {
    let device = try LoopDevice(bytes: 320 << 20, fileSystem: kind)
    defer { device.detach() }
    let answer = try Command.run(["blkid", "-p", "-o", "value", "-s", "TYPE", device.path])
    #expect(answer.stdout == "\(kind)\n")
  }

  @Test func refusesWritesIfReadOnly() throws {
    let device = try LoopDevice(readOnly: true)
    defer { device.detach() }
    #expect(try Command.run(["blockdev", "--getro", device.path]).stdout == "1\n")
  }

  @Test func leavesNothingBehind() throws {
    let device = try LoopDevice()
    let file = device.file
    device.detach()
    #expect(!FileManager.default.fileExists(atPath: file))
    #expect(
      try Command.run(["losetup", "--list", "--noheadings", "--output", "BACK-FILE"])
        .checked().stdout.contains(file) == false)
  }
}
