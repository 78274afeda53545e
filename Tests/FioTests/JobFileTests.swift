import Foundation
import Measure
import TestSupport
import Testing

@testable import Fio

@Suite("fio job files are read as fio reads them")
struct JobFileTests {
  func values(_ section: FioJobFile.Section) -> [String] {
    section.options.map { "\($0.name)=\($0.value ?? "")" }
  }

  @Test("global sections apply to the jobs below them and may repeat")
  func globals() {
    let file = Support.parse(
      """
      [global]
      bs=4k
      [a]
      rw=read
      [global]
      bs=8k ; a comment
      [b]
      # another
      thread
      """)
    #expect(file.errors.isEmpty)
    #expect(values(file.sections[0]) == ["bs=4k", "rw=read"])
    #expect(values(file.sections[1]) == ["bs=4k", "bs=8k", "thread="])
  }

  @Test("aliases become fio's own names, and places are kept")
  func aliases() throws {
    let file = Support.parse("[a]\n  blocksize = 4k\nreadwrite=read\nss=iops:50%\n")
    #expect(values(file.sections[0]) == ["bs=4k", "rw=read", "steadystate=iops:50%"])
    let first = try #require(file.sections[0].options.first)
    #expect(first.written == "blocksize")
    #expect("\(first.place)" == "job.fio:2:3")
    #expect("\(first.valuePlace)" == "job.fio:2:15")
  }

  @Test("all errors come at once, with the nearest word")
  func errors() {
    let file = Support.parse("bs=4k\n[a]\niodepht=4\nfoo=1\ndirect\nsize=\n[b\nrw=read\n")
    #expect(
      file.errors.map(\.description) == [
        "job.fio:1:1: `bs` stands before the first [section]",
        "job.fio:3:1: fio has no option `iodepht`; did you mean `iodepth`?",
        "job.fio:4:1: fio has no option `foo`",
        "job.fio:5:1: `direct` needs a value: `direct=...`",
        "job.fio:6:6: `size` has no value",
        "job.fio:7:1: the section `[b` is not closed by `]`",
        "job.fio:8:1: `rw` stands before the first [section]",
      ])
  }

  @Test("included files belong to the section; their paths are relative; cycles are found")
  func includes() {
    let file = Support.parse(
      "[a]\ninclude sub/x.fio\nrw=read\n[b]\ninclude none.fio\n",
      files: [
        "sub/x.fio": "include ../y.fio\nbs=8k\n[c]\n", "y.fio": "include sub/x.fio\nthread\n",
      ]
    )
    #expect(values(file.sections[0]) == ["thread=", "bs=8k", "rw=read"])
    #expect(
      file.errors.map(\.description)
        == [
          "y.fio:1:1: the files include each other: job.fio -> sub/x.fio -> y.fio -> sub/x.fio",
          "sub/x.fio:3:1: an included file may not open a section; move `[c]` out of it",
          "job.fio:5:1: the included file none.fio cannot be read",
        ])
  }

  @Test("variables and keywords are replaced, keyword arithmetic is worked out")
  func expansion() {
    let file = Support.parse(
      "[a]\nsize=8*$mb_memory\niodepth=$ncpus\nbs=${NONE}4k\nfilename=${DEV}/x\noffset=${NONE}\n",
      environment: ["DEV": "/tmp"])
    #expect(
      values(file.sections[0]) == ["size=16384", "iodepth=2", "bs=4k", "filename=/tmp/x"])
    #expect(
      file.errors.map(\.description) == [
        "job.fio:6:8: `offset` has no value (`${NONE}` is not set in the environment)"
      ])
  }

  @Test(
    "sizes",
    arguments: [
      ("4096", 4096), ("4k", 4096), ("4KB", 4096), ("4kib", 4000), ("1Mi", 1_000_000),
      ("0x10", 16), ("4 k", 4096), ("2g", 2 << 30), ("(4k*3)", 12288), ("(2^4+1)", 17),
      ("(10%4)", 2), ("((1+2)*3)", 9), ("-1", -1),
    ])
  func sizes(text: String, bytes: Int64) throws {
    #expect(try FioValue().whole(text) == bytes)
  }

  @Test("kb_base=1000 turns prefixes round")
  func kiloBase() throws {
    #expect(try FioValue(kiloBase: 1000).whole("4k") == 4000)
    #expect(try FioValue(kiloBase: 1000).whole("4KiB") == 4096)
  }

  @Test("values that fio refuses are refused", arguments: ["1.5m", "4x", "", "k", "(1", "(1/0)"])
  func badSizes(text: String) {
    #expect(throws: FioValueError.self) { try FioValue().whole(text) }
  }

  @Test(
    "times",
    arguments: [
      ("2", 2_000_000_000), ("2s", 2_000_000_000), ("5m", 300_000_000_000), ("10ms", 10_000_000),
      ("7us", 7_000), ("7usec", 7_000), ("1h", 3_600_000_000_000), ("(2*3)", 6_000),
      ("(2s*3)", 6_000_000_000),
    ])
  func times(text: String, nanoseconds: Int64) throws {
    #expect(try FioValue().time(text).count == nanoseconds)
  }

  @Test(
    "the option table has every option that this machine's fio lists",
    Requires.tool("fio"))
  func tableIsWhole() throws {
    let help = try Command.run(["fio", "--cmdhelp=all"]).stdout
    let names = help.split(separator: "\n").compactMap { line in
      line.split(separator: ":").first.map { $0.trimmed }
    }
    #expect(names.count > 200)
    let missing = names.filter { FioOption.named($0) == nil }
    #expect(missing == [])
  }

  @Test(
    "fio agrees on what is an error", Requires.tool("fio"),
    arguments: [
      "bs=4k", "bss=4k", "rw=reed", "rw=randrw", "direct", "direct=true", "iodepth=0", "bs=0",
      "rwmixread=120", "size=${NONE}", "random_distribution=zipf:1", "random_distribution=pareto:2",
      "random_distribution=zipf:1.2", "random_distribution=foo", "verify=foo", "verify=crc32c",
      "hipri", "prio=9", "rw=READ", "time_based", "norandommap=0", "write_bw_log", "runtime=10sec",
      "bs=,8k", "bs=8k,32k,", "bssplit=4k/60:8k/60", "bssplit=4k", "bssplit=4k/:8k/",
      "gtod_reduce", "rate=1m,2m", "rate_process=poison", "rate_process=poisson",
      "continue_on_error=io", "continue_on_error=foo", "cpus_allowed=0-1", "BS=4k",
    ])
  func agreesWithFio(line: String) throws {
    let folder = try TemporaryFolder(in: "/dev/shm")
    let text = "[a]\nioengine=null\nsize=1m\n\(line)\n"
    try folder.write(text, to: "job.fio")
    let run = try Command.run(["fio", "--parse-only", "job.fio"], folder: folder.path)
    let ours = Support.map(text)
    // fio finds a split above 100 % only when the job starts.
    let late = line == "bssplit=4k/60:8k/60"
    #expect((run.status == 0) == (ours.errors.isEmpty || late), "\(ours.errors) \(run.stderr)")
  }
}
