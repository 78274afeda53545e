import TestSupport
import Testing

extension Lab {
  /// The kernel's own NVMe over Fabrics in one guest, as the tests of ours will find it.
  @Suite struct Fabrics {
    @Test func aNamespaceReadsTheSameOverEveryTransport() async throws {
      let outcome = try await Lab.run(
        #"""
        rxe_up
        null_disk null0 64
        head -c 1M /dev/urandom >/tmp/pattern
        dd if=/tmp/pattern of=/dev/null0 bs=64k oflag=direct status=none
        port=4420
        for transport in rdma tcp loop; do
          nqn=nqn.2026-01.lab:$transport
          address=(--traddr "$lab_address" --trsvcid "$port")
          inline=(param_inline_data_size=4096)
          [[ $transport != loop ]] || address=() inline=()
          nvmet_export "$nqn" /dev/null0 "$transport" "$port" attr_serial=lab attr_qid_max=1 \
            "${inline[@]}"
          nvme connect --transport "$transport" "${address[@]}" --nqn "$nqn"
          disk=$(nvme_disk "$nqn")
          cmp --bytes 1048576 "$disk" /tmp/pattern
          queues=$(cat /sys/class/nvme/nvme*/queue_count)
          echo "$transport $(cat /sys/class/nvme/nvme*/transport) $queues queues"
          nvme disconnect --nqn "$nqn" >/dev/null
          nvmet_unexport "$nqn"
          port=$((port + 1))
        done
        ls /sys/kernel/config/nvmet/subsystems /sys/kernel/config/nvmet/ports
        """#)
      #expect(outcome.status == 0, "\(outcome)")
      // The admin queue and the one that attr_qid_max grants.
      #expect(outcome.stdout.contains("rdma rdma 2 queues\ntcp tcp 2 queues\nloop loop 2 queues\n"))
      #expect(
        outcome.stdout.hasSuffix(
          """
          /sys/kernel/config/nvmet/ports:

          /sys/kernel/config/nvmet/subsystems:

          """), "nothing is left of the target: \(outcome)")
    }

    @Test func aTargetLetsInWhomItShouldAndComesBack() async throws {
      let outcome = try await Lab.run(
        """
        rxe_up
        null_disk null0 64
        nqn=nqn.2026-01.lab:guarded
        nvmet_export "$nqn" /dev/null0 rdma 4420 host=nqn.2026-01.lab:friend
        connect() {
          nvme connect --transport rdma --traddr "$lab_address" --trsvcid 4420 --nqn "$nqn" \\
            --reconnect-delay 1 --hostnqn "$1"
        }
        if connect nqn.2026-01.lab:foe; then exit 1; fi
        connect nqn.2026-01.lab:friend
        disk=$(nvme_disk "$nqn")
        state=/sys/class/nvme/nvme0/state
        nvmet_port_remove "$nqn" 4420
        wait_for '[[ $(<$state) == connecting ]]' 20
        nvmet_port_restore "$nqn" 4420
        wait_for '[[ $(<$state) == live ]]' 20
        dd if="$disk" of=/dev/null bs=4k count=10 iflag=direct status=none
        """)
      #expect(outcome.status == 0, "\(outcome)")
    }
  }
}
