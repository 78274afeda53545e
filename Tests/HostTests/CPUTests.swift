import CLinux
import Foundation
import Measure
import TestSupport
import Testing

@testable import Host

@Suite(.serialized) struct CPUTests {
  /// Keeps this thread on a CPU for so much CPU time.
  private func burn(_ span: Nanoseconds) {
    let end = cl_thread_cpu_ns() + span.count
    while cl_thread_cpu_ns() < end { cl_relax() }
  }

  @Test func burntTimeIsSeen() throws {
    let before = try CPUSnapshot.capture()
    burn(.milliseconds(400))
    let use = try CPUSnapshot.capture() - before
    #expect(use.process >= .milliseconds(400))
    // Ticks of 10 ms on each CPU; part of the burn is the clock's own.
    #expect(use.host.busy + use.host.steal >= .milliseconds(300))
    #expect(use.percentOfCore(use.process) > 10)
    // All categories together are all CPUs over the window, within some ticks.
    let all = use.elapsed * Int64(use.cpuCount)
    let difference = Double(use.host.total.count - all.count) / Double(all.count)
    #expect(abs(difference) < 0.25, "total \(use.host.total), CPUs x elapsed \(all)")
  }

  @Test(Requires.loopDevices) func workOfKernelThreadsIsSeen() throws {
    let loop = try LoopDevice(bytes: 128 << 20)
    defer { loop.detach() }
    let before = try CPUSnapshot.capture()
    try Command.run(
      ["dd", "if=/dev/zero", "of=\(loop.path)", "bs=64k", "oflag=direct", "status=none"]
        + ["count=2048"]
    ).checked()
    let use = try CPUSnapshot.capture() - before
    // 2048 writes of 64 KiB copied into the page cache: at least 5 µs each.
    #expect(use.time(ofKernelThreads: "kworker") > .milliseconds(10))
    #expect(use.kernelThreads.first { $0.name == "kworker" }?.busiest.hasPrefix("kworker/") == true)
    let times = use.kernelThreads.map(\.cpuTime)
    #expect(times == times.sorted(by: >))
    #expect(use.kernelThreadTime <= use.elapsed * Int64(use.cpuCount))
    let data = try JSONEncoder().encode(use)
    #expect(try JSONDecoder().decode(CPUUse.self, from: data) == use)
    #expect(String(decoding: data, as: UTF8.self).contains("cpuTimeNs"))
  }

  @Test(Requires.loopDevices) func threadsThatComeAndGoAreCounted() throws {
    let loop = try LoopDevice(fileSystem: "ext4")
    defer { loop.detach() }
    let before = try CPUSnapshot.capture()
    let mount = try TestMount(loop.path)
    defer { mount.unmount() }
    let mounted = try CPUSnapshot.capture()
    let journal = mounted.kernelThreads.filter { $0.name == "jbd2/\(loop.name)-8" }
    #expect(journal.count == 1)
    try mount.folder.write("x", to: "file")
    try Command.run(["sync", "-f", mount.path]).checked()
    let written = try CPUSnapshot.capture() - before
    let group = try #require(written.kernelThreads.first { $0.name == "jbd2" })
    #expect(group.appearedCount >= 1 && group.cpuTime > .zero)
    mount.unmount()
    let after = try CPUSnapshot.capture() - mounted
    #expect(after.kernelThreads.contains { $0.name == "jbd2" && $0.vanishedCount >= 1 })
  }

  @Test func snapshotIsCheap() throws {
    var spans: [Int64] = []
    var threads = 1
    for _ in 0..<9 {
      let start = cl_thread_cpu_ns()
      threads = try CPUSnapshot.capture().kernelThreads.count
      spans.append(cl_thread_cpu_ns() - start)
    }
    let best = try #require(spans.min())
    #expect(threads > 10)
    #expect(best < 10_000_000, "\(best) ns of CPU for \(threads) kernel threads")
  }

  @Test(arguments: [
    ("kworker/0:1H-kblockd", "kworker"), ("kworker/R-mm_percpu_wq", "kworker"),
    ("kworker/u9:0", "kworker"), ("ksoftirqd/1", "ksoftirqd"), ("migration/0", "migration"),
    ("rbd0-tasks", "rbd"), ("rbd12-tasks", "rbd"), ("nvme-wq", "nvme-wq"),
    ("jbd2/vda-8", "jbd2"), ("xfsaild/loop0", "xfsaild"), ("kswapd0", "kswapd"),
    ("md127_raid5", "md"), ("scsi_eh_2", "scsi_eh"), ("kdamond.0", "kdamond"),
    ("mlx5_health", "mlx5_health"), ("rcu_preempt", "rcu_preempt"), ("loop7", "loop"),
    ("irq/24-nvme0q5", "irq/nvme"), ("irq/61-mlx5_comp3@pci:0000:3b:00.0", "irq/mlx5_comp"),
    ("irq/24-ACPI:Ged", "irq/ACPI:Ged"), ("dmcrypt_write/253:0", "dmcrypt_write"),
    ("iou-wrk-4711", "iou-wrk"),
    ("rcu_exp_par_gp_kthread_worker/0", "rcu_exp_par_gp_kthread_worker"),
  ])
  func kernelThreadsAreGroupedByWhatTheyDo(name: String, group: String) {
    #expect(ThreadClass.name(of: name) == group)
  }

  @Test func reusedNumberIsAnotherThread() throws {
    let now = try CPUSnapshot.capture()
    let thread = { (start: Int64, ms: Int64) in
      CPUSnapshot.Thread(
        identifier: 7, name: "rbd0-tasks", startTicks: start, cpuTime: .milliseconds(ms))
    }
    let snapshot = { (threads: [CPUSnapshot.Thread]) in
      CPUSnapshot(
        time: now.time, cpuCount: 2, host: now.host, process: .zero, kernelThreads: threads,
        ioWorkers: [])
    }
    let same = snapshot([thread(1, 30)]) - snapshot([thread(1, 10)])
    #expect(same.time(ofKernelThreads: "rbd") == .milliseconds(20))
    let other = snapshot([thread(2, 30)]) - snapshot([thread(1, 10)])
    #expect(other.time(ofKernelThreads: "rbd") == .milliseconds(30))
    #expect(other.kernelThreads.first?.appearedCount == 1)
    #expect(other.kernelThreads.first?.vanishedCount == 1)
  }

  @Test func taskNameMayHoldParentheses() throws {
    let line = "12 (a) (b c) S 2 0 0 0 -1 2129984 0 0 0 0 3 4 0 0 20 0 1 0 24 0 0 1"
    let task = try #require(TaskLine(Array(line.utf8)))
    #expect(task.name == "a) (b c" && task.isKernelThread)
    #expect(task.ticks == 7 && task.startTicks == 24)
    #expect(TaskLine(Array("12 nonsense".utf8)) == nil)
  }
}
