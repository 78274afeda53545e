internal import Measure
internal import Simulation

/// The deployments that serve users: what is asked of them, what they answer, what metrics show.
///
/// Requests go to the ready pods in equal parts; what is beyond a pod's capacity is lost. Queues in
/// pods are left out: with what is lost stands by how much there was too little, not how long users
/// waited. Ready pods are read as they are committed: kube-proxies hear of them a few tenths of a
/// second later, which is little beside the seconds that figures are about.
struct Services: ~Copyable {
  /// How often what was asked and answered is added up.
  static let step = Nanoseconds.seconds(1)

  private(set) var all: Table<Service>
  private var ofWorkload: Table<Int32>

  struct Service: BitwiseCopyable {
    var workload: UInt16
    /// Requests a second: at usual traffic, and what a pod can answer.
    var usual: Double
    var capacity: Double
    /// CPU-seconds of a request.
    var cost: Double
    /// Requests that came and that were answered, since the end of the warm-up.
    var offered = 0.0
    var served = 0.0
    /// Requests a second at the last step.
    var offeredRate = 0.0
    var servedRate = 0.0
    /// How long there were fewer pods than needed.
    var short = Nanoseconds.zero
    /// When the ready pods were enough for the peak, or zero.
    var enough = Nanoseconds.zero
    var fewest = Int32.max
    var most: Int32 = 0
    /// Requests that a pod has answered that was always ready.
    var each = 0.0
    var cpu = Metric()
    var requests = Metric()
  }

  /// What a scrape has brought.
  struct Metric: BitwiseCopyable {
    /// `Service.each` at the last scrape.
    var mark = 0.0
    /// The mean of the pods measured, thousandths.
    var average: Int64 = 0
    /// Ready pods that were there for the whole interval.
    var pods: Int32 = 0
    /// Whether there has been a whole interval.
    var isThere = false
  }

  init(_ world: borrowing World) {
    all = Table(capacity: 4)
    let deployments = world.load.deployments
    ofWorkload = Table(repeating: -1, count: deployments.count)
    for (workload, deployment) in deployments.enumerated() {
      guard let traffic = deployment.traffic else { continue }
      ofWorkload[workload] = Int32(
        all.append(
          Service(
            workload: UInt16(workload), usual: traffic.usual.perSecond,
            capacity: traffic.capacity.perSecond, cost: traffic.cpuPerRequest.inSeconds)))
    }
  }

  /// The service of a workload; nil if it has no traffic.
  func service(of workload: Int) -> Int? {
    guard workload < ofWorkload.count, ofWorkload[workload] >= 0 else { return nil }
    return Int(ofWorkload[workload])
  }

  /// Adds up the second that has passed.
  mutating func step(_ world: borrowing World, at now: Nanoseconds) {
    let traffic = world.load.traffic
    let moment = now - world.load.warmUp
    let multiple = traffic.multiple(at: moment - Nanoseconds(Self.step.count / 2))
    let seconds = Self.step.inSeconds
    for number in all.indices {
      let ready = world.workloads[Int(all[number].workload)].ready
      let offered = all[number].usual * multiple
      let each = ready > 0 ? min(offered / Double(ready), all[number].capacity) : 0
      let served = each * Double(ready)
      all[number].offeredRate = offered
      all[number].servedRate = served
      all[number].each += each * seconds
      guard moment > .zero else { continue }
      all[number].offered += offered * seconds
      all[number].served += served * seconds
      // Rounding must not make a loss of equal parts put together again.
      if served < offered * (1 - 1e-9) { all[number].short = all[number].short + Self.step }
      all[number].fewest = min(all[number].fewest, ready)
      all[number].most = max(all[number].most, ready)
      let peak = all[number].usual * traffic.peak
      if traffic.peak > 1, all[number].enough == .zero, moment > traffic.begin,
        Double(ready) * all[number].capacity >= peak
      {
        all[number].enough = now
      }
    }
  }

  /// metrics-server has asked all kubelets: thousandths of a CPU, rounded up as quantities are.
  mutating func scrapeCPU(_ interval: Nanoseconds, _ world: borrowing World, at now: Nanoseconds) {
    for number in all.indices {
      let rate = (all[number].each - all[number].cpu.mark) / interval.inSeconds
      let billionths = Int64((rate * all[number].cost * 1e9).rounded())
      all[number].cpu.average = (billionths + 999_999) / 1_000_000
      all[number].cpu.mark = all[number].each
      all[number].cpu.isThere = now >= interval
      all[number].cpu.pods = 0
    }
    count(world, readyBefore: now - interval) { $0.cpu.pods += 1 }
  }

  /// Prometheus has asked all pods, and its adapter shows the rate since the time before.
  mutating func scrapeRequests(
    _ interval: Nanoseconds, _ world: borrowing World, at now: Nanoseconds
  ) {
    for number in all.indices {
      let rate = (all[number].each - all[number].requests.mark) / interval.inSeconds
      all[number].requests.average = Int64((rate * 1000).rounded())
      all[number].requests.mark = all[number].each
      all[number].requests.isThere = now >= interval
      all[number].requests.pods = 0
    }
    count(world, readyBefore: now - interval) { $0.requests.pods += 1 }
  }

  /// Counts the pods of services that have been ready since `moment` or longer.
  ///
  /// O(pods).
  private mutating func count(
    _ world: borrowing World, readyBefore moment: Nanoseconds, _ add: (inout Service) -> Void
  ) {
    for pod in 0..<UInt32(world.pods.peak) where world.pods[pod].phase == .ready {
      let workload = Int(world.pods[pod].workload)
      guard let number = service(of: workload), world.pods[pod].ready <= moment else { continue }
      add(&all[number])
    }
  }

  /// The pods of a service as `metric` of it has them now.
  func pods(_ metric: Metric, of number: Int, _ world: borrowing World)
    -> ReplicaCalculator.Pods
  {
    let workload = world.workloads[Int(all[number].workload)]
    let measured = metric.isThere ? min(metric.pods, workload.ready) : 0
    return ReplicaCalculator.Pods(
      measured: measured, missing: workload.ready - measured,
      pending: max(0, workload.pods - workload.ready), average: metric.average)
  }
}
