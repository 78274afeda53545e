import Foundation
import Ledger
import TestSupport
import Testing

extension Program {
  /// What an online operation changed when its run was killed: undone once, whoever comes next.
  ///
  /// Each workshop has a /run of its own, so that no other test's run comes first.
  @Suite(Requires.root) struct OperationUndos {
    /// A run with an operation that writes a line to `called`, as its undo does.
    private struct Scene {
      let shop: Workshop
      let scenario: String

      init(
        at: String = "200ms", duration: String = "30s", undo: String? = nil, after: String = ""
      ) throws {
        shop = try Workshop(ownRun: true)
        // A relative path: the undo runs where the run was started.
        let way = undo ?? "command: [sh, -c, \"echo undone >> called\"]"
        scenario = try shop.scenario(
          "{none: {size: 1GiB}}",
          """
          io:
              storage: {engine: io_uring_nop, pattern: random-read, duration: \(duration)}
              operation:
                at: \(at)
                command: [sh, -c, "echo done >> called"]
                undo: {\(after)\(way)}
          """)
      }

      var called: [Substring] {
        let text = try? String(contentsOfFile: shop.path("called"), encoding: .utf8)
        return (text ?? "").split(separator: "\n")
      }

      /// Entries of what is to be undone.
      var entries: [String] {
        let folder = shop.path("run/assay/changes")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.map { "\(folder)/\($0)" }
      }

      func entry() throws -> String {
        try String(contentsOfFile: try #require(entries.first), encoding: .utf8)
      }

      func start(environment: [String: String] = [:]) throws -> BackgroundCommand {
        try shop.start(
          ["run", scenario, "--results", shop.results], environment: environment,
          folder: shop.folder.path)
      }

      /// A run killed while its operation is in effect, or once `moment` has come.
      func kill(
        environment: [String: String] = [:],
        when moment: (Scene) -> Bool = { $0.called == ["done"] }
      ) throws {
        let run = try start(environment: environment)
        try shop.wait { moment(self) }
        // What was just called has yet to be accepted.
        usleep(100_000)
        run.kill(SIGKILL)
        #expect(run.wait().status == 137)
      }

      func resumed() throws -> Command.Result {
        try shop.assay(["run", "--resume", shop.records[0]], folder: shop.folder.path)
      }
    }

    @Test func cleanupUndoesItOnce() throws {
      let scene = try Scene()
      try scene.kill()
      let listed = try scene.shop.assay(["cleanup", "--dry-run"]).checked()
      #expect(listed.stdout.hasPrefix("left: operation of trial t0001: command `sh -c echo done"))
      #expect(scene.called == ["done"])
      let result = try scene.shop.assay(["cleanup"]).checked()
      #expect(result.stdout.hasPrefix("undone: operation of trial t0001: command"), "\(result)")
      #expect(result.stdout.contains("called command `sh -c echo undone >> called`"), "\(result)")
      #expect(scene.called == ["done", "undone"])
      #expect(scene.entries.isEmpty)
      #expect(try scene.shop.record().openChanges.isEmpty)
      #expect(try scene.shop.assay(["cleanup"]).checked().stderr == "nothing is left\n")
      #expect(scene.called == ["done", "undone"])
    }

    @Test func theNextRunUndoesItFirst() throws {
      let scene = try Scene()
      try scene.kill()
      let other = try scene.shop.scenario(
        "{none: {size: 1GiB}}",
        "ring: {storage: {engine: 'null', pattern: random-read, duration: 50ms}}", name: "other")
      let result = try scene.shop.assay(
        ["run", other, "--results", scene.shop.path("elsewhere")]
      ).checked()
      #expect(
        result.stderr.contains("left by an earlier run: operation of trial t0001"), "\(result)")
      #expect(scene.called == ["done", "undone"])
      #expect(scene.entries.isEmpty)
    }

    @Test func whatCleanupUndidIsNotUndoneAgainByResume() throws {
      let scene = try Scene(duration: "2s")
      try scene.kill()
      try scene.shop.assay(["cleanup"]).checked()
      let resumed = try scene.resumed().checked()
      #expect(!resumed.stderr.contains("taking back"), "\(resumed)")
      // The trial that was cut short is run anew.
      #expect(scene.called == ["done", "undone", "done", "undone"])
      #expect(scene.shop.count("changing") == 2 && scene.shop.count("restored") == 2)
      #expect(try scene.shop.assay(["verify", scene.shop.records[0]]).status == 0)
      #expect(scene.entries.isEmpty)
    }

    @Test func resumeUndoesItOnceAndCleanupNotAgain() throws {
      let scene = try Scene(duration: "2s")
      try scene.kill()
      let resumed = try scene.resumed().checked()
      #expect(resumed.stderr.contains("left by an earlier run: operation of trial t0001"))
      #expect(!resumed.stderr.contains("taking back"), "\(resumed)")
      #expect(scene.called == ["done", "undone", "done", "undone"])
      #expect(try scene.shop.assay(["cleanup"]).checked().stderr == "nothing is left\n")
    }

    @Test func whatTheMachineForgotAtABootIsUndoneByResume() throws {
      let scene = try Scene(duration: "2s")
      try scene.kill()
      try scene.entries.forEach { try FileManager.default.removeItem(atPath: $0) }
      let resumed = try scene.resumed().checked()
      #expect(resumed.stderr.contains("taking back the operation of trial t0001"), "\(resumed)")
      #expect(scene.called == ["done", "undone", "done", "undone"])
    }

    @Test func aRunThatLivesIsLeftAlone() throws {
      let scene = try Scene()
      let run = try scene.start()
      try scene.shop.wait { scene.called == ["done"] }
      #expect(try scene.shop.assay(["cleanup"]).checked().stderr == "nothing is left\n")
      #expect(scene.called == ["done"])
      #expect(scene.entries.count == 1)
      run.kill(SIGINT)
      #expect(run.wait().status == 130)
      #expect(scene.called == ["done", "undone"])
      #expect(scene.entries.isEmpty)
    }

    @Test func whatWasNotTriggeredIsNotUndone() throws {
      let scene = try Scene(at: "20s")
      try scene.kill { $0.shop.count("changing") == 1 }
      let result = try scene.shop.assay(["cleanup"]).checked()
      #expect(result.stdout.hasPrefix("not-needed: "), "\(result)")
      #expect(result.stdout.contains("it was not triggered"))
      #expect(scene.called.isEmpty && scene.entries.isEmpty)
      #expect(try scene.shop.record().openChanges.isEmpty)
    }

    @Test func whatWasUndoneInMidRunIsNotUndoneAgain() throws {
      let scene = try Scene(after: "after: 100ms, ")
      try scene.kill { $0.called == ["done", "undone"] }
      let result = try scene.shop.assay(["cleanup"]).checked()
      #expect(result.stdout.contains("it was taken back before the run ended"), "\(result)")
      #expect(scene.called == ["done", "undone"])
      #expect(scene.entries.isEmpty)
    }

    @Test func itIsUndoneWhereTheRecordIsGone() throws {
      let scene = try Scene()
      try scene.kill()
      try FileManager.default.removeItem(atPath: scene.shop.results)
      try scene.shop.assay(["cleanup"]).checked()
      #expect(scene.called == ["done", "undone"])
      #expect(scene.entries.isEmpty)
    }

    @Test func whatFailsStaysAndIsToldUntilItIsMended() throws {
      let scene = try Scene(undo: "command: [./detach]")
      let script = try scene.shop.folder.write("#!/bin/sh\necho no quota; exit 3\n", to: "detach")
      chmod(script, 0o755)
      try scene.kill()
      for _ in 1...2 {
        let result = try scene.shop.assay(["cleanup"])
        #expect(result.status == 69, "\(result)")
        #expect(
          result.stdout.contains(
            "not undone: command `./detach`: `./detach` exited with 3: no quota"))
        #expect(result.stdout.contains("by hand: cd \(scene.shop.folder.path) && ./detach; rm "))
        #expect(result.stderr.contains("1 of 1 change could not be undone"))
        #expect(scene.entries.count == 1)
      }
      let refused = try scene.resumed()
      #expect(refused.status == 5, "\(refused)")
      #expect(refused.stderr.contains("was not taken back"))
      // Written anew, it keeps its permissions.
      try Data("#!/bin/sh\necho undone >> called\n".utf8).write(to: URL(fileURLWithPath: script))
      try scene.shop.assay(["cleanup"]).checked()
      #expect(scene.called == ["done", "undone"])
      #expect(scene.entries.isEmpty)
    }

    @Test func anUndoThatFailedInItsRunIsTriedAgain() throws {
      let scene = try Scene(duration: "1s", undo: "command: [test, -e, mended]")
      let run = try scene.start().wait()
      #expect(run.status == 4, "\(run)")
      #expect(try scene.shop.assay(["cleanup"]).status == 69)
      try scene.shop.folder.write("", to: "mended")
      let result = try scene.shop.assay(["cleanup"]).checked()
      #expect(result.stdout.hasPrefix("undone: "), "\(result)")
      // A sealed record stays as it is.
      #expect(try scene.shop.record().integrity() == [])
    }

    @Test func whoGoesOnWithTheRecordIsLeftAlone() throws {
      let scene = try Scene()
      try scene.kill()
      let (path, text) = (scene.entries[0], try scene.entry())
      let run = try scene.shop.start(
        ["run", "--resume", scene.shop.records[0]], folder: scene.shop.folder.path)
      try scene.shop.wait { scene.called == ["done", "undone", "done"] }
      // As if it could not be undone when the run was resumed.
      try text.write(toFile: path, atomically: false, encoding: .utf8)
      chmod(path, 0o600)
      let result = try scene.shop.assay(["cleanup"])
      #expect(result.status == 69, "\(result)")
      #expect(result.stdout.contains("is being written by another process"), "\(result)")
      #expect(scene.called == ["done", "undone", "done"])
      run.kill(SIGINT)
      #expect(run.wait().status == 130)
      let after = try scene.shop.assay(["cleanup"]).checked()
      #expect(after.stdout.contains("its record says that it is taken back"), "\(after)")
      #expect(scene.called == ["done", "undone", "done", "undone"])
      #expect(scene.entries.isEmpty)
    }

    @Test func ofTwoThatCleanUpOneUndoesIt() throws {
      let scene = try Scene(undo: "command: [sh, -c, \"sleep 0.5; echo undone >> called\"]")
      try scene.kill()
      let first = try scene.shop.start(["cleanup"])
      let second = try scene.shop.start(["cleanup"])
      let ends = [first.wait(), second.wait()]
      #expect(ends.count { $0.stdout.hasPrefix("undone: ") } == 1, "\(ends)")
      #expect(scene.called == ["done", "undone"])
      #expect(scene.entries.isEmpty)
    }

    @Test func anEntryThatOthersMayWriteToIsNotCalled() throws {
      let scene = try Scene()
      try scene.kill()
      chmod(scene.entries[0], 0o666)
      let result = try scene.shop.assay(["cleanup"])
      #expect(result.status == 69, "\(result)")
      #expect(result.stdout.contains("others may write to it"), "\(result)")
      #expect(scene.called == ["done"])
    }

    // MARK: Secrets

    /// A server of Python's standard library that keeps the methods and tokens it was sent.
    private func server(_ scene: TemporaryFolder) throws -> (BackgroundCommand, String) {
      let script = try scene.write(
        """
        import http.server
        class Handler(http.server.BaseHTTPRequestHandler):
          def do_DELETE(self):
            with open('\(scene.path("asked"))', 'a') as asked:
              asked.write(f"{self.path} {self.headers['X-Auth-Token']}\\n")
            self.send_response(204)
            self.end_headers()
          def log_message(self, *words): pass
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        print(server.server_port, flush=True)
        server.serve_forever()
        """, to: "server.py")
      let server = try Command.start(["python3", script])
      try server.wait(for: "\n")
      let port = server.stdout.trimmingCharacters(in: .whitespacesAndNewlines)
      return (server, "http://127.0.0.1:\(port)/volume")
    }

    @Test(Requires.python("http")) func aTokenIsAskedForAndNeverWrittenDown() throws {
      let folder = try TemporaryFolder()
      let (server, address) = try server(folder)
      defer { server.kill() }
      let scene = try Scene(
        undo: "http: {url: \"\(address)\", method: DELETE, token-from-env: ASSAY_TEST_TOKEN, "
          + "token-header: X-Auth-Token}")
      try scene.kill(environment: ["ASSAY_TEST_TOKEN": "hush-hush"])
      #expect(try scene.entry().contains("ASSAY_TEST_TOKEN"))
      let mode = try FileManager.default.attributesOfItem(atPath: scene.entries[0])
      #expect(mode[.posixPermissions] as? Int == 0o600)

      let refused = try scene.shop.assay(["cleanup"])
      #expect(refused.status == 69, "\(refused)")
      #expect(
        refused.stdout.contains("its token is in the variable ASSAY_TEST_TOKEN, which is not set"))
      #expect(refused.stdout.contains("--header 'X-Auth-Token: '\"$ASSAY_TEST_TOKEN\""))
      #expect(
        scene.entries.count == 1 && !FileManager.default.fileExists(atPath: folder.path("asked")))

      let found = try Command.run(["grep", "-r", "hush-hush", scene.shop.folder.path])
      #expect(found.status == 1, "\(found)")
      let result = try scene.shop.assay(
        ["cleanup"], environment: ["ASSAY_TEST_TOKEN": "hush-hush"]
      ).checked()
      #expect(result.stdout.contains("called DELETE \(address)"), "\(result)")
      #expect(!result.stdout.contains("hush"))
      #expect(try folder.read("asked") == "/volume hush-hush\n")
      #expect(scene.entries.isEmpty)
    }

    @Test(Requires.python("http")) func aTokensFileIsFoundFromAnywhere() throws {
      let folder = try TemporaryFolder()
      let (server, address) = try server(folder)
      defer { server.kill() }
      let scene = try Scene(
        undo: "http: {url: \"\(address)\", method: DELETE, token-from-file: token, "
          + "token-header: X-Auth-Token}")
      try scene.shop.folder.write("hush-hush\n", to: "token")
      try scene.kill()
      #expect(!(try scene.entry().contains("hush")))
      try scene.shop.assay(["cleanup"]).checked()
      #expect(try folder.read("asked") == "/volume hush-hush\n")
    }
  }
}
