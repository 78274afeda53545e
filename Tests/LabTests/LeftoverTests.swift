import Foundation
import TestSupport
import Testing

extension Lab {
  /// However a guest ends, neither a process nor a file of it remains.
  @Suite struct Leftovers {
    /// A guest that QEMU names, so that it is told from those of others on this machine.
    struct Marked {
      let name = "assay-test-\(UUID().uuidString)"

      func start(limit: Int = 60) throws -> Lab.Guest {
        try Lab.start("sleep 1000", options: ["--qemu", "-name", "--qemu", name], limit: limit)
      }

      /// Command lines of QEMU, and of those who watch over it, that carry the name.
      var processes: [String] {
        let answer = try? Command.run(["pgrep", "--full", "--list-full", "--", "-kernel.*\(name)"])
        return (answer?.stdout ?? "").split(separator: "\n").map { line in
          String(line.drop { $0 != " " }.dropFirst())
        }
      }

      /// The folder of the run, which its console lies in.
      func folder() throws -> String {
        let line = try #require(processes.first)
        let match = try #require(line.firstMatch(of: #/path=(\S+)/first\.console/#), "\(line)")
        return String(match.1)
      }
    }

    private func wait(_ seconds: Int, until holds: () -> Bool) async throws {
      let end = Date().addingTimeInterval(Double(seconds))
      while !holds() {
        try #require(Date() < end, "waited \(seconds) s in vain")
        try await Task.sleep(for: .milliseconds(50))
      }
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGKILL])
    func aKilledRunLeavesNothing(_ signal: Int32) async throws {
      let marked = Marked()
      let guest = try marked.start()
      try await wait(20) { marked.processes.contains { $0.hasPrefix("qemu") } }
      let folder = try marked.folder()
      #expect(FileManager.default.fileExists(atPath: folder))
      guest.command.kill(signal)
      #expect(guest.wait().status == 128 + signal)
      try await wait(10) {
        marked.processes.isEmpty && !FileManager.default.fileExists(atPath: folder)
      }
    }

    @Test func theLimitEndsTheGuest() async throws {
      let marked = Marked()
      let guest = try marked.start(limit: 4)
      try await wait(20) { marked.processes.contains { $0.hasPrefix("qemu") } }
      let folder = try marked.folder()
      let outcome = guest.wait()
      #expect(outcome.status == 124)
      #expect(outcome.stderr == "lab: the limit of 4 s was reached; the guest is ended\n")
      #expect(marked.processes.isEmpty)
      #expect(!FileManager.default.fileExists(atPath: folder))
    }
  }
}
