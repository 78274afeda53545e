import TestSupport
import Testing

extension Lab {
  /// Virtual functions of an emulated NVMe controller: made, used, and gone again however a run
  /// ends.
  @Suite struct VirtualFunctions {
    /// The scenario, and what is looked at before and after.
    ///
    /// Debian's kernel joins the functions' namespace to one block device unless nvme_core is told
    /// not to.
    private static let opening = """
      assay=$1
      reload() {
        modprobe --remove nvme nvme_core
        modprobe nvme_core multipath=$1
        modprobe nvme
        wait_for '[[ -b /dev/nvme0n1 && -b /dev/nvme1n1 ]]' 10
        physical=$(basename "$(readlink -f "$(dirname /sys/class/nvme/*/device/sriov_numvfs)")")
        folder=/sys/bus/pci/devices/$physical
        parent=/dev/$(ls $folder/nvme)
        plain=$(ls -d /sys/class/nvme/nvme[01] | grep --invert "${parent#/dev/}")
        plain=/dev/${plain##*/}
      }
      state() {
        local list
        list=$(nvme list-secondary "$parent" --output-format json | tr --delete ' \\n\\t' | md5sum)
        echo "state $1: $(<$folder/sriov_numvfs) $(<$folder/sriov_drivers_autoprobe)" \\
          "$(ls -d /sys/class/nvme/nvme* | wc -l) $(ls /run/assay/changes 2>/dev/null | wc -l)" \\
          "${list%% *}"
      }
      # scenario "SETTINGS OF THE FUNCTION" PATTERN DURATION [MORE]
      scenario() {
        cat >/tmp/vf.yaml <<END
      assay: 1
      name: vf
      systems:
        vf: {virtual-function: {$1}}
      workloads:
        io: {storage: {pattern: $2, block-size: 4KiB, queue-depth: 4, region-size: 16MiB, $3}}
      END
      }
      attempt() {
        local status=0
        echo "run $1:"
        "$assay" run /tmp/vf.yaml --results /tmp/results --allow-destroy disk 2>&1 || status=$?
        echo "status $1: $status"
        state "$1"
      }

      """

    private static let disks = ["--nvme", "disk:128M,vfs=4", "--nvme", "plain:64M"]

    /// Lines of the output that begin so, without the name in between: `state NAME: TEXT`.
    private func lines(_ kind: String, of outcome: Command.Result) -> [String: String] {
      var found: [String: String] = [:]
      for line in outcome.stdout.split(separator: "\n") where line.hasPrefix(kind + " ") {
        let parts = line.dropFirst(kind.count + 1).split(separator: ":", maxSplits: 1)
        if parts.count == 2 { found[String(parts[0])] = parts[1].trimmingPrefix(" ").description }
      }
      return found
    }

    private func expectRestored(_ outcome: Command.Result, _ names: [String]) throws {
      let states = lines("state", of: outcome)
      let before = try #require(states["before"], "\(outcome)")
      #expect(before.hasPrefix("0 1 2 0 "), "\(outcome)")
      for name in names { #expect(states[name] == before, "\(name): \(outcome)") }
    }

    @Test func oneIsMadeUsedAndGoneHoweverTheRunEnds() async throws {
      let outcome = try await Lab.run(
        Self.opening + """
          reload N
          state before
          scenario "of: $parent, functions: 3, number: 2, queues: 2" random-write \\
            "total-count: 2000, verify: write-then-read"
          attempt verified
          cat /tmp/results/*/events.jsonl | grep -o '"commands":"[^"]*"' | head -1
          cat /tmp/results/*/events.jsonl | grep -o '"transport":"pcie [^"]*"' | head -1
          cat /tmp/results/*/events.jsonl | grep -o '"virtual queues":"[^"]*"' | head -1
          "$assay" verify-record /tmp/results/* >/dev/null 2>&1 || true
          # Interrupted, and killed, while it measures.
          scenario "of: $physical, functions: 2" random-read "duration: 60s"
          for signal in INT KILL; do
            "$assay" run /tmp/vf.yaml --results /tmp/results >/tmp/log 2>&1 &
            wait_for '[[ $(cat /sys/block/nvme2n1/stat | tr -s " " | cut -d " " -f 2) -gt 300 ]]' 30
            kill -$signal $!
            wait $! || echo "status $signal: $?"
            state $signal
          done
          "$assay" cleanup
          state cleanup
          # What a killed run left goes at the next start as well.
          "$assay" run /tmp/vf.yaml --results /tmp/results >/tmp/log 2>&1 &
          wait_for '[[ -b /dev/nvme2n1 ]]' 30
          kill -KILL $!
          wait $! || true
          scenario "of: disk" random-read "total-count: 100"
          attempt next
          """, Checkout.assay, options: Self.disks, limit: 200)
      #expect(outcome.status == 0, "\(outcome)")
      let statuses = lines("status", of: outcome)
      #expect(statuses["verified"] == "0" && statuses["next"] == "0", "\(outcome)")
      #expect(statuses["KILL"] == "137", "\(outcome)")
      #expect(
        outcome.stdout.contains("\"transport\":\"pcie virtual function 2 of 3\""), "\(outcome)")
      #expect(
        outcome.stdout.contains("\"virtual queues\":\"3, the admin queue among them\""),
        "\(outcome)")
      let commands = try #require(
        outcome.stdout.firstMatch(of: #/nvme2 took (\d+) of (\d+) block I\/Os/#), "\(outcome)")
      #expect(commands.1 == commands.2 && (Int(commands.1) ?? 0) >= 4000, "\(outcome)")
      try expectRestored(outcome, ["verified", "INT", "cleanup", "next"])
      let killed = try #require(lines("state", of: outcome)["KILL"])
      #expect(killed.hasPrefix("2 0 3 2 "), "\(outcome)")
    }

    @Test func whatIsInTheWayIsToldAndNothingStays() async throws {
      let outcome = try await Lab.run(
        Self.opening + """
          reload Y
          state before
          scenario "of: $parent" random-read "total-count: 10"
          attempt multipath
          reload N
          scenario "of: $parent, functions: 5" random-read "total-count: 10"
          attempt many
          scenario "of: $plain" random-read "total-count: 10"
          attempt none
          scenario "of: $parent, queues: 40" random-read "total-count: 10"
          attempt resources
          scenario "of: $parent, namespace: 2" random-read "total-count: 10"
          attempt namespace
          scenario "of: $parent" random-read "total-count: 10"
          mount --bind /proc/version /sys/bus/pci/drivers/nvme/bind
          attempt bind
          umount /sys/bus/pci/drivers/nvme/bind
          status=0
          setpriv --reuid 65534 --regid 65534 --clear-groups \\
            "$assay" run /tmp/vf.yaml --results /tmp/nobody 2>&1 || status=$?
          echo "status nobody: $status"
          # Somebody's functions.
          echo 0 >$folder/sriov_drivers_autoprobe
          echo 1 >$folder/sriov_numvfs
          function=$(basename "$(readlink $folder/virtfn0)")
          echo pci-stub >/sys/bus/pci/devices/$function/driver_override
          echo $function >/sys/bus/pci/drivers/pci-stub/bind
          attempt taken
          echo 0 >$folder/sriov_numvfs
          echo 1 >$folder/sriov_drivers_autoprobe
          # Its namespace is in use by way of the physical function.
          mkfs.ext4 -q ${parent}n1
          mount ${parent}n1 /mnt
          scenario "of: $parent" random-write "total-count: 10"
          attempt mounted
          umount /mnt
          """, Checkout.assay, options: Self.disks, limit: 200)
      #expect(outcome.status == 0, "\(outcome)")
      let states = lines("state", of: outcome)
      let statuses = lines("status", of: outcome)
      for (name, words) in [
        ("multipath", "boot with nvme_core.multipath=N"),
        ("many", "has at most 4 virtual functions, and 5 are asked for"),
        ("none", "has no SR-IOV"),
        ("resources", "it does not have so many resources to give, NVMe status 4121h"),
        ("namespace", "has no namespace 2"), ("bind", "cannot be bound to the driver"),
        ("nobody", "making virtual functions needs root"), ("taken", "(driver pci-stub)"),
        ("mounted", "is the same namespace, and"),
      ] {
        #expect(outcome.stdout.contains(words), "\(name): \(outcome)")
        #expect(statuses[name] != "0" && statuses[name] != nil, "\(name): \(outcome)")
      }
      try expectRestored(
        outcome, ["multipath", "many", "none", "resources", "namespace", "bind", "mounted"])
      #expect(states["taken"]?.hasPrefix("1 0 2 0 ") == true, "\(outcome)")
    }
  }
}
