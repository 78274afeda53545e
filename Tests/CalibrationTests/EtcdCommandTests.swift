import Foundation
import Measure
import TestSupport
import Testing

@testable import Calibration

/// `assay calibrate etcd`, with a real etcd.
@Suite(
  .serialized,
  .enabled("needs etcd: scripts/setup --calibrate") { (try? EtcdProgram.find(at: nil)) != nil })
struct EtcdCommand {
  private let folder: TemporaryFolder
  private let etcd: String

  init() throws {
    folder = try TemporaryFolder()
    etcd = try EtcdProgram.find(at: nil).path
  }

  private func words(_ more: [String]) -> [String] {
    [Checkout.assay, "calibrate", "etcd", "--quick", "--data", folder.path, "--seed", "7"] + more
  }

  /// Processes that have a word in their command line, with their states.
  private func processes(naming word: String) throws -> [String] {
    try Command.run(["ps", "-e", "-o", "pid=,stat=,args="]).checked().stdout.split(separator: "\n")
      .map(String.init).filter { $0.contains(word) && $0.contains("data-dir") }
  }

  /// Waits until nothing of a calibration is left in the folder.
  private func expectNothingLeft(_ place: SourceLocation = #_sourceLocation) throws {
    for _ in 0..<100 {
      if try processes(naming: folder.path).isEmpty, folder.files().isEmpty { return }
      Thread.sleep(forTimeInterval: 0.1)
    }
    let left = try processes(naming: folder.path) + folder.files()
    Issue.record("left: \(left.joined(separator: "\n"))", sourceLocation: place)
  }

  @Test(arguments: [1, 3]) func whatEtcdSaysAgreesWithWhatClientsSaw(_ members: Int) throws {
    let result = try Command.run(
      words([
        "--members", "\(members)", "--window", "1s", "--elections", "0", "--despite-noise",
        "--json",
      ])
    ).checked()
    let calibration = try EtcdCalibration(reading: result.stdout)
    #expect(calibration.points.count == 5)
    for point in calibration.points {
      let one = try #require(point.repetitions.first, "\(point.load.text)")
      #expect(one.failed == 0 && one.latency.count > 0 && one.isUsed, "\(point.load.text)")
      #expect(one.rate == Double(one.latency.count) / one.window.inSeconds)
      #expect(one.members.count == members)
      #expect(one.syncBefore.append.count > 0 && one.syncAfter.overwrite.count > 0)
      if let clients = point.load.clients, clients > 1 {
        // Little's law: clients = rate x time of each, with ends of the window cut.
        let inside = one.rate * one.latency.mean / 1e9
        #expect(abs(inside / Double(clients) - 1) < 0.25, "\(point.load.text): \(inside)")
      }
      guard point.load.operation == .put else { continue }
      // Etcd is asked a little before the window and a little after it.
      let ratio = Double(one.members[0].committed) / Double(one.latency.count)
      #expect(ratio > 0.7 && ratio < 1.6, "\(point.load.text): \(ratio)")
      let batch = try #require(one.batch)
      #expect(batch > 0.4 && batch <= 65, "\(point.load.text): \(batch)")
      if point.load.loop == .open {
        let service = try #require(one.serviceLatency)
        #expect(service.count == one.latency.count && service.mean <= one.latency.mean)
        let offered = try #require(one.offeredRate)
        #expect(abs(one.rate + Double(one.unfinished) - offered) < 0.3 * offered + 10)
      }
    }
    try expectNothingLeft()
  }

  @Test(arguments: ["stop", "kill"]) func aLostLeaderIsFollowedByAnElection(
    _ loss: String
  ) throws {
    let result = try Command.run(
      words([
        "--only-elections", "--elections", "1", "--loss", loss, "--despite-noise", "--json",
        "--output", folder.path("out.json"),
      ])
    ).checked()
    let calibration = try EtcdCalibration(reading: result.stdout)
    let trial = try #require(calibration.elections.first?.trials.first)
    // The others wait for one election timeout, less what passed since the last heartbeat.
    #expect(trial.outage > .milliseconds(800) && trial.outage < .seconds(60), "\(trial)")
    #expect(trial.terms >= 1 && trial.probes > 1)
    #expect(try folder.read("out.json") == result.stdout)
    try FileManager.default.removeItem(atPath: folder.path("out.json"))
    try expectNothingLeft()
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGKILL]) func anEndedCalibrationLeavesNothing(
    _ signal: Int32
  ) throws {
    let running = try Command.start(words(["--members", "3", "--window", "60s"]))
    var seen = 0
    for _ in 0..<300 where seen < 3 {
      Thread.sleep(forTimeInterval: 0.1)
      seen = try processes(naming: folder.path).count
    }
    #expect(seen == 3)
    running.kill(signal)
    let result = running.wait()
    #expect(result.status == (signal == SIGKILL ? 128 + SIGKILL : 130), "\(result)")
    try expectNothingLeft()
  }

  @Test func anEtcdThatEndsInTheMiddleIsToldWithItsLog() throws {
    let wrapper = try TemporaryFolder()
    let script = try wrapper.write(
      "#!/bin/sh\n[ \"$1\" = --version ] || exec timeout -s KILL 3 \(etcd) \"$@\"\n"
        + "exec \(etcd) --version\n", to: "etcd")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
    let result = try Command.run(words(["--etcd", script, "--members", "1", "--window", "30s"]))
    #expect(result.status == 4, "\(result)")
    #expect(result.stderr.contains("etcd member m0") && result.stderr.contains("log ends with"))
    #expect(result.stderr.contains("serving insecure client requests"), "\(result)")
    #expect(result.stdout.isEmpty)
    try expectNothingLeft()
  }

  @Test func anEtcdThatCannotStartIsToldWithItsLog() throws {
    let wrapper = try TemporaryFolder()
    let script = try wrapper.write(
      "#!/bin/sh\n[ \"$1\" = --version ] || { echo no luck today; exit 3; }\n"
        + "echo etcd Version: 3.4.0\n", to: "etcd")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
    let result = try Command.run(words(["--etcd", script]))
    #expect(result.status == 4, "\(result)")
    #expect(result.stderr.contains("exited with 3") && result.stderr.contains("no luck today"))
    try expectNothingLeft()
  }

  @Test func wrongOptionsAreSaidAtOnce() throws {
    let cases: [([String], Int32, String)] = [
      (["--etcd", "/none/etcd"], 69, "/none/etcd"), (["--etcd", "/bin/true"], 69, "version"),
      (["--data", folder.path("none")], 74, "none"), (["--data", "/proc"], 74, "--data"),
      (["--clients", "1,x"], 64, "\"x\""), (["--clients", "0"], 64, "1 to 4096"),
      (["--values", "1MiB"], 64, "64KiB"), (["--members", "0"], 64, "1 to 9"),
      (["--window", "10"], 64, "10s"), (["--loss", "kil"], 64, "did you mean kill"),
      (["--open", "300%"], 64, "200 %"), (["--port", "80"], 64, "1024"),
      (["--repetitions", "0"], 64, "1 to 1000"), (["--output", folder.path], 74, "folder"),
      (["--output", "/none/c.json"], 74, "/none/c.json"),
    ]
    for (more, status, said) in cases {
      let result = try Command.run(words(more))
      #expect(result.status == status && result.stderr.contains(said), "\(result)")
      #expect(result.stdout.isEmpty)
    }
    try expectNothingLeft()
  }

  @Test func withoutEtcdItIsSaidHowToGetOne() throws {
    let result = try Command.run(
      words([]), environment: ["PATH": "/none", "XDG_CACHE_HOME": folder.path("none")])
    #expect(result.status == 69 && result.stderr.contains("scripts/setup --calibrate"), "\(result)")
  }

  @Test func aTakenPortIsSaid() throws {
    let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    try #require(listen(socket, 1) == 0)
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isKnown = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) == 0 }
    }
    try #require(isKnown)
    let port = Int(UInt16(bigEndian: address.sin_port))
    let result = try Command.run(words(["--port", "\(port)", "--members", "1"]))
    #expect(result.status == 69 && result.stderr.contains("\(port)"), "\(result)")
    try expectNothingLeft()
  }
}
