internal import CLinux
internal import Foundation
internal import Host
internal import Measure

/// Carries out experiments on a real control plane.
public struct ControlPlaneCalibration: Sendable {
  /// Which control plane.
  public enum Target: Sendable {
    /// One that this script starts for each experiment and takes away after it.
    case lab(script: String, flags: [String])
    /// One that runs already; nodes and pods of ours are removed from it.
    case running(ControlPlaneAccess)
  }

  /// Which control plane.
  public var target: Target
  /// Is told, now and then, what is being done.
  public var progress: @Sendable (String) -> Void

  /// Makes a calibration.
  public init(_ target: Target, progress: @escaping @Sendable (String) -> Void) {
    self.target = target
    self.progress = progress
  }

  /// Does one experiment with all its repetitions.
  ///
  /// Throws ``CalibrationError``: when the description is impossible, the control plane does not
  /// start or answer, or the user stops it. A repetition that fails is the report's `failure`.
  public func run(
    _ name: String, _ experiment: ControlPlaneExperiment
  ) async throws -> ControlPlaneReport {
    if let fault = experiment.faults.first { throw CalibrationError(.usage, "\(name): \(fault)") }
    return try await withThrowingTaskGroup(of: ControlPlaneReport.self) { group in
      group.addTask { try await self.attempt(name, experiment) }
      group.addTask {
        while cl_stop_requested() == 0 { try await Task.sleep(for: .milliseconds(100)) }
        throw CalibrationError.interrupted
      }
      // Whatever ends first: the other one is cancelled and cleans up before this returns.
      defer { group.cancelAll() }
      guard let report = try await group.next() else { throw CalibrationError.interrupted }
      return report
    }
  }

  private func attempt(
    _ name: String, _ experiment: ControlPlaneExperiment
  ) async throws -> ControlPlaneReport {
    switch target {
    case .running(let access):
      return try await run(name, experiment, 1...experiment.repetitions, access, nil)
    case .lab(let script, let flags):
      guard experiment.kind.spoilsControlPlane else {
        return try await runInLab(name, experiment, 1...experiment.repetitions, script, flags)
      }
      var whole = try await runInLab(name, experiment, 1...1, script, flags)
      for number in 1..<experiment.repetitions where whole.failure == nil {
        var again = experiment
        again.seed &+= UInt64(number)
        let part = try await runInLab(name, again, (number + 1)...(number + 1), script, flags)
        whole.repetitions += part.repetitions
        whole.failure = part.failure
      }
      return whole
    }
  }

  private func runInLab(
    _ name: String, _ experiment: ControlPlaneExperiment, _ numbers: ClosedRange<Int>,
    _ script: String, _ flags: [String]
  ) async throws -> ControlPlaneReport {
    progress("\(name): starting the control plane")
    let lab = try LabControlPlane(
      script: script, limits: experiment.clientLimits, flags: flags, tell: progress)
    defer { lab.stop() }
    return try await run(name, experiment, numbers, lab.access, lab)
  }

  private func run(
    _ name: String, _ experiment: ControlPlaneExperiment, _ numbers: ClosedRange<Int>,
    _ access: ControlPlaneAccess, _ lab: LabControlPlane?
  ) async throws -> ControlPlaneReport {
    let bench = Bench(experiment, access, lab)
    do {
      let report = try await repeated(name, experiment, numbers, bench)
      await bench.shutdown()
      return report
    } catch {
      await bench.shutdown()
      throw error
    }
  }

  /// Does the repetitions; a failure of one is the report's.
  private func repeated(
    _ name: String, _ experiment: ControlPlaneExperiment, _ numbers: ClosedRange<Int>,
    _ bench: Bench
  ) async throws -> ControlPlaneReport {
    let lab = bench.lab
    let watches = experiment.watchesPerNode ? "one a node over HTTP/1.1" : "one for all nodes"
    var report = ControlPlaneReport(
      name: name, experiment: experiment, versions: lab?.description.versions ?? [:],
      flags: lab?.description.components.mapValues(\.flags) ?? [:],
      transport: "nodes: HTTP/2, one connection; watches of pods: \(watches); clients that create "
        + "pods: HTTP/1.1, one connection each",
      repetitions: [], failure: nil)
    do {
      try await bench.attend { trial in
        if experiment.nodes > 0 { progress("\(name): \(counted(experiment.nodes, "node")) join") }
        try await trial.join()
        for number in numbers {
          progress("\(name): repetition \(number) of \(experiment.repetitions)")
          report.repetitions.append(try await bench.measure { try await trial.run(number) })
          try await trial.cleanUp()
        }
      }
    } catch let error as CalibrationError where error.kind == .failed {
      report.failure = error.description
    } catch let error as RefusedRequest {
      report.failure = error.description
    }
    return report
  }
}

/// The clients, nodes and watches of one experiment, and what is read before and after.
private struct Bench {
  let experiment: ControlPlaneExperiment
  let lab: LabControlPlane?
  let access: ControlPlaneAccess
  let log = RequestLog()
  let client: KubernetesClient
  let watches: KubernetesClient
  let creators: KubernetesClient
  /// Looks on; what it asks is no part of the figures.
  let observer: KubernetesClient

  init(
    _ experiment: ControlPlaneExperiment, _ access: ControlPlaneAccess, _ lab: LabControlPlane?
  ) {
    self.experiment = experiment
    self.access = access
    self.lab = lab
    client = KubernetesClient(access, .one, log: log)
    watches = KubernetesClient(
      access,
      // One more: pods are watched, too.
      experiment.watchers > 0
        ? .many(experiment.watchers + 1)
        : experiment.watchesPerNode ? .many(experiment.nodes) : .one, log: log)
    creators = KubernetesClient(access, .many(max(experiment.clients, 1)), log: log)
    observer = KubernetesClient(access, .one, log: RequestLog())
  }

  func shutdown() async {
    for client in [client, watches, creators, observer] { await client.shutdown() }
  }

  /// Runs `body` with nodes and watches beside it; all end with it, or when the user stops.
  func attend(_ body: (ControlPlaneTrial) async throws -> Void) async throws {
    let view = ClusterView(observer, seed: experiment.seed)
    let kubelets = FakeKubelets(experiment, client: client, watches: watches)
    let watchers = ObjectWatchers(experiment, watches)
    let killServer: (@Sendable () throws -> Void)?
    if let lab {
      killServer = { try lab.killComponent("kube-apiserver") }
    } else {
      killServer = nil
    }
    let trial = ControlPlaneTrial(
      experiment: experiment, log: log, view: view, kubelets: kubelets, clients: creators,
      client: client, killServer: killServer)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await view.run() }
      group.addTask { await kubelets.run() }
      group.addTask { await watchers.run() }
      defer { group.cancelAll() }
      do {
        guard try await view.wait(atMost: .seconds(20), until: { _ in watchers.areUp }) else {
          throw CalibrationError(.failed, "not all watches of objects began within 20 s")
        }
        try await body(trial)
      } catch {
        await leave(trial)
        throw error
      }
      await leave(trial)
    }
  }

  /// Leaves a control plane that goes on without us as it was; a task of its own, so that it is
  /// done even if this one was cancelled.
  private func leave(_ trial: ControlPlaneTrial) async {
    guard lab == nil else { return }
    await Task { await trial.leave() }.value
  }

  /// Measures one repetition.
  func measure(
    _ body: () async throws -> [ControlPlaneFigure]
  ) async throws -> ControlPlaneReport.Repetition {
    let before = try await reading()
    let figures = try await body()
    let requests = log.figures()
    let after = try await reading()
    return ControlPlaneReport.Repetition(
      figures: figures, requests: requests, servers: after.servers(since: before),
      costs: after.costs(since: before))
  }

  /// Metrics of the servers and CPU times of the machine at a moment.
  private func reading() async throws -> Reading {
    let text = try await observer.text("/metrics")
    var reading = Reading(
      server: PrometheusText(
        parsing: text,
        prefixes: [Reading.requests, Reading.storage]),
      etcd: nil, components: lab?.cpuTimes() ?? [:], machine: try CPUSnapshot.capture())
    if let lab {
      reading.etcd = PrometheusText(
        parsing: try await observer.text("/metrics", of: lab.description.etcd),
        prefixes: ["etcd_disk_"])
    }
    return reading
  }
}

/// What is read before and after a repetition.
private struct Reading {
  var server: PrometheusText
  var etcd: PrometheusText?
  var components: [String: Nanoseconds]
  var machine: CPUSnapshot

  static let requests = "apiserver_request_duration_seconds"
  static let storage = "etcd_request_duration_seconds"

  func servers(since earlier: Reading) -> [ServerLatency] {
    var latencies = ServerLatency.gained(
      Self.requests, by: ["verb", "resource", "subresource"], from: earlier.server, to: server)
    latencies += ServerLatency.gained(
      Self.storage, by: ["operation", "type"], from: earlier.server, to: server)
    if let before = earlier.etcd, let after = etcd {
      for metric in ["wal_fsync", "backend_commit"] {
        latencies += ServerLatency.gained(
          "etcd_disk_\(metric)_duration_seconds", by: [], from: before, to: after)
      }
    }
    return latencies
  }

  /// A component that was started again has used what it shows, and what it used before is lost.
  func costs(since earlier: Reading) -> ControlPlaneReport.Costs {
    let use = machine - earlier.machine
    var used: [String: Nanoseconds] = [:]
    for (name, time) in components {
      let before = earlier.components[name] ?? .zero
      used[name] = time >= before ? time - before : time
    }
    var load = 0.0
    getloadavg(&load, 1)
    let known = used.values.reduce(use.process, +)
    return ControlPlaneReport.Costs(
      elapsed: use.elapsed, components: used, client: use.process,
      others: max(use.host.busy - known, .zero), steal: use.host.steal, cores: use.cpuCount,
      loadAverage: load)
  }
}
