import Foundation
import Ledger
import TestSupport
import Testing

extension Program {
  /// DESIGN section 8, through the program: what carries data is not written to.
  @Suite(Requires.loopDevices, Requires.tool("mkfs.ext4")) struct Safety {
    private func digest(_ file: String) throws -> String {
      try Command.run(["sha256sum", file]).checked().stdout
    }

    private func isIntact(_ loop: LoopDevice, _ before: String) throws {
      try Command.run(["sync"]).checked()
      try Command.run(["fsck.ext4", "-n", "-f", loop.path]).checked()
      #expect(try digest(loop.file) == before)
    }

    private func scenario(_ shop: Workshop, _ loop: LoopDevice, _ pattern: String) throws -> String
    {
      try shop.scenario(
        "{device: \(loop.path)}",
        "io: {storage: {pattern: \(pattern), duration: 200ms}}")
    }

    @Test(arguments: ["random-write", "sequential-mix", "random-trim"])
    func aFileSystemIsNotWrittenOverUnasked(_ pattern: String) throws {
      let (shop, loop) = (try Workshop(), try LoopDevice(bytes: 32 << 20, fileSystem: "ext4"))
      let before = try digest(loop.file)
      let path = try scenario(shop, loop, pattern)
      for more in [[], ["--allow-destroy", "WD-WRONG"], ["--allow-destroy", loop.path]] {
        let result = try shop.assay(["run", path, "--results", shop.results] + more)
        #expect(result.status == 5, "\(result)")
        #expect(result.stderr.contains("ext4"))
        #expect(result.stderr.contains("--allow-destroy '\(loop.file)'"))
        #expect(try shop.assay(["plan", path] + more).status == 5)
      }
      #expect(shop.records.isEmpty)
      try isIntact(loop, before)
    }

    @Test func preconditioningIsWritingToo() throws {
      let (shop, loop) = (try Workshop(), try LoopDevice(bytes: 32 << 20, fileSystem: "ext4"))
      let before = try digest(loop.file)
      let path = try shop.scenario(
        "{device: \(loop.path)}",
        "io: {storage: {pattern: random-read, duration: 100ms, precondition: snia}}")
      let result = try shop.run(path)
      #expect(result.status == 5 || result.status == 65, "\(result)")
      try isIntact(loop, before)
    }

    @Test func aMountedOneIsRefusedWhateverIsAllowed() throws {
      let (shop, loop) = (try Workshop(), try LoopDevice(bytes: 32 << 20, fileSystem: "ext4"))
      let path = try scenario(shop, loop, "random-write")
      let mount = try TestMount(loop.path)
      defer { mount.unmount() }
      try mount.folder.write("precious", to: "file")
      let result = try shop.run(path, "--allow-destroy", loop.file)
      #expect(result.status == 5, "\(result)")
      #expect(result.stderr.contains("is mounted on \(mount.path)"))
      #expect(result.stderr.contains("no option overrides this"))
      #expect(try mount.folder.read("file") == "precious")
      mount.unmount()
      try Command.run(["fsck.ext4", "-n", "-f", loop.path]).checked()
      // Unmounted, by its own name, it may go.
      try shop.run(path, "--allow-destroy", loop.file).checked()
      #expect(try shop.record().trials.allSatisfy { $0.status == .valid })
    }

    @Test func readingNeedsNoLeave() throws {
      let (shop, loop) = (try Workshop(), try LoopDevice(bytes: 32 << 20, fileSystem: "ext4"))
      let before = try digest(loop.file)
      try shop.run(try scenario(shop, loop, "random-read")).checked()
      try isIntact(loop, before)
    }

    @Test func aFileBehindALoopDeviceIsInUseEvenToOverwrite() throws {
      let (shop, loop) = (try Workshop(), try LoopDevice(bytes: 32 << 20, fileSystem: "ext4"))
      let before = try digest(loop.file)
      let path = try shop.scenario(
        "{file: \(loop.file), existing: overwrite}",
        "io: {storage: {pattern: random-write, duration: 100ms}}")
      let result = try shop.run(path)
      #expect(result.status == 5, "\(result)")
      #expect(result.stderr.contains("is the backing store of \(loop.path)"))
      try isIntact(loop, before)
    }

    @Test func aDeviceIsNoFile() throws {
      let (shop, loop) = (try Workshop(), try LoopDevice(bytes: 32 << 20, fileSystem: "ext4"))
      let before = try digest(loop.file)
      let path = try shop.scenario(
        "{file: \(loop.path), existing: overwrite}",
        "io: {storage: {pattern: random-write, duration: 100ms}}")
      let result = try shop.run(path)
      #expect(result.status == 69 && result.stderr.contains("is a block device"), "\(result)")
      try isIntact(loop, before)
    }

    @Test func somebodysFileIsNotWrittenOverUnasked() throws {
      let shop = try Workshop()
      try shop.folder.write(String(repeating: "precious", count: 4096), to: "data")
      let before = try digest(shop.path("data"))
      let path = try shop.scenario(
        "{file: \(shop.path("data")), size: 32KiB}",
        "io: {storage: {pattern: random-write, duration: 100ms}}")
      let result = try shop.run(path)
      #expect(result.status == 5, "\(result)")
      #expect(result.stderr.contains("existing: overwrite"))
      #expect(try digest(shop.path("data")) == before)
    }
  }
}
