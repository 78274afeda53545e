internal import Host
public import Measure

/// Who used the processors during a window, in cores: 0.5 is half of one core all the time.
public struct ProcessorShares: Hashable, Codable, Sendable {
  /// Length of the window.
  public var elapsed: Nanoseconds
  /// Cores there are.
  public var cores: Int
  /// What is measured: all members of an etcd, say.
  public var subject: Double
  /// This process, which makes the load.
  public var client: Double
  /// Kernel threads, interrupts and soft interrupts; on a quiet machine they serve the subject.
  public var kernel: Double
  /// All other programs.
  public var others: Double
  /// Taken by the hypervisor.
  public var steal: Double
  /// Left over.
  public var idle: Double

  enum CodingKeys: String, CodingKey {
    case elapsed = "elapsedNs"
    case cores
    case subject = "subjectCores"
    case client = "clientCores"
    case kernel = "kernelCores"
    case others = "othersCores"
    case steal = "stealCores"
    case idle = "idleCores"
  }

  /// What neither subject nor client is to blame for: the noise of a measurement.
  public var disturbance: Double { others + steal }

  /// A moment to measure from.
  struct Mark {
    let snapshot: CPUSnapshot
    let subject: Nanoseconds

    /// Takes the moment; `subject` is the CPU time that what is measured has used until now.
    init(subject: Nanoseconds) throws(CalibrationError) {
      do throws(HostError) {
        snapshot = try CPUSnapshot.capture()
      } catch {
        throw CalibrationError(.io, error.description)
      }
      self.subject = subject
    }
  }

  /// What was used between two moments.
  ///
  /// The host's time comes in ticks sampled by the kernel, the rest in nanoseconds; in a window of
  /// 10 s that is good for about 0.02 cores, and a negative rest counts as none.
  init(from: Mark, to: Mark) {
    let use = to.snapshot - from.snapshot
    let inCores = { (time: Nanoseconds) in use.percentOfCore(time) / 100 }
    elapsed = use.elapsed
    cores = use.cpuCount
    subject = inCores(to.subject - from.subject)
    client = inCores(use.process)
    kernel = inCores(use.kernelThreadTime + use.host.irq + use.host.softirq)
    others = max(inCores(use.host.busy) - subject - client - kernel, 0)
    steal = inCores(use.host.steal)
    idle = inCores(use.host.idle + use.host.iowait)
  }
}
