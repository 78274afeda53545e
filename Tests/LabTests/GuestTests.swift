import Foundation
import TestSupport
import Testing

extension Lab {
  /// What scripts/lab promises to those who use it.
  @Suite struct Guests {
    @Test func outputAndStatusComeBackAndTheRootIsReadOnly() async throws {
      // Not in /tmp, where the guest has its own, nor in the checkout, which may lie there.
      let root = try TemporaryFolder(in: "/var/tmp")
      let share = try TemporaryFolder()
      try root.write("host", to: "file")
      let outcome = try await Lab.run(
        """
        printf 'to %s\\n' stdout "$2"
        printf 'to stderr\\n' >&2
        printf guest >"$1/file"
        cat "$1/file" >/host/seen
        touch "$1/new"
        if touch /lab/script 2>/dev/null; then exit 1; fi
        "$3" --version
        sleep 1000 &
        exit 7
        """, root.path, "two words", Checkout.assay, options: ["--share", share.path])
      #expect(outcome.status == 7)
      #expect(outcome.stdout == "to stdout\nto two words\n0.1.0\n")
      #expect(outcome.stderr == "to stderr\n")
      #expect(try share.read("seen") == "guest", "the guest sees what it wrote")
      #expect(try root.read("file") == "host", "the host does not")
      #expect(root.files() == ["file"])
    }

    @Test func aPanicIsSaid() async throws {
      let outcome = try await Lab.run("echo before; sync; echo c >/proc/sysrq-trigger; sleep 1000")
      #expect(outcome.status == 125)
      #expect(outcome.stdout == "before\n")
      #expect(outcome.stderr.contains("Kernel panic - not syncing: sysrq triggered crash"))
    }

    @Test func disksComeGrowAndGoWhileTheGuestRuns() async throws {
      let outcome = try await Lab.run(
        #"""
        size() { blockdev --getsize64 "/dev/$1"; }
        plug() {
          local device='{driver: $driver, drive: $drive, id: $drive, serial: $drive, bus: $bus}'
          lab-qmp "$(jq -n --arg driver "$1" --arg drive "$2" --arg bus "$2-port" \
            "{execute: \"device_add\", arguments: $device}")"
        }
        [[ $(size vda) == $((64 << 20)) && $(size nvme0n1) == $((32 << 20)) ]]
        [[ $(</sys/block/vda/serial) == data ]]
        plug virtio-blk-pci spare
        wait_for '[[ -b /dev/vdb ]]' 10
        lab-qmp '{"execute": "block_resize", "arguments": {"node-name": "spare", "size": 33554432}}'
        wait_for '[[ $(size vdb) == 33554432 ]]' 10
        lab-qmp '{"execute": "device_del", "arguments": {"id": "spare"}}'
        wait_for '[[ ! -e /dev/vdb ]]' 10
        plug nvme extra
        wait_for '[[ -b /dev/nvme1n1 ]]' 10
        grep -q extra /sys/class/nvme/nvme1/serial
        if lab-qmp '{"execute": "nonsense"}'; then exit 1; fi
        """#,
        options: [
          "--disk", "data:64M", "--nvme", "fast:32M", "--spare", "spare:16M", "--spare",
          "extra:16M",
        ])
      #expect(outcome.status == 0, "\(outcome)")
      #expect(outcome.stderr == "lab-qmp: The command nonsense has not been found\n")
    }

    @Test func twoGuestsReachEachOtherByEthernetAndRDMA() async throws {
      let outcome = try await Lab.run(
        """
        ping -q -c 3 -i 0.2 10.2.0.1
        rxe_up eth0 10.2.0.2
        rping -c -a 10.2.0.1 -C 3
        """,
        target: """
          rxe_up eth0 10.2.0.1
          rping -s -a 10.2.0.1 &
          wait_for 'rdma resource show cm_id | grep -q LISTEN' 10
          echo ready
          """)
      #expect(outcome.status == 0, "\(outcome)")
      #expect(outcome.stdout.contains("3 received"))
      #expect(outcome.stderr.contains("ready\n"), "the target's output is on stderr")
    }

    @Test func aTargetThatFailsIsSaid() async throws {
      let outcome = try await Lab.run("true", target: "exit 3")
      #expect(outcome.status == 125)
      #expect(outcome.stderr.contains("the target's script failed with status 3"))
    }
  }
}
