import Foundation
import TestSupport
import Testing

extension Lab {
  /// Online operations and outages on the kernel's real drivers, in one guest.
  @Suite struct Online {
    /// What one run in the guest left.
    struct Outcome {
      var status: Int32
      var seconds: Int
      var metrics: [String: Double]
      var text: String

      func ns(_ metric: String) throws -> Double { try #require(metrics[metric], "no \(metric)") }
    }

    /// In the guest: `run NAME DEVICE MORE OPERATION` runs a scenario and keeps what it says.
    private static let functions = #"""
      assay=$1
      cd /tmp
      qmp() { printf "{socket: /dev/virtio-ports/qmp, commands: ['%s']}" "$1"; }
      run() {
        local status=0 begin=$SECONDS
        printf '%s\n' "assay: 1" "name: $1" "systems: {disk: {device: $2}}" "workloads:" "  io:" \
          "    storage: {pattern: random-read, queue-depth: 4, duration: $3}" "    operation:" \
          "      at: 500ms" "$4" >"$1.yaml"
        "$assay" run "$1.yaml" --results /host/results --json >"/host/$1.json" 2>"/host/$1.err" \
          || status=$?
        echo "$1 $status $((SECONDS - begin))"
      }
      """#

    private static let operations = #"""
      other=/dev/nvme0n1
      resize='{"execute": "block_resize", "arguments": {"node-name": "data", "size": %s}}'
      run grow-other "$other" 2s "
            qmp: $(qmp "$(printf "$resize" 134217728)")
            expect: {grows: data}"
      run grow-own /dev/vda 2s "
            qmp: $(qmp "$(printf "$resize" 268435456)")
            expect: {grows: data}"
      device='"driver": "nvme", "id": "extra", "drive": "extra", "serial": "extra"'
      device+=', "bus": "extra-port"'
      run hot-add "$other" 2s "
            qmp: $(qmp "{\"execute\": \"device_add\", \"arguments\": {$device}}")
            expect: {appears: extra}"
      run hot-remove "$other" 2s "
            qmp: $(qmp '{"execute": "device_del", "arguments": {"id": "extra"}}')
            expect: {vanishes: extra}"
      run reset "$other" "2s, on-error: {count-up-to: 1000}" "
            command: [sh, -c, 'echo 1 > /sys/class/nvme/nvme0/reset_controller']"
      """#

    private static let outages = #"""
      rxe_up
      null_disk null0 64
      nqn=nqn.2026-01.lab:disk
      nvmet_export "$nqn" /dev/null0 rdma 4420
      nvme connect --transport rdma --traddr "$lab_address" --trsvcid 4420 --nqn "$nqn" \
        --reconnect-delay 1 --ctrl-loss-tmo 5 >/dev/null
      disk=$(nvme_disk "$nqn")
      link=$nvmet/ports/4420/subsystems/$nqn
      run port-restored "$disk" "5s, on-error: {count-up-to: 1000}" "
            command: [rm, $link]
            within: 10s
            undo: {after: 1s, command: [ln, -s, $nvmet/subsystems/$nqn, $link]}"
      run port-gone "$disk" 2s "
            command: [rm, $link]
            within: 10s"
      """#

    @Test func theUntouchedDiskSeesNoErrorAndAnOutageEndsWithARecord() async throws {
      let folder = try TemporaryFolder()
      let answer = try await Lab.run(
        [Self.functions, Self.operations, Self.outages].joined(separator: "\n"), Checkout.assay,
        options: [
          "--share", folder.path, "--nvme", "fast:64M", "--disk", "data:64M", "--spare",
          "extra:32M",
        ], limit: 240)
      #expect(answer.status == 0, "\(answer)")
      var runs: [String: Outcome] = [:]
      for line in answer.stdout.split(separator: "\n") {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 3, let status = Int32(words[1]), let seconds = Int(words[2]) else {
          continue
        }
        runs[words[0]] = try outcome(of: words[0], status, seconds, in: folder)
      }
      print(Self.table(runs))
      try judge(runs)
    }

    private func judge(_ runs: [String: Outcome]) throws {
      for name in ["grow-other", "grow-own", "hot-add", "hot-remove"] {
        let run = try #require(runs[name])
        #expect(run.status == 0, "\(name): \(run.text)")
        #expect(run.metrics["errors"] == 0, "\(name)")
        let sign = name == "hot-remove" ? "device gone" : "device visible"
        #expect(try run.ns(sign) > 0 && run.ns(sign) < 10e9)
        #expect(try run.ns("operation accepted") > 0)
        #expect(try run.ns("longest stall") < 1e9)
        if name != "hot-remove" { #expect(try run.ns("device usable") > 0) }
      }
      let reset = try #require(runs["reset"])
      #expect(reset.status == 0, "\(reset.text)")
      #expect(reset.metrics["errors"] == 0, "the driver tries its requests again")

      let restored = try #require(runs["port-restored"])
      #expect(restored.status == 0, "\(restored.text)")
      #expect(try restored.ns("longest stall") > 0.5e9)
      #expect(try restored.ns("recovery") > 1e9, "not before the port was back")
      #expect(try restored.ns("recovery after undo") > 0)
      #expect(try restored.ns("iops after") > 0)

      let gone = try #require(runs["port-gone"])
      #expect(gone.status == 4, "a trial failed: \(gone.text)")
      #expect(gone.seconds < 2 + 30 + 10, "the trial, the drain and the limit of the operation")
    }

    private func outcome(
      of name: String, _ status: Int32, _ seconds: Int, in folder: TemporaryFolder
    ) throws -> Outcome {
      let text = try folder.read("\(name).json") + folder.read("\(name).err")
      let records = try FileManager.default.contentsOfDirectory(
        atPath: folder.path("results"))
      let record = try #require(records.first { $0.contains("-\(name)-") }, "\(text)")
      let events = try folder.read("results/\(record)/events.jsonl")
      let line = try #require(
        events.split(separator: "\n").first { $0.contains("\"trial-finished\"") }, "\(text)")
      struct Event: Decodable {
        struct Trial: Decodable {
          struct Metric: Decodable { var value: Double }
          var metrics: [String: Metric]
        }
        var trial: Trial
      }
      let event = try JSONDecoder().decode(Event.self, from: Data(line.utf8))
      return Outcome(
        status: status, seconds: seconds, metrics: event.trial.metrics.mapValues(\.value),
        text: text)
    }

    /// What was measured, for who reads the log of the tests.
    private static func table(_ runs: [String: Outcome]) -> String {
      let columns = [
        "operation accepted", "device visible", "device gone", "device usable", "first error",
        "longest stall", "recovery", "recovery after undo", "iops before", "iops during",
        "iops after", "errors",
      ]
      var lines = ["run: exit status, s" + columns.map { " | " + $0 }.joined()]
      for (name, run) in runs.sorted(by: { $0.key < $1.key }) {
        let cells = columns.map { column -> String in
          guard let value = run.metrics[column] else { return "-" }
          let isCount = column.hasPrefix("iops") || column == "errors"
          return isCount ? "\(Int(value))" : "\(Int(value / 1e6)) ms"
        }
        lines.append("\(name): \(run.status), \(run.seconds) | " + cells.joined(separator: " | "))
      }
      return lines.joined(separator: "\n")
    }
  }
}
