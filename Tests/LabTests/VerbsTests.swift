import Foundation
import TestSupport
import Testing

extension Lab {
  /// Verbs tests over soft-RoCE: run and peer in one guest, beside Debian's perftest.
  @Suite struct Verbs {
    /// A device, a peer on it, and how a scenario of a few lines is run.
    private static let opening = #"""
      assay=$1
      rxe_up
      start_peer() {
        "$assay" peer --address "$lab_address" --json "$@" >/tmp/peer.json 2>/tmp/peer.log &
        peer=$!
        wait_for 'grep -q listening /tmp/peer.json' 30
      }
      # scenario NAME 'KEY: VALUE, ...' ['KEY: [VALUE, ...]'] ...: a workload of one line for each.
      scenario() {
        printf 'assay: 1\nname: lab\nsystems:\n  fabric: {fabric: {peer: %s}}\nworkloads:\n' \
          "$lab_address"
        while (($# > 0)); do
          printf '  %s:\n    verbs: {%s}\n' "$1" "$2"
          [[ -z $3 ]] || printf '    sweep: {%s}\n' "$3"
          shift 3
        done
      }
      counter() { cat "/sys/class/infiniband/rxe0/ports/1/hw_counters/$1"; }

      """#

    @Test func everyOperationIsMeasuredAsPerftestDoes() async throws {
      let share = try TemporaryFolder()
      let outcome = try await Lab.run(
        Self.opening + #"""
          start_peer
          long='ramp: 300ms, duration: 3s'
          scenario send-latency "operation: send, $long" 'message-size: [64B, 4KiB]' \
            write-latency "operation: write, message-size: 64B, $long" '' \
            read-latency "operation: read, message-size: 64B, $long" '' \
            send-bandwidth "operation: send, measure: bandwidth, message-size: 16KiB, $long" '' \
            write-bandwidth "operation: write, measure: bandwidth, message-size: 16KiB, $long" '' \
            read-bandwidth "operation: read, measure: bandwidth, message-size: 16KiB,
              queue-pairs: 2, queue-depth: 16, $long" '' >/tmp/lab.yaml
          "$assay" run /tmp/lab.yaml --results /host --json >/host/run.json 2>/host/run.log \
            || cat /host/run.log >&2
          record=$(ls -d /host/*-lab-*)
          "$assay" verify "$record" >&2
          "$assay" report "$record" >/host/report.txt
          cp -r "$record" /host/record
          kill -INT "$peer"
          wait "$peer"
          cp /tmp/peer.json /tmp/peer.log /host
          # The same by perftest: -n for latency, seconds for bandwidth, over rdma_cm.
          port=18600
          compare() {
            local program=$1 line
            shift
            port=$((port + 1))
            "$program" -R -F -d rxe0 -p "$port" "$@" >/dev/null 2>&1 &
            wait_for 'rdma resource show cm_id | grep "$port" | grep -q LISTEN' 10
            line=$("$program" -R -F -d rxe0 -p "$port" "$@" "$lab_address" | grep -E '^ *[0-9]+ ')
            wait "$!"
            echo "$program $line"
          }
          {
            for size in 64 4096; do compare ib_send_lat -n 2000 -s "$size" -I 64; done
            compare ib_write_lat -n 2000 -s 64 -I 64
            compare ib_read_lat -n 2000 -s 64
            for program in ib_send_bw ib_write_bw ib_read_bw; do
              compare "$program" -D 3 -s 16384 -t 128
            done
          } >/host/perftest.txt
          """#, Checkout.assay, options: ["--share", share.path], limit: 280)
      #expect(outcome.status == 0, "\(outcome) \((try? share.read("run.log")) ?? "")")
      let cases = try VerbsRecord.cases(share.path + "/record/summary.json")
      #expect(cases.count == 7)
      let perftest = try share.read("perftest.txt").split(separator: "\n").map(String.init)
      print(VerbsRecord.table(cases, perftest))
      for (name, metrics) in cases {
        #expect((metrics["message rate"] ?? 0) > 10, "\(name)")
        #expect((metrics["latency p50"] ?? 0) > 1000, "\(name)")
        #expect(metrics["cpu per message"] != nil, "\(name)")
      }
      try VerbsRecord.checkCounters(share.path + "/record/events.jsonl")
      let served = try share.read("peer.json").split(separator: "\n")
        .filter { $0.contains("\"served\"") }
      #expect(served.count == 8, "a connection for each queue pair: \(served)")
      #expect(!served.contains { $0.contains("failure") }, "\(served)")
      #expect(try share.read("report.txt").contains("soft-RoCE"))
    }

    /// Whatever goes wrong between run and peer, each under a heading of its own.
    private static let mishaps = #"""
      say() { echo "== $*"; }
      attempt() {
        local status=0
        timeout 60 "$assay" "$@" >/tmp/out 2>/tmp/err || status=$?
        grep -hE '^assay:|^  hint:|^error:' /tmp/err /tmp/out || true
        echo "status $status"
      }
      # interrupt WHAT SIGNAL PROCESS: runs for a minute, unless the signal to the process ends it.
      interrupt() {
        say "$1"
        "$assay" run /tmp/long.yaml --results "/tmp/$1" >/dev/null 2>&1 &
        local run=$! begin status=0
        wait_for "compgen -G '/tmp/$1/*/series/*'" 20
        sleep 2
        kill "-$2" "${3:-$run}"
        begin=$SECONDS
        wait "$run" || status=$?
        echo "ended after $((SECONDS - begin)) s, status $status"
      }
      scenario idle 'operation: send, duration: 60s' '' >/tmp/long.yaml
      scenario big 'operation: write, message-size: 8MiB, duration: 1s' '' >/tmp/big.yaml
      sed s/192.168.77.1/192.0.2.7/ /tmp/long.yaml >/tmp/nowhere.yaml
      say nobody listens
      attempt run /tmp/long.yaml --results /tmp/r
      say not an address of a device
      attempt run /tmp/nowhere.yaml --results /tmp/r
      attempt peer --address 192.0.2.7
      start_peer --memory 1MiB
      say strangers
      ASSAY_LAB_PEER=$lab_address "$2" --testing-library swift-testing \
        --filter StrangeClientTests >/tmp/strangers 2>&1 || tail -n 30 /tmp/strangers
      kill -0 "$peer"
      say too large
      attempt run /tmp/big.yaml --results /tmp/r
      interrupt killed KILL "$peer"
      grep -h stopped-early /tmp/killed/*/events.jsonl | grep -o '"message":"[^"]*"' | head -n 1
      start_peer
      interrupt interrupted INT
      kill -TERM "$peer"
      status=0
      wait "$peer" || status=$?
      say "peer $status"
      rdma link del rxe0
      say no device
      attempt run /tmp/long.yaml --results /tmp/r
      """#

    @Test func aPeerIsNeitherTrustedNorWaitedForInVain() async throws {
      let outcome = try await Lab.run(
        Self.opening + Self.mishaps, Checkout.assay, Checkout.tests, limit: 240)
      #expect(outcome.status == 0, "\(outcome)")
      let parts = outcome.stdout.components(separatedBy: "== ")
      func part(_ name: String) -> String { parts.first { $0.hasPrefix(name + "\n") } ?? "" }
      #expect(part("nobody listens").contains("nothing listens for RDMA on 192.168.77.1:18515"))
      #expect(part("nobody listens").contains("start `assay peer --address 192.168.77.1"))
      #expect(part("not an address of a device").contains("192.0.2.7:18515 is not"))
      #expect(part("strangers") == "strangers\n", "all of StrangeClientTests pass")
      #expect(part("too large").contains("takes messages of at most 522240 bytes"))
      #expect(part("killed").contains("closed the RDMA connection"))
      #expect(outcome.stdout.contains("== peer 0\n"))
      #expect(part("no device").contains("this machine has no RDMA device"))
      for name in ["killed", "interrupted"] {
        let seconds = part(name).firstMatch(of: #/ended after (\d+) s/#).flatMap { Int($0.1) }
        #expect((seconds ?? 99) <= 15, "\(part(name))")
      }
    }
  }
}

/// What a record of verbs trials holds, for the lab's tests.
enum VerbsRecord {
  /// Medians of each case's metrics, in the order of the plan.
  static func cases(_ path: String) throws -> [(name: String, metrics: [String: Double])] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    return try #require(object["cases"] as? [[String: Any]]).map { entry in
      let key = entry["key"] as? [String: Any] ?? [:]
      let point = (key["point"] as? [String] ?? []).joined(separator: " ")
      let metrics = (entry["metrics"] as? [String: [String: Any]] ?? [:])
        .compactMapValues { $0["median"] as? Double }
      return ("\(key["workload"] ?? "") \(point)", metrics)
    }
  }

  /// Ours and perftest's side by side; both in the units of perftest.
  static func table(
    _ cases: [(name: String, metrics: [String: Double])], _ perftest: [String]
  ) -> String {
    let rows = zip(cases, perftest).map { ours, theirs in
      let words = theirs.split(whereSeparator: \.isWhitespace).map(String.init)
      func micro(_ name: String) -> String {
        String(format: "%.1f", (ours.metrics[name] ?? 0) / 1000)
      }
      if words[0].hasSuffix("_lat"), words.count > 9 {
        return "\(ours.name): ours p50 \(micro("latency p50")) mean \(micro("latency mean")) "
          + "p99 \(micro("latency p99")) us | \(words[0]) p50 \(words[5]) mean \(words[6]) "
          + "p99 \(words[8]) us"
      }
      let speed = String(format: "%.1f", (ours.metrics["bandwidth"] ?? 0) / 1_048_576)
      let other = words.dropFirst(4).first ?? theirs
      return "\(ours.name): ours \(speed) MiB/s | \(words[0]) \(other) MiB/s"
    }
    return (["beside perftest, one guest, soft-RoCE:"] + rows).joined(separator: "\n")
  }

  /// Bytes by our count against packets by the kernel's: rxe counts packets of both directions.
  static func checkCounters(_ path: String) throws {
    var checked = 0
    for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
      guard
        let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
        let trial = event["trial"] as? [String: Any],
        let detail = trial["detail"] as? [String: Any],
        let messages = detail["messages"] as? Int,
        let workload = detail["workload"] as? [String: Any],
        let size = workload["messageSize"] as? Int,
        let link = detail["link"] as? [String: Any], let mtu = link["pathMTU"] as? Int,
        let ports = (detail["rdmaCounters"] as? [String: Any])?["ports"] as? [[String: Any]],
        let counters = ports.first?["counters"] as? [String: Int],
        let sent = counters["sent_pkts"]
      else { continue }
      checked += 1
      // Each message is that many packets one way at least, and is acknowledged.
      let packets = messages * ((size + mtu - 1) / mtu)
      #expect(sent >= packets, "\(detail)")
      // Both ways, with acknowledgements, ramp and what was in flight at the end.
      #expect(sent < packets * 6 + 100_000, "\(sent) packets for \(packets)")
    }
    #expect(checked > 0, "rxe counts its packets")
  }
}
