import Ledger
import TestSupport
import Testing

extension Lab {
  /// Initiator and target on machines of their own, with a link between them that can fail.
  @Suite struct TwoGuests {
    private static let nqn = "nqn.2026-01.lab"

    private static func words(_ link: String) -> String { "[ip, link, set, eth0, \(link)]" }

    /// Frames go to the target, or to nobody: the way is cut beyond this machine's port.
    private static func way(_ address: String) -> String {
      "[ip, neighbour, replace, 10.2.0.1, lladdr, '\(address)', dev, eth0]"
    }

    /// One run, since each start costs seconds here.
    ///
    /// The link goes down for good last: soft-RoCE's connection manager answers nobody after that.
    private static let scenario = """
      assay: 1
      name: far
      systems:
        kernel: {nvme-of: {transport: tcp, address: 10.2.0.1, port: 4421, nqn: "\(nqn):disk"}}
        user: {nvme-of: {transport: rdma, address: 10.2.0.1, nqn: "\(nqn):far",
               initiator: user-space}}
        small: {nvme-of: {transport: rdma, address: 10.2.0.1, port: 4422, nqn: "\(nqn):small",
                initiator: user-space}}
        fabric: {fabric: {peer: 10.2.0.1}}
      workloads:
        far-latency:
          verbs: {operation: send, measure: latency, ramp: 200ms, duration: 1s}
          systems: [fabric]
        verified:
          storage: {pattern: random-write, queue-depth: 32, verify: write-then-read, duration: 1s}
          systems: [user]
        verified-small:
          storage: {pattern: sequential-write, block-size: 128KiB, queue-depth: 8, jobs: 2,
                    verify: write-then-read, duration: 1s}
          systems: [small]
        kernel-link-down:
          storage: {pattern: random-read, queue-depth: 4, duration: 5s}
          operation: {at: 500ms, command: \(words("down")),
                      undo: {after: 1s, command: \(words("up"))}}
          systems: [kernel]
        user-way-cut:
          storage: {pattern: random-read, queue-depth: 4, duration: 5s}
          operation: {at: 500ms, command: \(way("52:54:00:00:00:77")),
                      undo: {after: 1s, command: \(way("52:54:00:00:00:01"))}}
          systems: [user]
        user-link-gone:
          storage: {pattern: random-read, queue-depth: 4, duration: 3s}
          operation: {at: 500ms, command: \(words("down")), undo: {command: \(words("up"))}}
          systems: [user]

      """

    private static let target = """
      rxe_up eth0 10.2.0.1
      null_disk null0 64
      null_disk null1 64
      nvmet_export \(nqn):disk /dev/null0 tcp 4421
      nvmet_export \(nqn):far /dev/null0 rdma 4420
      nvmet_export \(nqn):small /dev/null1 rdma 4422 attr_qid_max=2 param_inline_data_size=0
      "$assay" peer --address 10.2.0.1 >/tmp/peer 2>&1 &
      wait_for 'grep -q listening /tmp/peer' 30
      """

    private static let script = """
      rxe_up eth0 10.2.0.2
      modprobe nvme-tcp
      status=0
      "$1" run /host/far.yaml --results /host/results --allow-destroy \(nqn):far \
        --allow-destroy \(nqn):small 2>&1 || status=$?
      echo "exit $status"
      compgen -G '/sys/class/nvme/nvme*' || echo nothing connected
      """

    @Test func aFarTargetServesBothInitiatorsAndALinkThatGoesDownIsSaid() async throws {
      let folder = try TemporaryFolder()
      try folder.write(Self.scenario, to: "far.yaml")
      let answer = try await Lab.run(
        Self.script, Checkout.assay, options: ["--share", folder.path],
        target: "assay='\(Checkout.assay)'\n" + Self.target, limit: 200)
      #expect(answer.status == 0, "\(answer)")
      let trials = try OnlineRecord.trials(folder.path("results"))
      print(OnlineRecord.table(trials))
      #expect(answer.stdout.hasSuffix("exit 4\nnothing connected\n"), "\(answer)")
      for name in ["verified", "verified-small", "far-latency"] {
        let trial = try #require(trials[name])
        #expect(trial.status == .valid, "\(name): \(trial.findings)")
      }
      for name in ["kernel-link-down", "user-way-cut"] {
        let trial = try #require(trials[name])
        #expect(trial.status == .valid, "\(name): \(trial.findings)")
        #expect(try OnlineRecord.value("errors", trial) == 0)
        // Down when the command has ended at the latest, and for a second after the trigger.
        let accepted = try OnlineRecord.value("operation accepted", trial)
        #expect(try OnlineRecord.value("longest stall", trial) + accepted > 0.98e9)
        #expect(try OnlineRecord.value("recovery after undo", trial) > 0)
      }
      let gone = try #require(trials["user-link-gone"])
      #expect(gone.status == .failed)
      #expect(
        gone.findings.contains { $0.message.contains("port 1 of rxe0 is down") },
        "\(gone.findings)")
    }
  }
}
