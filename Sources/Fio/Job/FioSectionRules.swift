internal import Measure
internal import Storage

extension FioSectionMapper {
  /// Takes back what has no use in this workload, or what Assay holds to be a contradiction.
  ///
  /// fio passes such settings over; a scenario must not hold them.
  mutating func settle(_ workload: inout StorageWorkload, target: StorageTarget) {
    let pattern = workload.pattern
    let standard = StorageWorkload(pattern: pattern)
    if !(pattern.reads && pattern.writes) { workload.readShare = standard.readShare }
    if !pattern.isRandom { workload.distribution = .uniform }
    if !pattern.isDestructive {
      workload.writeBlock = workload.readBlock
      workload.refill = standard.refill
      workload.data = standard.data
    } else if !pattern.reads {
      workload.readBlock = workload.writeBlock
    }
    if !pattern.writes {
      workload.fsyncEvery = nil
      workload.fdatasyncEvery = nil
    } else if workload.fsyncEvery != nil, workload.fdatasyncEvery != nil {
      workload.fdatasyncEvery = nil
      list("fdatasync", "either fsync or fdatasync; fsync stays")
    }
    if workload.polled, !workload.direct {
      workload.polled = false
      list("hipri", "polled completions need direct=1")
    }
    if case .open = workload.load, !workload.timestamps {
      workload.timestamps = true
      list("gtod_reduce", "a rate needs time stamps")
    }
    settleVerify(&workload)
    settleTarget(workload, target)
  }

  private mutating func settleVerify(_ workload: inout StorageWorkload) {
    let pattern = workload.pattern
    guard workload.verify != .off else { return }
    if pattern.trims || (pattern.reads && pattern.writes) {
      workload.verify = .off
      list("verify", "a mix or trims cannot be checked; verify with a job that only writes")
      for name in ["verify_only", "do_verify"] { list(name, "it goes with verify") }
    } else if workload.verify == .read, pattern.writes {
      workload.pattern = pattern.isRandom ? .randomRead : .sequentialRead
      workload.readBlock = workload.writeBlock
      workload.fsyncEvery = nil
      workload.fdatasyncEvery = nil
      workload.refill = false
      workload.data = .random
      changed(peek("verify_only"), "becomes a job that reads and checks what one wrote before")
    }
  }

  private mutating func settleTarget(_ workload: StorageWorkload, _ target: StorageTarget) {
    let isGeneric = target.path?.hasPrefix("/dev/ng") == true
    if workload.engine == .nvmePassthrough, !isGeneric, let engine = peek("ioengine") {
      fail(engine, "it needs an NVMe generic device such as /dev/ng0n1 as filename")
    } else if isGeneric, workload.engine != .nvmePassthrough, let file = peek("filename") {
      fail(file, "an NVMe generic device takes ioengine=io_uring_cmd only")
    }
    if workload.duration == nil, workload.totalBytes == nil, workload.totalCount == nil {
      errors.append(
        FioDiagnostic(
          .error, at: section.place,
          "[\(section.name)]: fio would end after one pass of the device, whose size is not known "
            + "here; give `size` or `runtime`"))
    }
  }
}
