import Foundation
import Measure
import TestSupport
import Testing

@testable import Deploy

/// What can be called, each against the real thing: a program, a web server, QEMU.
@Suite(.timeLimit(.minutes(1))) struct TriggerTests {
  private func perform(
    _ trigger: OperationTrigger, within: Nanoseconds = .seconds(10)
  ) -> Result<Nanoseconds, OperationFailure> {
    do throws(OperationFailure) {
      return .success(try trigger.perform(until: MonotonicClock.now() + within))
    } catch {
      return .failure(error)
    }
  }

  private func failure(_ trigger: OperationTrigger, within: Nanoseconds = .seconds(10)) -> String {
    switch perform(trigger, within: within) {
    case .success: "accepted"
    case .failure(let failure): failure.description
    }
  }

  @Test func aProgramIsAcceptedWhenItExitsWell() throws {
    let begin = MonotonicClock.now()
    let moment = try perform(.command(words: ["sh", "-c", "sleep 0.3; echo done"])).get()
    #expect(moment - begin > .milliseconds(300))
    #expect(moment <= MonotonicClock.now())
  }

  @Test func aProgramThatFailsIsToldWithItsLastWords() {
    #expect(
      failure(.command(words: ["sh", "-c", "echo first; echo no such volume >&2; exit 3"]))
        == "`sh` exited with 3: no such volume")
    #expect(
      failure(.command(words: ["sh", "-c", "kill -KILL $$"])) == "`sh` was ended by signal 9")
    #expect(
      failure(.command(words: ["/no/such/program"])).hasPrefix(
        "`/no/such/program` cannot be started: No such file or directory"))
  }

  @Test func aProgramThatHangsIsEndedWithAllThatItStarted() throws {
    let folder = try TemporaryFolder()
    let begin = MonotonicClock.now()
    let script = "sleep 1000 & echo $! > \(folder.path("child")); trap '' TERM; sleep 1000; wait"
    #expect(
      failure(.command(words: ["sh", "-c", script]), within: .milliseconds(300))
        == "`sh` did not end in time")
    #expect(MonotonicClock.now() - begin < .seconds(4))
    let child = try folder.read("child").trimmingCharacters(in: .whitespacesAndNewlines)
    let state = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? "gone Z"
    #expect(state.contains(" Z"), "\(state)")
  }

  @Test func moreOutputThanAPipeHoldsDoesNotHoldAProgramUp() throws {
    _ = try perform(.command(words: ["sh", "-c", "head -c 1000000 /dev/zero"])).get()
  }

  // MARK: HTTP

  /// A server of Python's standard library that tells what it was asked.
  private func server(_ folder: TemporaryFolder) throws -> (BackgroundCommand, String) {
    let script = try folder.write(
      """
      import http.server, time
      class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
          body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
          if self.path == '/slow': time.sleep(5)
          status = int(self.path[1:]) if self.path[1:].isdigit() else 202
          with open('\(folder.path("asked"))', 'w') as asked:
            asked.write(f"{self.path} {self.headers['X-Auth-Token']} {self.headers['X-Volume']} "
                        f"{self.headers['Authorization']} {body.decode()}")
          self.send_response(status)
          self.end_headers()
          self.wfile.write(b'said: no quota left\\n')
        def log_message(self, *words): pass
      server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
      print(server.server_port, flush=True)
      server.serve_forever()
      """, to: "server.py")
    let server = try Command.start(["python3", script])
    try server.wait(for: "\n")
    let port = server.stdout.trimmingCharacters(in: .whitespacesAndNewlines)
    return (server, "http://127.0.0.1:\(port)")
  }

  @Test(Requires.python("http")) func aRequestCarriesBodyHeadersAndASecretFromAFile() throws {
    let folder = try TemporaryFolder()
    let (server, address) = try server(folder)
    defer { server.kill() }
    let secret = try folder.write("hush\n", to: "token")
    var call = HTTPCall(method: .post, url: address + "/attach", body: "{\"volume\": 1}")
    call.headers = ["X-Volume": "vol-1"]
    call.token = .file(path: secret)
    call.tokenHeader = "X-Auth-Token"
    _ = try perform(.http(call: call)).get()
    #expect(try folder.read("asked") == "/attach hush vol-1 None {\"volume\": 1}")
    call.tokenHeader = HTTPCall.standardTokenHeader
    _ = try perform(.http(call: call)).get()
    #expect(try folder.read("asked") == "/attach None vol-1 Bearer hush {\"volume\": 1}")
    #expect(!"\(OperationTrigger.http(call: call).text)".contains("hush"))
  }

  @Test(Requires.python("http")) func aRequestThatIsRefusedIsToldWithItsStatus() throws {
    let folder = try TemporaryFolder()
    let (server, address) = try server(folder)
    defer { server.kill() }
    for (status, more) in [(403, "; check the token and what it may do"), (500, "")] {
      #expect(
        failure(.http(call: HTTPCall(method: .post, url: "\(address)/\(status)")))
          == "POST \(address)/\(status): status \(status): said: no quota left\(more)")
    }
    #expect(
      failure(.http(call: HTTPCall(method: .post, url: address + "/slow")), within: .seconds(1))
        == "POST \(address)/slow: no answer in time")
    let nobody = failure(.http(call: HTTPCall(method: .get, url: "http://127.0.0.1:1/x")))
    #expect(nobody.contains("127.0.0.1"), "\(nobody)")
    var call = HTTPCall(method: .get, url: address)
    call.token = .environment(name: "ASSAY_NO_SUCH_TOKEN")
    #expect(failure(.http(call: call)).hasPrefix("no token in the variable ASSAY_NO_SUCH_TOKEN"))
  }

  @Test(Requires.python("http")) func whatIsSaidToDoItByHandDoesTheSame() throws {
    let folder = try TemporaryFolder()
    let (server, address) = try server(folder)
    defer { server.kill() }
    let secret = try folder.write("hush\n", to: "a token")
    var call = HTTPCall(method: .post, url: address + "/detach", body: "{\"who's\": 1}")
    call.headers = ["X-Volume": "vol 1"]
    var asked: [String] = []
    for source in [HTTPCall.TokenSource.file(path: secret), .environment(name: "ASSAY_TOKEN")] {
      call.token = source
      var operation = OnlineOperation(atNs: .zero, trigger: .command(words: ["true"]))
      operation.undo = .init(trigger: .http(call: call), afterNs: nil)
      let undo = try #require(PendingUndo(of: operation))
      try Command.run(
        ["sh", "-c", undo.byHand], environment: ["ASSAY_TOKEN": "hush"], folder: "/"
      ).checked()
      asked.append(try folder.read("asked"))
    }
    #expect(asked == Array(repeating: "/detach None vol 1 Bearer hush {\"who's\": 1}", count: 2))
  }

  @Test func aCommandIsUndoneWhereItsRunWasStartedWhereverThatIsDone() throws {
    let folder = try TemporaryFolder()
    var operation = OnlineOperation(atNs: .zero, trigger: .command(words: ["true"]))
    let script = "printf %s \"$0\" > \(folder.path("said")); pwd >> \(folder.path("said"))"
    operation.undo = .init(
      trigger: .command(words: ["sh", "-c", script, "it's $HOME"]), afterNs: nil)
    let undo = try #require(PendingUndo(of: operation))
    let here = FileManager.default.currentDirectoryPath
    try undo.perform()
    #expect(try folder.read("said") == "it's $HOME\(here)\n")
    try Command.run(["sh", "-c", undo.byHand], folder: "/").checked()
    #expect(try folder.read("said") == "it's $HOME\(here)\n")
  }

  // MARK: QMP

  @Test(.enabled(if: Command.path(of: "qemu-system-x86_64") != nil))
  func commandsReachQEMUAndItsRefusalIsTold() throws {
    let folder = try TemporaryFolder()
    let socket = folder.path("qmp")
    let machine = try Command.start([
      "qemu-system-x86_64", "-machine", "none", "-display", "none", "-nodefaults", "-S",
      "-qmp", "unix:\(socket),server=on,wait=off",
    ])
    defer { machine.kill() }
    for _ in 0..<1000 where !FileManager.default.fileExists(atPath: socket) { usleep(10_000) }
    let status = #"{"execute": "query-status"}"#
    let wrong = #"{"execute": "device_del", "arguments": {"id": "nobody"}}"#
    _ = try perform(.qmp(call: QMPCall(socket: socket, commands: [status, status]))).get()
    #expect(
      failure(.qmp(call: QMPCall(socket: socket, commands: [status, wrong])))
        == "QMP \(wrong): Device 'nobody' not found")
    let quit = #"{"execute": "quit"}"#
    _ = try perform(.qmp(call: QMPCall(socket: socket, commands: [quit]))).get()
    #expect(
      failure(.qmp(call: QMPCall(socket: "/no/such/socket", commands: [status])))
        .hasPrefix("cannot open /no/such/socket: No such file or directory"))
  }
}
