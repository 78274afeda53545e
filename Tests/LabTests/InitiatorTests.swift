import TestSupport
import Testing

extension Lab {
  /// Host's KernelInitiatorTests and NVMeCommandTests in a guest with real targets and disks, and
  /// what only a second process can see.
  @Suite struct Initiator {
    /// Targets on rdma, tcp and loop, and how the tests of this build run beside them.
    private static let opening = """
      program=$1 assay=$2
      rxe_up
      null_disk null0 64
      nqn=nqn.2026-01.lab
      nvmet_export $nqn:rdma /dev/null0 rdma 4420 attr_qid_max=1 param_inline_data_size=4096
      nvmet_export $nqn:tcp /dev/null0 tcp 4421 attr_qid_max=1
      nvmet_export $nqn:loop /dev/null0 loop 4422 attr_qid_max=1
      nvmet_export $nqn:guarded /dev/null0 tcp 4423 host=$nqn:friend
      at() { echo "$1=$1,$lab_address,$2,$nqn:$1"; }
      tests() { "$program" --testing-library swift-testing --filter "$@"; }
      connected() { cat /sys/class/nvme/*/subsysnqn 2>/dev/null | grep -c "$nqn" || true; }
      state() { echo "$1: connected $(connected), entries $(ls /run/assay/changes | wc -l)"; }

      """

    @Test func allOfItHoldsInAGuest() async throws {
      let outcome = try await Lab.run(
        Self.opening + """
          guarded=guarded=tcp,$lab_address,4423,$nqn:guarded
          export ASSAY_LAB_TARGETS="$(at rdma 4420) $(at tcp 4421) loop=loop,,,$nqn:loop $guarded"
          export ASSAY_LAB_NVME=/dev/nvme0n1
          tests 'KernelInitiatorTests|NVMeCommandTests'
          state end
          """, Checkout.tests, Checkout.assay, options: ["--nvme", "local:64M"], limit: 240)
      #expect(outcome.status == 0, "\(outcome)")
      for suite in ["KernelInitiatorTests", "NVMeCommandTests"] {
        #expect(outcome.stderr.contains("Suite \(suite) passed"), "\(outcome)")
      }
      #expect(outcome.stdout.contains("end: connected 0, entries 0"), "\(outcome)")
    }

    @Test func whatAKilledProcessHoldsIsDisconnectedByCleanup() async throws {
      let outcome = try await Lab.run(
        Self.opening + """
          for place in $(at tcp 4421) $(at rdma 4420); do
            status=0
            ASSAY_LAB_TARGETS=killed=${place#*=} \\
              tests aKillLeavesTheConnectionInTheJournal || status=$?
            state "killed $status"
            "$assay" cleanup --dry-run
            state listed
            "$assay" cleanup
            state undone
          done
          # What is connected by hand meanwhile is not ours.
          nvme connect --transport tcp --traddr $lab_address --trsvcid 4421 --nqn $nqn:tcp
          "$assay" cleanup
          state 'by hand'
          nvme disconnect --nqn $nqn:tcp
          """, Checkout.tests, Checkout.assay, limit: 240)
      #expect(outcome.status == 0, "\(outcome)")
      let states = outcome.stdout.split(separator: "\n").filter { $0.contains(": connected ") }
      let once = [
        "killed 137: connected 1, entries 1", "listed: connected 1, entries 1",
        "undone: connected 0, entries 0",
      ]
      #expect(
        states.map(String.init) == once + once + ["by hand: connected 1, entries 0"], "\(outcome)")
    }
  }
}
