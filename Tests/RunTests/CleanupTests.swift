import Foundation
import TestSupport
import Testing

extension Program {
  /// `assay cleanup` and the start of a run, on real settings of a network namespace of their own.
  @Suite(Requires.root) struct Cleanup {
    private static let setting = "/proc/sys/net/ipv4/ip_forward"

    /// Runs a script where a killed run has left `ip_forward` at 1 instead of 0.
    private func afterAKill(_ script: String, kind: String = "setting") throws -> Command.Result {
      let boot = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
      // Process 1 lives, but did not begin at tick 1.
      let entry = """
        {"format": 1,
          "owner": {"process": 1, "startTicks": 1, "boot": "\(boot.prefix(36))",
            "command": "assay run old.yaml"},
          "change": {"kind": "\(kind)", "path": "\(Self.setting)", "previous": "0", "value": "1"}}
        """
      let opening = """
        set -e; mount -t tmpfs none /run; mkdir -m 755 -p /run/assay/changes
        echo 1 > \(Self.setting); printf %s "$2" > /run/assay/changes/1-1-1.json; assay=$1; shift 2

        """
      return try Command.run(
        ["unshare", "-m", "-n", "sh", "-c", opening + script, "sh", Workshop.assay, entry])
    }

    @Test func whatAKilledRunLeftIsListedThenUndoneThenGone() throws {
      let result = try afterAKill(
        """
        "$assay" cleanup --dry-run; cat \(Self.setting)
        "$assay" cleanup --json; cat \(Self.setting); "$assay" cleanup; ls /run/assay/changes
        """
      ).checked()
      let lines = result.stdout.split(separator: "\n")
      #expect(
        lines.first?.hasPrefix("left: \(Self.setting): \"1\" instead of \"0\", left by process 1")
          == true, "\(result)")
      #expect(lines.dropFirst().first == "1" && lines.last == "0", "\(result)")
      #expect(result.stdout.contains("\"outcome\" : \"undone\""))
      #expect(result.stderr == "nothing is left\n")
    }

    @Test func whatSomebodyElseChangedSinceIsLeftAlone() throws {
      let result = try afterAKill("echo 0 > \(Self.setting); \"$assay\" cleanup").checked()
      #expect(result.stdout.hasPrefix("not-needed: "), "\(result)")
    }

    @Test func whatCannotBeUndoneIsToldWithTheWayByHand() throws {
      let result = try afterAKill("\"$assay\" cleanup", kind: "of-another-version")
      #expect(result.status == 69, "\(result)")
      #expect(result.stdout.contains("by hand: rm /run/assay/changes/1-1-1.json"), "\(result)")
      #expect(result.stderr.contains("1 of 1 change could not be undone"), "\(result)")
    }

    @Test(arguments: [0o644, 0o600]) func whoMayNotUndoItIsToldWhoMay(mode: Int) throws {
      let result = try afterAKill(
        """
        chmod \(String(mode, radix: 8)) /run/assay/changes/*
        setpriv --reuid 65534 --regid 65534 --clear-groups "$assay" cleanup; cat \(Self.setting)
        """
      ).checked()
      #expect(result.stdout == "1\n", "\(result)")
      #expect(result.stderr.contains("root's runs left 1 change: sudo assay cleanup"), "\(result)")
    }

    @Test func theNextRunUndoesItFirst() throws {
      let shop = try Workshop()
      let path = try shop.scenario(
        "{none: {size: 1GiB}}",
        "ring: {storage: {engine: 'null', pattern: random-read, duration: 50ms}}")
      let result = try afterAKill(
        "\"$assay\" run \(path) --results \(shop.results) >&2; cat \(Self.setting)"
      ).checked()
      #expect(result.stdout == "0\n", "\(result)")
      #expect(result.stderr.contains("left by an earlier run: \(Self.setting)"), "\(result)")
    }
  }
}
