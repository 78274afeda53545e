import CLinux
import Foundation
import Host
import Measure
import TestSupport
import Testing

@testable import Calibration

/// What every calibration stands on.
@Suite struct SharedParts {
  @Test func aCutLifelineTakesProgramsAndFolderAlong() throws {
    let folder = try TemporaryFolder()
    let lifeline = try Lifeline(in: folder.path, prefix: "t")
    let silence = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(silence) }
    let ours = try ChildProcess.start(
      ["tail", "-f", "\(lifeline.folder)/log", "/dev/null"], output: silence)
    let other = try ChildProcess.start(["sleep", "60"], output: silence)
    defer { kill(other, SIGKILL) }
    // A stopped program is no exception.
    kill(ours, SIGSTOP)
    lifeline.cut()
    var status: Int32 = 0
    #expect(waitpid(ours, &status, 0) == ours && status & 0x7F == SIGKILL)
    #expect(waitpid(other, &status, WNOHANG) == 0)
    #expect(folder.files().isEmpty)
  }

  @Test func aSyncProbeTimesEveryWrite() throws {
    let folder = try TemporaryFolder()
    let begun = MonotonicClock.now()
    let probe = try SyncProbe.measure(in: folder.path, for: .milliseconds(50))
    let elapsed = UInt64((MonotonicClock.now() - begun).count)
    #expect(probe.writeSize == SyncProbe.standardSize)
    for latency in [probe.append, probe.overwrite] {
      #expect(latency.count > 0 && latency.sum >= 25_000_000)
    }
    #expect(probe.append.sum + probe.overwrite.sum <= elapsed)
    #expect(folder.files().isEmpty)
    #expect(throws: CalibrationError.self) {
      try SyncProbe.measure(in: folder.path("none"), for: .milliseconds(1))
    }
  }

  @Test func sharesOfTheProcessorsAddUpAndFollowWhoWorks() throws {
    let silence = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(silence) }
    let worker = try ChildProcess.start(["sh", "-c", "while :; do :; done"], output: silence)
    defer {
      kill(worker, SIGKILL)
      waitpid(worker, nil, 0)
    }
    let used = { ChildProcess.cpuTime(of: worker) ?? .zero }
    let before = used()
    let (subject, stranger) = (
      try ProcessorShares.Mark(subject: before), try ProcessorShares.Mark(subject: .zero)
    )
    MonotonicClock.sleep(until: MonotonicClock.now() + .seconds(1))
    let work = (used() - before).inSeconds
    let own = ProcessorShares(from: subject, to: try ProcessorShares.Mark(subject: used()))
    let other = ProcessorShares(from: stranger, to: try ProcessorShares.Mark(subject: .zero))
    #expect(abs(own.subject * own.elapsed.inSeconds - work) < 0.1)
    // The same program is noise to one who does not measure it.
    #expect(other.disturbance >= own.disturbance + own.subject - 0.1)
    let sum = own.subject + own.client + own.kernel + own.others + own.steal + own.idle
    #expect(abs(sum - Double(own.cores)) < 0.2, "\(own)")
  }

  @Test func portsInARowMustBeFree() throws {
    let free = try LoopbackPorts.choose(count: 2, base: 0)
    #expect(Set(free).count == 2)
    let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(free[0]).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let taken = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && listen(socket, 1) == 0
      }
    }
    try #require(taken)
    let error = #expect(throws: CalibrationError.self) {
      try LoopbackPorts.choose(count: 1, base: free[0])
    }
    #expect(error?.problem.contains("\(free[0])") == true && error?.hint != nil)
  }

  @Test func aFileThatCannotBeWrittenIsSaidBefore() throws {
    let folder = try TemporaryFolder()
    try CalibrationFile.check(folder.path("new.json"))
    #expect(folder.files().isEmpty)
    for path in [folder.path, folder.path("none/new.json")] {
      #expect(throws: CalibrationError.self) { try CalibrationFile.check(path) }
    }
  }
}
