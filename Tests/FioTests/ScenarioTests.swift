import Foundation
import Measure
import Scenario
import Storage
import Testing

@testable import Fio

@Suite("an imported job file becomes a scenario that reads back as the same")
struct FioScenarioTests {
  static let jobs = [
    "rw=randread\nsize=64m",
    "rw=randrw\nrwmixread=70\nbs=4k,8k\nsize=64m\niodepth=8\nioengine=libaio\ndirect=1",
    "rw=write\nrwmixread=70\nfsync=8\nfdatasync=4\nrandom_distribution=zipf:1.2\nsize=1m",
    "rw=randwrite\nverify=crc32c\nsize=1m\nnumjobs=4\nrefill_buffers\nzero_buffers",
    "rw=randrw\nverify=crc32c\nsize=1m\ncontinue_on_error=all",
    "rw=randwrite\nverify=md5\nverify_only\nsize=1m",
    "rw=randread\nioengine=io_uring\nhipri\nsqthread_poll\nfixedbufs\nregisterfiles\nsize=1m",
    "rw=randread\nioengine=io_uring\nhipri\ndirect=1\niodepth=64\niodepth_batch=0\nsize=1m",
    "rw=randread\nrate_iops=1000\nrate_process=poisson\ngtod_reduce=1\nsize=1m\nruntime=5s",
    "rw=randread\nbssplit=4k/10:64k/90\nsize=9m\n"
      + "random_distribution=zoned:33.33/10:33.33/20:33.34/70",
    "rw=randtrim\nbs=4k,8k,64k\nsize=1m\nverify=md5\nfsync=1",
    "ioengine=null\nsize=1g\noffset=1m\nruntime=1\ntime_based\niodepth=32",
    "rw=read\nbsrange=4k-64k\nsize=1m\nloops=3\nrefill_buffers\nbuffer_compress_percentage=30",
    "rw=write\nsize=1m\noffset=512k\noffset_increment=1m\nnumjobs=3\nend_fsync=1\ncpus_allowed=0,1",
    "ioengine=io_uring_cmd\nfilename=/dev/ng0n1\ncmd_type=nvme\nsize=1g\nrw=randread",
    "filename=/dev/nvme0n1\nrw=randread\niodepth=32\niodepth_batch_complete_min=16",
    "filename=/dev/nvme0n1\nrw=randread\nioengine=psync\niodepth=8\niodepth_batch=0\nnumber_ios=99",
  ]

  @Test("job by job", arguments: jobs)
  func readsBack(lines: String) throws { try check("[A_Job 1]\n" + lines + "\n") }

  @Test("the sample")
  func sample() throws { try check(Support.fixture("sample.fio")) }

  @Test("all jobs in one file")
  func together() throws {
    let text = Self.jobs.map { "[job]\nstonewall\n\($0)\n" }.joined()
    try check(text)
  }

  func check(_ text: String) throws {
    let result = Support.map(text)
    #expect(result.errors.map(\.description) == [])
    let yaml = try #require(result.yaml)
    let reading: ScenarioReader.Reading
    do {
      reading = try ScenarioReader.read(text: yaml, file: "imported.yaml")
    } catch {
      Issue.record("\(error)\n\(yaml)")
      return
    }
    let scenario = reading.scenario
    #expect(scenario.systems.map(\.name) == result.systems.map(\.name))
    #expect(scenario.systems.map(\.target.storage) == result.systems.map(\.target))
    #expect(scenario.workloads.map(\.name) == result.workloads.map(\.name))
    #expect(scenario.workloads.map(\.base.storage) == result.workloads.map(\.workload), "\(yaml)")
    #expect(scenario.workloads.map(\.systems) == result.workloads.map(\.systems))
    for note in result.notes { #expect(yaml.contains(note.message)) }
  }

  @Test("a workload in fio's words is read back as the same workload", arguments: jobs)
  func options(lines: String) throws {
    let first = Support.map("[a]\n" + lines + "\n")
    let job = try #require(first.workloads.first)
    let target = try #require(first.systems.first).target
    let options = FioOptions.of(job.workload, on: target)
    #expect(options.allSatisfy { FioOption.named($0.0) != nil })
    let text = "[a]\n" + options.map { "\($0.0)=\($0.1)\n" }.joined()
    let again = Support.map(text)
    #expect(again.errors.map(\.description) == [])
    #expect(again.workloads.first?.workload == job.workload, "\(text)")
  }

  @Test("a file of which nothing could be imported has no scenario")
  func nothing() { #expect(Support.map("[a]\nioengine=mmap\n").yaml == nil) }
}
