import Foundation
import Ledger
import Measure
import TestSupport
import Testing

extension Lab {
  /// Online operations and outages on the kernel's real drivers, in one guest.
  @Suite struct Online {
    private static func qmp(_ command: String) -> String {
      "qmp: {socket: /dev/virtio-ports/qmp, commands: ['\(command)']}"
    }

    private static func resize(_ bytes: Int) -> String {
      qmp(
        #"{"execute": "block_resize", "arguments": {"node-name": "data", "size": \#(bytes)}}"#)
    }

    /// A disk grows, comes and goes while another one takes I/O; a controller is reset under it.
    private static let operations = """
      assay: 1
      name: operations
      systems: {fast: {device: /dev/nvme0n1}, data: {device: /dev/vda}}
      workloads:
        grow-other:
          storage: {pattern: random-read, queue-depth: 4, duration: 2s}
          operation: {at: 500ms, \(resize(128 << 20)), expect: {grows: data}}
          systems: [fast]
        grow-own:
          storage: {pattern: random-read, queue-depth: 4, duration: 2s}
          operation: {at: 500ms, \(resize(256 << 20)), expect: {grows: data}}
          systems: [data]
        hot-add:
          storage: {pattern: random-read, queue-depth: 4, duration: 2s}
          operation:
            at: 500ms
            \(qmp(#"{"execute": "device_add", "arguments": {"driver": "nvme", "id": "extra", "#
      + #""drive": "extra", "serial": "extra", "bus": "extra-port"}}"#))
            expect: {appears: extra}
          systems: [fast]
        hot-remove:
          storage: {pattern: random-read, queue-depth: 4, duration: 2s}
          operation:
            at: 500ms
            \(qmp(#"{"execute": "device_del", "arguments": {"id": "extra"}}"#))
            expect: {vanishes: extra}
          systems: [fast]
        reset:
          storage: {pattern: random-read, queue-depth: 4, duration: 2s}
          operation:
            at: 500ms
            command: [sh, -c, "echo 1 > /sys/class/nvme/nvme0/reset_controller"]
          systems: [fast]
      limits: [errors = 0]

      """

    private static let nqn = "nqn.2026-01.lab:disk"
    private static let link = "/sys/kernel/config/nvmet/ports/4420/subsystems/\(nqn)"

    /// The target's port goes away for a second, then for good: the driver gives up after 5 s.
    private static let outages = """
      assay: 1
      name: outages
      systems: {far: {device: /dev/nvme1n1}}
      workloads:
        port-restored:
          storage: {pattern: random-read, queue-depth: 4, duration: 4s}
          operation:
            at: 500ms
            command: [rm, "\(link)"]
            undo: {after: 1s, command: [ln, -s, "/sys/kernel/config/nvmet/subsystems/\(nqn)", \
      "\(link)"]}
        port-gone:
          storage: {pattern: random-read, queue-depth: 4, duration: 2s}
          operation: {at: 500ms, command: [rm, "\(link)"]}

      """

    /// The driver would try for ten minutes: its I/O hangs when the trial is over.
    private static let hanging = """
      assay: 1
      name: hanging
      systems:
        far:
          nvme-of: {transport: rdma, address: 192.168.77.1, port: 4420, nqn: "\(nqn)"}
      workloads:
        port-hangs:
          storage: {pattern: random-read, queue-depth: 4, duration: 2s}
          operation: {at: 500ms, command: [rm, "\(link)"]}

      """

    private static let script = """
      measure() {
        local status=0 begin=$SECONDS
        "$assay" run "/host/$1.yaml" --results /host/results 2>&1 || status=$?
        echo "$1 exit $status after $((SECONDS - begin)) s"
      }
      assay=$1
      cd /tmp
      measure operations
      rxe_up
      null_disk null0 64
      nvmet_export \(nqn) /dev/null0 rdma 4420
      nvme connect --transport rdma --traddr "$lab_address" --trsvcid 4420 --nqn \(nqn) \\
        --reconnect-delay 1 --ctrl-loss-tmo 5
      [[ $(nvme_disk \(nqn)) == /dev/nvme1n1 ]]
      measure outages
      nvmet_port_restore \(nqn) 4420
      measure hanging
      compgen -G '/sys/class/nvme/nvme[1-9]' || echo nothing connected
      """

    @Test func theUntouchedDiskSeesNoErrorAndEveryOutageEndsWithARecord() async throws {
      let folder = try TemporaryFolder()
      for (name, text) in [
        ("operations", Self.operations), ("outages", Self.outages), ("hanging", Self.hanging),
      ] { try folder.write(text, to: name + ".yaml") }
      let answer = try await Lab.run(
        Self.script, Checkout.assay,
        options: [
          "--share", folder.path, "--nvme", "fast:64M", "--disk", "data:64M", "--spare",
          "extra:32M",
        ], limit: 280)
      #expect(answer.status == 0, "\(answer)")
      let trials = try OnlineRecord.trials(folder.path("results"))
      print(OnlineRecord.table(trials))
      #expect(answer.stdout.contains("operations exit 0 "), "\(answer)")
      #expect(answer.stdout.contains("outages exit 4 "), "\(answer)")
      #expect(answer.stdout.contains("hanging exit 4 "), "\(answer)")
      #expect(answer.stdout.contains("nothing connected"), "\(answer)")
      try judgeOperations(trials)
      try judgeOutages(trials)
    }

    private func judgeOperations(_ trials: [String: TrialRecord]) throws {
      for name in ["grow-other", "grow-own", "hot-add", "hot-remove", "reset"] {
        let trial = try #require(trials[name])
        #expect(trial.status == .valid, "\(name): \(trial.findings)")
        #expect(try OnlineRecord.value("errors", trial) == 0, "\(name)")
        #expect(try OnlineRecord.value("operation accepted", trial) > 0)
        #expect(try OnlineRecord.value("longest stall", trial) < 1.5e9)
        guard name != "reset" else { continue }
        let seen = try OnlineRecord.value(
          name == "hot-remove" ? "device gone" : "device visible", trial)
        #expect(seen > 0 && seen < 10e9)
        if name != "hot-remove" { #expect(try OnlineRecord.value("device usable", trial) >= seen) }
      }
    }

    private func judgeOutages(_ trials: [String: TrialRecord]) throws {
      let restored = try #require(trials["port-restored"])
      #expect(restored.status == .valid, "\(restored.findings)")
      #expect(try OnlineRecord.value("longest stall", restored) > 0.5e9)
      #expect(try OnlineRecord.value("recovery", restored) > 1e9, "not before the port was back")
      #expect(try OnlineRecord.value("recovery after undo", restored) > 0)
      #expect(try OnlineRecord.value("iops after", restored) > 0)

      let gone = try #require(trials["port-gone"])
      #expect(gone.status == .failed)
      #expect(try OnlineRecord.value("first error", gone) > 1e9, "the driver tries first")
      #expect(gone.findings.contains { $0.code == "stopped-early" })

      let hanging = try #require(trials["port-hangs"])
      #expect(hanging.status == .failed)
      #expect(hanging.findings.contains { $0.message.contains("the target hangs") })
      #expect(hanging.tookNs < .seconds(2 + 30 + 10), "the trial and what its I/O is waited for")
    }
  }
}

/// What records of online operations hold, for the lab's tests.
enum OnlineRecord {
  /// The trials of all records of a folder by their workload.
  static func trials(_ folder: String) throws -> [String: TrialRecord] {
    var trials: [String: TrialRecord] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      for trial in try RunRecord.read(folder + "/" + name).trials {
        trials[trial.key.workload] = trial
      }
    }
    return trials
  }

  static func value(_ metric: String, _ trial: TrialRecord) throws -> Double {
    try #require(trial.metrics[metric], "\(trial.key) has no \(metric)").value
  }

  /// What was measured, for who reads the log of the tests.
  static func table(_ trials: [String: TrialRecord]) -> String {
    let columns = [
      "operation accepted", "device visible", "device gone", "device usable", "first error",
      "longest stall", "recovery", "recovery after undo", "iops before", "iops during",
      "iops after", "errors",
    ]
    let rows = trials.values.sorted { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) }.map { trial in
      let cells = columns.map { column -> String in
        guard let metric = trial.metrics[column] else { return "-" }
        return metric.unit == "ns" ? "\(Int(metric.value / 1e6)) ms" : "\(Int(metric.value))"
      }
      return "\(trial.key.workload) (\(trial.status.rawValue)): " + cells.joined(separator: " | ")
    }
    return (["trial: " + columns.joined(separator: " | ")] + rows).joined(separator: "\n")
  }
}
