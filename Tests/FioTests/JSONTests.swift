import Foundation
import Ledger
import Measure
import Storage
import TestSupport
import Testing

@testable import Fio

@Suite("fio's JSON is read, kept as a record and written again")
struct JSONTests {
  static let plus = "sample_fio_3.33_jsonplus.json"

  func sample(_ name: String = plus) throws -> FioDocument {
    try #require(try FioJSON.read(Support.fixture(name), from: name).first)
  }

  /// A real record on disk that holds these trials.
  func record(_ trials: [FioTrial], in results: TemporaryFolder) throws -> RunRecord {
    let folder = try RunFolder.create(in: results.path, id: "imported")
    let header = RunHeader(
      id: "imported", name: "imported", about: "", startedAt: "2026-11-21T00:09:31Z",
      version: "0.1", seed: 1, notHardware: "imported from fio-3.33")
    try folder.append(.runStarted) { $0.run = header }
    for var trial in trials {
      if let histograms = trial.histograms {
        trial.record.histograms = try folder.write(histograms, of: trial.record.id)
      }
      try folder.append(.trialFinished) { $0.trial = trial.record }
    }
    try folder.append(.runFinished)
    try folder.write(text: "assay: 1\n", to: "scenario.yaml")
    try folder.write(JSONValue.null, to: "plan.json")
    return try RunRecord.read(folder.path)
  }

  func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test("both samples are read whole")
  func samples() throws {
    for name in [Self.plus, "sample_fio_3.33.json"] {
      let document = try sample(name)
      #expect(document.version == "fio-3.33" && document.globalOptions["bs"] == "4k")
      #expect(document.jobs.map(\.jobname) == ["rand-mix", "seq-trimless-write"])
      #expect(document.jobs[0].jobOptions?["steadystate"] == "iops:50%")
      #expect(document.jobs[0].steadystate?["attained"] == .integer(1))
      #expect(document.diskUtil == nil)
    }
    let read = try #require(try sample("sample_fio_3.33.json").jobs[0].read)
    #expect(read.totalIos == 538_545 && read.clatNs?.percentile?["99.900000"] == 3_424_256)
  }

  @Test("bins become histograms without loss")
  func bins() throws {
    var seen = 0
    for job in try sample().jobs {
      for (_, direction) in job.directions {
        for latency in [direction.slatNs, direction.clatNs, direction.latNs] {
          guard let latency, let bins = latency.bins else { continue }
          let found = try #require(try latency.distribution())
          #expect(found.count == latency.count)
          #expect(abs(found.mean - latency.mean) < 1e-5)
          #expect(abs(found.standardDeviation / latency.stddev - 1) < 1e-6)
          let again = found.buckets.map {
            (String(LatencyBuckets.midpoint($0.index)), $0.count)
          }
          #expect(Dictionary(uniqueKeysWithValues: again) == bins)
          for (percent, value) in latency.percentile ?? [:] {
            #expect(FioJobText.quantile(found, (Double(percent) ?? 0) / 100) == value)
          }
          seen += bins.count
        }
      }
    }
    #expect(seen > 1500)
  }

  @Test("all 1856 midpoints are fio's", Requires.tool("fio"))
  func midpoints() throws {
    let oracle = """
      import ast, gzip
      text = gzip.open("/usr/share/doc/fio/fiologparser_hist.py.gz", "rt").read()
      tree = ast.parse(text)
      keep = [f for f in tree.body if getattr(f, "name", "") == "_plat_idx_to_val"]
      exec(compile(ast.Module(keep, []), "fio", "exec"))
      print(*[int(_plat_idx_to_val(i)) for i in range(29 * 64)])
      """
    let out = try Command.run(["python3", "-c", oracle]).checked().stdout
    let theirs = out.split(whereSeparator: \.isWhitespace).compactMap { UInt64($0) }
    #expect(theirs.count == LatencyBuckets.fioCount)
    #expect(theirs == (0..<LatencyBuckets.fioCount).map(LatencyBuckets.midpoint))
    let all = Dictionary(uniqueKeysWithValues: theirs.map { (String($0), UInt64(1)) })
    let latency = FioLatency(min: 0, max: 1, mean: 1, stddev: 1, count: 1856, bins: all)
    let distribution = try #require(try latency.distribution())
    #expect(distribution.buckets.map(\.index) == Array(0..<1856))
  }

  @Test("a bin that is no midpoint is refused")
  func badBin() {
    let latency = FioLatency(min: 0, max: 1, mean: 1, stddev: 1, count: 1, bins: ["130": 1])
    #expect(throws: FioJSON.Failure("bins: 130 ns is not the midpoint of a bucket of fio 3")) {
      try latency.distribution()
    }
  }

  @Test("text before and between documents is passed over; separate runs stay apart")
  func noise() throws {
    let text = try Support.fixture("sample_fio_3.33.json")
    let noisy = "fio: a {warning}\nnote: both iodepth >= 1\n" + text + "fio: terminating\n" + text
    // The same document twice shows nothing new: it is one run.
    #expect(try FioJSON.read(noisy, from: "x").count == 1)
    let later = text.replacing("1795219776,", with: "1795219976,")
    #expect(try FioJSON.read(text + later, from: "x").count == 2)
    let less = text.replacing("\"total_ios\" : 538545", with: "\"total_ios\" : 538544")
    #expect(try FioJSON.read(text + less, from: "x").count == 2)
    #expect(try FioJSON.read(text.filter { $0 != "\n" }, from: "x").count == 1)
  }

  @Test("damage is told with its place")
  func damage() throws {
    let text = try Support.fixture("sample_fio_3.33.json")
    func failure(_ text: String) -> String {
      do {
        _ = try FioJSON.read(text, from: "f.json")
        return ""
      } catch { return error.description }
    }
    #expect(failure("fio\n" + text.prefix(5000)).hasPrefix("f.json:2: the document that begins"))
    #expect(failure("").contains("holds no JSON document"))
    let wrong = failure(text.replacing("\"runtime\" : 1892", with: "\"runtime\" : \"x\""))
    #expect(wrong.hasPrefix("f.json:1: jobs[0].read.runtime: "), "\(wrong)")
    #expect(failure("{\"a\": 1}").hasPrefix("f.json:1: jobs is missing"))
    #expect(failure(text.replacing("\"iops\" : 0.000000", with: "\"iops\" : nan")) != "")
  }

  @Test("missing optional keys are no error")
  func sparse() throws {
    let text = "{\"jobs\": [{\"jobname\": \"a\", \"read\": {\"iops\": 5, \"total_ios\": 10}}]}"
    let document = try #require(try FioJSON.read(text, from: "x").first)
    let trial = try #require(try document.trials().first)
    #expect(trial.record.status == .valid && trial.record.metrics["iops"]?.value == 5)
    #expect(trial.histograms == nil)
  }

  @Test("client mode is read, with its hosts")
  func client() throws {
    let text = """
      {"fio version": "fio-3.33", "global options": [{"bs": "4k", "hostname": "h"}],
       "client_stats": [
        {"jobname": "a", "hostname": "h1", "port": 8765, "error": 0, "read": {"total_ios": 1}},
        {"jobname": "All clients", "error": 5, "read": {"total_ios": 1}}], "disk_util": []}
      """
    let document = try #require(try FioJSON.read(text, from: "x").first)
    #expect(document.globalOptions["bs"] == "4k" && document.jobs[0].hostname == "h1")
    let trials = try document.trials()
    #expect(trials[0].record.disclosure["host"] == "h1" && trials[0].record.key.system == "h1")
    #expect(trials[1].record.status == .failed)
  }

  @Test(
    "status documents of a real fio are one run, of which the last counts", Requires.tool("fio"))
  func status() throws {
    let text = try Command.run(
      [
        "fio", "--output-format=json", "--ioengine=null", "--size=1g", "--time_based",
        "--runtime=3", "--status-interval=1", "--name=a", "--rw=randrw", "--rate_iops=1000",
        "--numjobs=2", "--name=b", "--rw=read", "--rate_iops=500",
      ]
    ).checked().stdout
    #expect(text.components(separatedBy: "\"fio version\"").count >= 4)
    let runs = try FioJSON.read(text, from: "status")
    #expect(runs.count == 1)
    #expect(runs[0].jobs.map(\.jobname) == ["a", "a", "b"])
    let total = runs[0].jobs.compactMap(\.read?.totalIos).reduce(0, +)
    #expect(total >= 7000)
  }

  @Test("metrics are fio's numbers under Assay's names")
  func metrics() throws {
    let trial = try #require(try sample("sample_fio_3.33.json").trials().first).record
    #expect("\(trial.key)" == "io-t-bin/rand-mix")
    #expect(trial.metrics["read iops"] == MetricValue(284643.234672, "1/s"))
    #expect(trial.metrics["iops"] == MetricValue(284643.234672 + 122409.619450, "1/s"))
    #expect(trial.metrics["bandwidth"] == MetricValue(1165898689 + 501389801, "B/s"))
    #expect(trial.metrics["read latency p99"] == MetricValue(395264, "ns"))
    #expect(trial.metrics["read service p99.9"] == MetricValue(3424256, "ns"))
    #expect(trial.metrics["write submission mean"] == MetricValue(1675.027815, "ns"))
    // (9.151018 + 25.522349) % of 3781 ms for 770144 I/Os.
    let cpu = try #require(trial.metrics["cpu per io"]?.value)
    #expect(abs(cpu - 0.34673367 * 3781e6 / 770_144) < 0.001)
    #expect(trial.metrics["latency p99"] == nil)
    let merged = try #require(try sample().trials().first).record
    #expect(merged.metrics["latency p99"] != nil)
    #expect(trial.disclosure["queue depth"] == "16" && trial.disclosure["block size"] == "4k")
    #expect(trial.disclosure["engine"] == "io_uring" && trial.disclosure["load"] == "closed loop")
    for document in try [sample(), sample("sample_fio_3.33.json")] {
      for trial in try document.trials() {
        for (name, value) in trial.record.metrics {
          #expect(MetricCatalogue.definition(of: name)?.unit.rawValue == value.unit, "\(name)")
        }
      }
    }
    #expect(trial.status == .valid && trial.tookNs == .milliseconds(1892))
  }

  /// What must survive import, record and export.
  func check(_ text: String) throws {
    let results = try TemporaryFolder(in: "/dev/shm")
    let document = try #require(try FioJSON.read(text, from: "before").last)
    let record = try record(try document.trials(), in: results)
    let written = try FioJSON.write(record, bins: true)
    let after = try #require(try FioJSON.read(written, from: "after").last)
    #expect(after.jobs.map(\.jobname) == document.jobs.map(\.jobname))
    for (old, new) in zip(document.jobs, after.jobs) {
      #expect(old.usrCpu == new.usrCpu && old.ctx == new.ctx && old.jobRuntime == new.jobRuntime)
      #expect(old.iodepthLevel == new.iodepthLevel && old.latencyUs == new.latencyUs)
      for (left, right) in zip(old.directions, new.directions) {
        let (a, b) = (left.direction, right.direction)
        #expect(a.totalIos == b.totalIos && a.ioBytes == b.ioBytes && a.runtime == b.runtime)
        #expect(a.bw == b.bw && a.bwBytes == b.bwBytes && a.bwMean == b.bwMean)
        #expect(abs((a.iops ?? 0) - (b.iops ?? 0)) < 1e-5)
        for key in [\FioDirection.slatNs, \.clatNs, \.latNs] {
          let (x, y) = (a[keyPath: key], b[keyPath: key])
          #expect(x?.bins == y?.bins && x?.percentile == y?.percentile)
          #expect(x?.min == y?.min && x?.max == y?.max && x?.count == y?.count)
          #expect(abs((x?.mean ?? 0) - (y?.mean ?? 0)) < 1e-5)
          #expect(abs((x?.stddev ?? 0) - (y?.stddev ?? 0)) <= (x?.stddev ?? 0) * 1e-6)
        }
      }
    }
  }

  @Test("json+ of the sample survives import, record and export")
  func roundTrip() throws { try check(Support.fixture(Self.plus)) }

  @Test("json+ of a real run survives import, record and export", Requires.tool("fio"))
  func roundTripOfARun() throws {
    let folder = try TemporaryFolder(in: "/dev/shm")
    let text = try Command.run(
      [
        "fio", "--output-format=json+", "--size=4m", "--filename=f", "--rw=randrw", "--bs=4k",
        "--lat_percentiles=1", "--slat_percentiles=1", "--thread", "--name=one", "--name=two",
        "--stonewall", "--rw=randtrim", "--ioengine=null",
      ], folder: folder.path
    ).checked().stdout
    try check(text)
  }

  @Test("json without bins keeps its percentiles")
  func withoutBins() throws {
    let text = try Support.fixture("sample_fio_3.33.json")
    let results = try TemporaryFolder(in: "/dev/shm")
    let before = try #require(try FioJSON.read(text, from: "x").last)
    let written = try FioJSON.write(try record(before.trials(), in: results), bins: true)
    let after = try #require(try FioJSON.read(written, from: "x").last)
    #expect(after.jobs[0].read?.clatNs?.percentile == before.jobs[0].read?.clatNs?.percentile)
    #expect(after.jobs[0].read?.clatNs?.bins == nil)
  }

  @Test("every key of fio's own document is in the export, with its type")
  func keys() throws {
    let text = try Support.fixture(Self.plus)
    let results = try TemporaryFolder(in: "/dev/shm")
    let document = try #require(try FioJSON.read(text, from: "x").last)
    let written = try FioJSON.write(try record(document.trials(), in: results), bins: true)
    func paths(_ value: Any, _ path: String) -> Set<String> {
      if let object = value as? [String: Any] {
        if ["bins", "percentile", "job options", "global options", "steadystate"].contains(
          path.split(separator: "/").last.map(String.init) ?? "")
        {
          return [path]
        }
        return object.reduce(into: [path]) { $0.formUnion(paths($1.value, path + "/" + $1.key)) }
      }
      if let list = value as? [Any] {
        return list.reduce(into: [path]) { $0.formUnion(paths($1, path)) }
      }
      return [path]
    }
    let fio = paths(try object(text), "").filter { !$0.contains("steadystate") }
    let ours = paths(try object(written), "")
    #expect(fio.subtracting(ours) == [])
    #expect(ours.subtracting(fio) == ["/jobs/desc"])
  }

  @Test(
    "a user's script gives the same for fio's file and for the export", Requires.tool("python3"))
  func userScript() throws {
    let folder = try TemporaryFolder(in: "/dev/shm")
    let text = try Support.fixture(Self.plus)
    let document = try #require(try FioJSON.read(text, from: "x").last)
    let written = try FioJSON.write(try record(document.trials(), in: folder), bins: true)
    try folder.write(text, to: "fio.json")
    try folder.write(written, to: "assay.json")
    try folder.write(try Support.fixture("summary.py"), to: "summary.py")
    let theirs = try Command.run(
      ["python3", folder.path("summary.py"), folder.path("fio.json")]
    ).checked()
    let ours = try Command.run(
      ["python3", folder.path("summary.py"), folder.path("assay.json")]
    ).checked()
    #expect(theirs.stdout == ours.stdout && theirs.stdout.contains("clat99="))
  }

  @Test(
    "fio's own json+ tool makes the same tables of both", Requires.tool("fio_jsonplus_clat2csv"))
  func fioTool() throws {
    let folder = try TemporaryFolder(in: "/dev/shm")
    let text = try Support.fixture(Self.plus)
    let document = try #require(try FioJSON.read(text, from: "x").last)
    let written = try FioJSON.write(try record(document.trials(), in: folder), bins: true)
    try folder.write(text, to: "fio.json")
    try folder.write(written, to: "assay.json")
    for name in ["fio", "assay"] {
      for flags in [[], ["--validate"]] {
        try Command.run(
          ["fio_jsonplus_clat2csv", "\(name).json", "\(name).csv"] + flags, folder: folder.path
        ).checked()
      }
    }
    for job in 0..<2 {
      let theirs = try folder.read("fio_job\(job).csv")
      #expect(theirs == (try folder.read("assay_job\(job).csv")))
      #expect(theirs.split(separator: "\n").count > 300)
    }
  }

  @Test("a trial of Assay itself is written with its histograms, series and workers")
  func ownTrial() throws {
    var histogram = LatencyHistogram()
    for value in 1...1000 as ClosedRange<UInt64> { histogram.record(value * 100) }
    var outcome = StorageOutcome()
    outcome.elapsed = .seconds(2)
    outcome.read.ios = 1000
    outcome.read.bytes = 4_096_000
    var worker = WorkerOutcome()
    worker.userNs = .milliseconds(200)
    worker.systemNs = .milliseconds(600)
    outcome.workers = [worker, worker]
    var trial = TrialRecord(
      id: "t0001", key: CaseKey(system: "local", workload: "rr", point: ["jobs=2"]), block: 1)
    trial.disclosure = ["queue depth": "32"]
    trial.detail = try JSONDecoder().decode(
      JSONValue.self, from: JSONEncoder().encode(outcome))
    func row(_ second: Int, _ ios: UInt64) -> SeriesRow {
      let text = "{\"second\":\(second),\"readIOs\":\(ios),\"readBytes\":\(ios * 4096),"
      let rest = [
        "writeIOs", "writeBytes", "trimIOs", "syncIOs", "meanLatencyNs", "maxLatencyNs", "lateIOs",
        "errors",
      ].map { "\"\($0)\":0" }.joined(separator: ",")
      return (try? JSONDecoder().decode(SeriesRow.self, from: Data((text + rest + "}").utf8)))!
    }
    let job = FioJobText(
      trial: trial, group: 0, manySystems: false,
      histograms: TrialHistograms(distributions: ["read service": histogram.snapshot()]),
      series: [row(0, 400), row(1, 600), row(2, 1)], withBins: true,
      options: [("rw", "randread"), ("bs", "4k")])
    let read = try JSONDecoder().decode(FioJob.self, from: Data(job.text.rendered.utf8))
    #expect(read.jobname == "local/rr/jobs=2" && read.jobOptions?["rw"] == "randread")
    #expect(read.read?.iops == 500 && read.read?.bw == 2000 && read.read?.bwBytes == 2_048_000)
    #expect(read.read?.iopsMin == 400 && read.read?.iopsMax == 600 && read.read?.iopsSamples == 2)
    #expect(read.usrCpu == 10 && read.sysCpu == 30 && read.jobRuntime == 4000)
    #expect(
      read.read?.clatNs?.count == 1000 && read.read?.clatNs?.percentile?["50.000000"] == 49920)
    #expect(read.read?.latNs?.count == 0 && read.latencyDepth == 32)
    // 30 % lie between 20 and 50 µs; a bucket at a bound counts on one side of it.
    let share = try #require(read.latencyUs?["50"])
    #expect(abs(share - 30) <= 0.2 && read.latencyUs?["2"] == 1)
  }

  @Test("reals are written with six digits")
  func reals() {
    #expect(FioText.sixDigits(284643.2346719) == "284643.234672")
    #expect(FioText.sixDigits(0) == "0.000000" && FioText.sixDigits(-0.5) == "-0.500000")
    #expect(FioText.sixDigits(.nan) == "0.000000" && FioText.sixDigits(99.99999995) == "100.000000")
  }
}
