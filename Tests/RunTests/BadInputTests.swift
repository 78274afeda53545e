import Foundation
import Ledger
import TestSupport
import Testing

extension Program {
  /// Every wrong input is said clearly, with the exit code that names its kind.
  @Suite struct BadInput {
    /// A program as the user nobody, who may read what everybody may.
    private func asNobody(_ words: [String]) throws -> Command.Result {
      try Command.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", Workshop.assay] + words)
    }

    @Test(arguments: [
      ("duration: 1s, queue-dept: 4", "unknown key \"queue-dept\"", "queue-depth"),
      ("duration: 1s, block-size: 4KM", "4KM", "block-size"),
      ("duration: 1s, block-size: 4096", "a size needs a unit: 4096", "4096B"),
      ("duration: 1s, queue-depth: 0", "queue-depth must be at least 1, not 0", "queue-depth"),
      ("duration: 1s, rate: 10s", "10s", "/s"),
    ])
    func aWrongScenarioIsSaidByLine(_ keys: String, _ wrong: String, _ hint: String) throws {
      let shop = try Workshop()
      let path = try shop.scenario(
        "{none: {size: 1GiB}}", "io: {storage: {engine: 'null', pattern: random-read, \(keys)}}")
      let result = try shop.run(path)
      #expect(result.status == 65, "\(result)")
      #expect(result.stderr.contains("\(path):7:"))
      #expect(result.stderr.contains(wrong) && result.stderr.contains(hint), "\(result)")
      #expect(result.stdout.isEmpty && shop.records.isEmpty)
    }

    @Test func aWrongCommandLineIsUsage() throws {
      let shop = try Workshop()
      for words in [
        ["run"], ["run", "a.yaml", "--resume", "b"], ["frobnicate"], ["plan", "a", "--seed", "x"],
      ] {
        let result = try shop.assay(words)
        #expect(result.status == 64 && !result.stderr.isEmpty, "\(result)")
      }
      let missing = try shop.run(shop.path("nowhere.yaml"))
      #expect(missing.status == 65 && missing.stderr.contains("nowhere.yaml"), "\(missing)")
    }

    @Test(Requires.loopDevices) func aBlockIsAMultipleOfTheLogicalBlock() throws {
      let (shop, loop) = (try Workshop(), try LoopDevice(logicalSector: 4096))
      let path = try shop.scenario(
        "{device: \(loop.path)}",
        "io: {storage: {pattern: random-read, block-size: 512B, duration: 1s}}")
      let result = try shop.run(path)
      #expect(result.status == 5, "\(result)")
      #expect(result.stderr.contains("block-size") && result.stderr.contains("4096"))
      #expect(shop.records.isEmpty)
    }

    @Test(Requires.loopDevices) func aRegionLiesOnTheDevice() throws {
      let (shop, loop) = (try Workshop(), try LoopDevice(bytes: 64 << 20))
      let path = try shop.scenario(
        "{device: \(loop.path)}",
        "io: {storage: {pattern: random-read, region-offset: 60MiB, region-size: 8MiB, "
          + "duration: 1s}}")
      let result = try shop.run(path)
      #expect(result.status == 5, "\(result)")
      #expect(result.stderr.contains("region") && result.stderr.contains("67108864 B"), "\(result)")
    }

    @Test func everyMissingTargetIsSaidAtOnce() throws {
      let shop = try Workshop()
      let path = try shop.scenario(
        "{device: /dev/nonesuch}\n  other: {file: \(shop.path("gone"))}\n"
          + "  tty: {device: /dev/null}",
        "io: {storage: {pattern: random-read, duration: 1s}}")
      let result = try shop.run(path)
      #expect(result.status == 69, "\(result)")
      #expect(result.stderr.contains("device /dev/nonesuch does not exist"))
      #expect(result.stderr.contains("gone does not exist") && result.stderr.contains("size:"))
      #expect(result.stderr.contains("/dev/null"))
      #expect(result.stderr.components(separatedBy: "hint:").count == 4)
      #expect(try shop.assay(["plan", path]).status == 69)
    }

    @Test(Requires.loopDevices, Requires.tool("setpriv")) func aDeviceMustBeReadable() throws {
      let (shop, loop) = (try Workshop(), try LoopDevice())
      let path = try shop.scenario(
        "{device: \(loop.path)}", "io: {storage: {pattern: random-read, duration: 1s}}")
      let result = try asNobody(["run", path, "--results", "/tmp"])
      #expect(result.status == 69, "\(result)")
      #expect(result.stderr.contains("\(loop.path) is not readable: Permission denied"))
      #expect(result.stderr.contains("group"))
    }

    @Test(Requires.root, Requires.tool("setpriv")) func aFolderMustBeWritable() throws {
      let shop = try Workshop()
      let ring = try shop.scenario(
        "{none: {size: 1GiB}}",
        "io: {storage: {engine: 'null', pattern: random-read, duration: 100ms}}", name: "ring")
      let results = try asNobody(["run", ring, "--results", shop.results])
      #expect(results.status == 74, "\(results)")
      #expect(results.stderr.contains(shop.results) && results.stderr.contains("--results FOLDER"))
      let file = try shop.scenario(
        "{file: \(shop.path("data")), size: 1MiB}",
        "io: {storage: {pattern: random-read, duration: 100ms}}", name: "file")
      let own = try TemporaryFolder()
      try Command.run(["chmod", "777", own.path]).checked()
      let scratch = try asNobody(["run", file, "--results", own.path("r")])
      #expect(scratch.status == 69, "\(scratch)")
      #expect(
        scratch.stderr.contains(
          "cannot create \(shop.path("data")): \(shop.folder.path): Permission denied"))
    }

    @Test(Requires.root) func aFileSystemWithoutDirectIOIsSaid() throws {
      let shop = try Workshop()
      let mount = try TestMount("ramfs", type: "ramfs")
      defer { mount.unmount() }
      let system = "{file: \(mount.folder.path("data")), size: 4MiB}"
      let direct = try shop.run(
        try shop.scenario(system, "io: {storage: {pattern: random-mix, duration: 100ms}}"))
      #expect(direct.status == 5, "\(direct)")
      #expect(direct.stderr.contains("O_DIRECT") && direct.stderr.contains("direct: false"))
      #expect(mount.folder.files().isEmpty)
      try shop.run(
        try shop.scenario(
          system, "io: {storage: {pattern: random-mix, direct: false, duration: 100ms}}")
      ).checked()
      #expect(mount.folder.files().isEmpty)
    }

    @Test(Requires.root) func withoutAttributesAKilledRunsFileIsKnownToo() throws {
      let shop = try Workshop()
      let mount = try TestMount("ramfs", type: "ramfs")
      defer { mount.unmount() }
      let path = try shop.scenario(
        "{file: \(mount.folder.path("data")), size: 4MiB}",
        "io: {storage: {pattern: random-mix, direct: false, duration: 1500ms}}")
      let child = try shop.start(path)
      try shop.wait { shop.count("trial-started") == 1 }
      child.kill(SIGKILL)
      child.wait()
      try shop.resume(try #require(shop.records.first)).checked()
      #expect(mount.folder.files().isEmpty, "\(mount.folder.files())")
    }

    @Test(Requires.loopDevices, Requires.tool("mkfs.ext4"))
    func aFileThatDoesNotFitIsSaidBefore() throws {
      let (shop, loop) = (try Workshop(), try LoopDevice(bytes: 64 << 20, fileSystem: "ext4"))
      let mount = try TestMount(loop.path)
      defer { mount.unmount() }
      let before = mount.folder.files()
      let path = try shop.scenario(
        "{file: \(mount.folder.path("data")), size: 1GiB}",
        "io: {storage: {pattern: random-read, duration: 1s}}")
      let result = try shop.run(path)
      #expect(result.status == 5, "\(result)")
      #expect(result.stderr.contains("is to be 1GiB") && result.stderr.contains("MiB left"))
      #expect(result.stderr.contains("free some space"))
      #expect(mount.folder.files() == before && shop.records.isEmpty)
    }

    @Test(Requires.loopDevices) func noSpaceInMidRunFailsTheTrialWithErrnoAndOffset() throws {
      let shop = try Workshop()
      let mount = try TestMount("tmpfs", type: "tmpfs", options: "size=4m")
      defer { mount.unmount() }
      let loop = try LoopDevice(bytes: 32 << 20, in: mount.path)
      defer { loop.detach() }
      let path = try shop.scenario(
        "{device: \(loop.path)}",
        "io: {storage: {pattern: sequential-write, block-size: 64KiB, duration: 2s}}")
      let result = try shop.run(path, "--allow-destroy", loop.file)
      #expect(result.status == 4, "\(result)")
      let record = try shop.record()
      #expect(record.isComplete)
      let trial = try #require(record.trials.first)
      let text = try #require(message("stopped-early", in: trial), "\(trial.findings)")
      #expect(text.contains("at offset 4194304 failed: No space left on device"), "\(text)")
      #expect(shop.events.contains { $0.contains("\"errno\":28") })
    }

    @Test(Requires.loopDevices) func aDeviceThatDisappearsFailsItsTrialsAndTheRunEnds() throws {
      let (shop, loop) = (try Workshop(), try LoopDevice())
      let path = try shop.scenario(
        "{device: \(loop.path)}",
        "io: {storage: {pattern: random-read, duration: 2s}}", more: "design: {blocks: 3}")
      let child = try shop.start(path)
      try shop.wait { shop.count("trial-started") == 2 }
      usleep(100_000)
      // Without a program to be started first: the trial must not end before.
      try #require(truncate(loop.file, 0) == 0)
      let result = child.wait()
      #expect(result.status == 4, "\(result)")
      let record = try shop.record()
      #expect(record.isComplete && record.trials.count == 3)
      #expect(record.trials.map(\.status) == [.valid, .failed, .failed])
      let text = try #require(message("stopped-early", in: record.trials[1]))
      #expect(text.contains("at offset") && text.contains("Input/output error"), "\(text)")
      #expect(shop.events.contains { $0.contains("\"errno\":5,") })
      #expect(result.stdout.contains("2 of 3 trials are invalid or failed"))
    }

    @Test func anUnknownFioOptionIsSaidByLine() throws {
      let shop = try Workshop()
      let job = try shop.folder.write("[a]\nrw=read\nsize=1m\nfrobnicate=1\n", to: "bad.fio")
      let result = try shop.assay(["import", job])
      #expect(result.status == 65, "\(result)")
      #expect(result.stderr.contains("\(job):4:") && result.stderr.contains("frobnicate"))
      #expect(result.stdout.isEmpty)
    }
  }
}
