internal import Measure

// The texts of `assay explain`, in the order of ``FindingCode``.

extension Explanation {
  static let hostNotReady = Explanation(
    seen: "Checks of the host had state warning when the run began; the message has their codes.",
    meaning: """
      The run went on and its figures are right for this host as it stood, but they are not what \
      its hardware can do, and may not come again.
      """,
    remedy: """
      Run `assay doctor`: each check has the command that mends it. environment.json of the \
      record keeps what was found, under readiness.
      """)

  static let deviceHealth = Explanation(
    seen: """
      The SMART / health log of an NVMe controller, read before the run and after it, has new \
      warnings, media errors, time above a temperature, or thermal throttling.
      """,
    meaning: """
      The figures are right for the disk as it was, but a hot or failing disk is not what a \
      healthy one of its kind does.
      """,
    remedy: """
      Look to its cooling, or to the disk itself, then run again. environment.json of the record \
      has both readings, under devices.
      """)

  static let stoppedEarly = Explanation(
    seen: "The trial ended before its planned time or amount; the message says on what.",
    meaning: "The trial is failed and its numbers are left out of every case.",
    remedy: """
      Mend what the message names (a device that went away, a full file system, an I/O error \
      with `on-error: stop`) and run again.
      """)

  static let ioErrors = Explanation(
    seen: "I/Os came back with an error, and `on-error` lets the trial go on.",
    meaning: """
      The figures are of the I/Os that succeeded. A device that fails requests may be fast while \
      it does, so rate and latency flatter it.
      """,
    remedy: """
      Look at `dmesg` and the device's error log (`nvme error-log`, `smartctl -x`) at that time; \
      put `errors = 0` among the limits.
      """)

  static let hungIOs = Explanation(
    seen: "I/Os took at least the hang bound: 1 s, unless the workload sets another.",
    meaning: """
      A request that takes seconds was most likely retried or waited for a reconnection. It is in \
      the histogram with its whole time.
      """,
    remedy: """
      Compare the moment in the series with `dmesg`: timeouts, controller resets and lost paths \
      are logged there.
      """)

  static let nothingMeasured = Explanation(
    seen: "No I/O completed in the measured time.",
    meaning: "There is no number; the trial is failed.",
    remedy: """
      Measure longer than the slowest request takes, or shorten the ramp: what completes in the \
      ramp is not counted.
      """)

  static let trialNotRun = Explanation(
    seen: "The engine, the target or the preconditioning of the trial could not be set up.",
    meaning: "The trial is failed and has no numbers; the run went on with the next one.",
    remedy: "Mend what the message names; `assay plan` asks the same questions and runs nothing.")

  static let noMaximum = Explanation(
    seen: "The rate is a share of the maximum, and the trial that finds the maximum failed.",
    meaning: "It is not known what rate to offer, so the trial is failed.",
    remedy: "See the findings of the trial before it, or give the rate in absolute terms.")

  static let operationFailed = Explanation(
    seen: """
      The online operation of the workload was refused (exit status, HTTP status, QMP's error), or \
      the disk did not do what was expected of it within the limit.
      """,
    meaning: """
      The trial is failed. Its timeline holds what was seen until then; I/O of the workload went on.
      """,
    remedy: """
      The message has the last words of who refused. Try the operation by hand; `within` is the \
      limit, `expect` names the disk by serial number, path, PCI address or NQN.
      """)

  static let undoFailed = Explanation(
    seen: "What takes the online operation back was refused or did not end in time.",
    meaning: "The machine is not as it was: the record says so until it is mended.",
    remedy: """
      Run `assay cleanup`: it tries again, as the next run does at its start, and says how to take \
      it back by hand.
      """)

  static let outage = Explanation(
    seen: """
      After the online operation I/Os failed, or for at least 100 ms none of the workload ended \
      well.
      """,
    meaning: """
      This is the effect that was to be measured: `longest stall`, `first error` and `recovery` \
      have its times. Retries of the kernel or of a fabric's driver are not errors here: they show \
      as a stall.
      """,
    remedy: """
      Put limits on it: `longest stall <= 1s`, `recovery <= 10s`, `errors = 0`. The driver's \
      limits (ctrl-loss-timeout, I/O timeout) decide how long an I/O waits.
      """)

  static let verifyBadBlock = Explanation(
    seen: """
      A block read back is not the block that was written there: its offset, sequence number, seed \
      or checksum differs.
      """,
    meaning: """
      Data was corrupted, misdirected or lost between the write and the read, or something else \
      wrote to the target. The trial is failed, however fast it was.
      """,
    remedy: """
      Take the device out of service until this is explained. The message has the first offset, \
      what was expected and what was found: an older sequence number is a lost write, another \
      offset a misdirected one.
      """)

  static let verifyUnreadable = Explanation(
    seen: "Blocks that were to be compared could not be read.",
    meaning: "They are neither good nor bad: an I/O error is never counted as corruption.",
    remedy: "Mend the I/O errors, then verify again with `verify: read`.")

  static let rateNotReached = Explanation(
    seen: "The workload offers I/O at a rate, and fewer were completed than offered.",
    meaning: """
      The target is overloaded: requests queue, and latency, which counts from the intended \
      start, grows for as long as the trial lasts. It describes the overload, not the target.
      """,
    remedy: """
      Offer less. With `rate: 70%` Assay finds the maximum first and offers a share of it.
      """)

  static let lateIOs = Explanation(
    seen: "Some I/Os were issued later than planned by at least the late bound.",
    meaning: """
      Either all of the queue was busy (the target was slow just then) or the worker was kept from \
      its CPU. Latency counts from the intended start, so the wait is in the figures and nothing \
      is hidden.
      """,
    remedy: """
      With a few there is nothing to do. With many, see whether the longest gap falls together \
      with them (target) or `assay doctor` finds noise or steal (host); a deeper queue or more \
      jobs give headroom.
      """)

  static let steadyStateNotReached = Explanation(
    seen: """
      After the last permitted round the window of rounds still ranges too far around its mean, or \
      its fitted line still rises or falls too much (SNIA SSS PTS 2.0.1: 20 % and 10 %).
      """,
    meaning: """
      The device is still changing, as a fresh or just trimmed SSD does. A number taken now would \
      be of that moment and not of the device; the trial is invalid.
      """,
    remedy: """
      Precondition (`precondition: snia`), use longer or more rounds, and see that nothing else \
      uses the device. The report charts the rounds against both bounds.
      """)

  static let rateLimitedPlateau = Explanation(
    seen: "IOPS ran high for some seconds, then fell to a flat rate and stayed there.",
    meaning: """
      A token bucket, as provisioned cloud disks have: a burst allowance, then the limit that was \
      paid for. Figures over both mix two regimes and depend on the length of the trial.
      """,
    remedy: """
      Measure the limit after the burst is spent (a ramp as long as the burst), and latency below \
      the limit (`rate: 70%`).
      """)

  static let kernelCountDisagrees = Explanation(
    seen: """
      Bytes by our own count differ from those of /sys/block/DEVICE/stat over the same time by \
      more than 0.1 % and 1 MiB.
      """,
    meaning: """
      Something else used the device meanwhile, or a cache or another layer stands between, so \
      the figures may not be of this workload on this device.
      """,
    remedy: """
      Find the other user (`lsof`, `iotop`, `assay doctor --area noise`), or test the device \
      beneath the layer; direct I/O passes by the page cache.
      """)

  static let receiverCountDisagrees = Explanation(
    seen: "The peer took another number of messages from its completion queue than were sent.",
    meaning: """
      A send completes when the other device has it; its program counts it a little later. Two \
      seconds after the end both counts should be the same.
      """,
    remedy: """
      See whether the peer's machine is overloaded, and whether its output tells of a failure; \
      run again with fewer queue pairs.
      """)

  static let saturated = Explanation(
    seen: "At the end of a simulated trial pods had waited 30 s or longer and were not ready.",
    meaning: """
      The simulated cluster does not keep up with the load: queues grow for as long as it lasts, \
      and the latencies with them. They describe the overload, not the cluster.
      """,
    remedy: """
      Put less load on it, or see which part is short: client rate limits (kubelets.qps, \
      controllers.qps, scheduler.qps), CPUs of the API servers, the disks of etcd, room on nodes.
      """)

  static let eventBudgetSpent = Explanation(
    seen: "A simulated trial took as many events as event-budget allows, before its time was over.",
    meaning: "The trial is failed: it shows an unknown part of what was to be simulated.",
    remedy: "Simulate a shorter time, fewer nodes or less load, or raise event-budget.")

  static let imported = Explanation(
    seen: "The numbers were measured by another tool and imported.",
    meaning: """
      What that tool did not write down is not known: environment, intended start times, \
      kernel counters.
      """,
    remedy: "Nothing; compare imported records with each other, or measure with Assay.")

  static let published = Explanation(
    seen: "The numbers are figures that somebody published.",
    meaning: """
      One number a case, without histograms, repetition or spread; what the source does not \
      disclose is not known, and a bound stays a bound.
      """,
    remedy: "Hold them against a run of your own; do not decide by them alone.")

  static let fioError = Explanation(
    seen: "fio ended the job with an error number.",
    meaning: "The job's figures are of an unknown part of it; the trial is failed.",
    remedy: "Run the job again with fio's own messages visible, and import the new output.")

  static let noIO = Explanation(
    seen: "The imported job completed no I/O.",
    meaning: "It has no numbers; the trial is invalid.",
    remedy: "Check the job's runtime, size and filename, and import the new output.")

  static let sessionsNotCovered = Explanation(
    seen: "The baseline was made of one record or of two, so trials are compared with trials.",
    meaning: """
      A run differs from the next by more than its trials differ among themselves: placement, \
      temperature, neighbours. That part is not in the test, and may look like a regression.
      """,
    remedy: """
      Make the baseline of three records or more, of runs at different times: `assay baseline set \
      NAME RECORD RECORD RECORD`. Sessions are then what is compared.
      """)

  static let caseWithoutBaseline = Explanation(
    seen: "The run has a case that the baseline has not.",
    meaning: "Nothing is known to hold it against; its figures do not count in the verdict.",
    remedy: "Make a new baseline of runs of the scenario as it is now.")
}
