public import Calibration
internal import ControlPlane
internal import Foundation
internal import Measure
internal import Simulation
internal import Statistics

/// Fits the simulator's etcd to a few points of a calibration.
///
/// Puts of 1 and 64 clients, and reads of 1 client from the one member of a cluster: what only
/// several members show (messages, the CPU of followers) needs those of several members too. The
/// disks, and what the kernel spends on them, are not fitted but taken from the calibration. Rates
/// are held against those of the model, batches too where there is more than one client, and with
/// less weight the CPU that etcd and its clients used; least squares of logarithms, of which large
/// ones count less (a point may be off), by the simplex of Nelder & Mead from a fixed start, with
/// fixed seeds: the same calibration, the same model. What a request of an open loop costs the load
/// generator more than one of a closed loop, which is no part of etcd, is fitted after that to the
/// open loop of the least rate on one member.
public enum EtcdFit {
  /// What a measured point says.
  private typealias Target = (point: EtcdPoint, real: RealPoint)

  /// Whether a point is fitted.
  static func takes(_ point: EtcdPoint, of calibration: EtcdCalibration) -> Bool {
    guard point.load.valueSize == calibration.settings.valueSizes.first else { return false }
    guard let clients = point.load.clients else {
      return point == generator(of: calibration)
    }
    switch point.load.operation {
    case .put: return clients == 1 || clients == 64
    case .linearizableRead, .serializableRead: return clients == 1 && point.members == 1
    }
  }

  /// The point with an open loop that tells what the load generator costs.
  static func generator(of calibration: EtcdCalibration) -> EtcdPoint? {
    let open = calibration.points.filter {
      $0.load.clients == nil && $0.place == 0 && $0.members == 1
        && $0.load.valueSize == calibration.settings.valueSizes.first
    }
    return open.min { first, second in
      (first.load.capacityFraction?.value ?? 0) < (second.load.capacityFraction?.value ?? 0)
    }
  }

  /// The model that fits a calibration best; `tell` hears how far it is.
  ///
  /// Throws ``CalibrationError`` where a point that is needed has no measurement to be used.
  public static func model(
    of calibration: EtcdCalibration, atOnce: Int, tell: (String) -> Void = { _ in }
  ) async throws -> EtcdModel {
    let points = EtcdTable.inOrder(calibration.points).filter { takes($0, of: calibration) }
    let speeds = MachineSpeed(calibration)
    let targets = try points.map { point throws(CalibrationError) in
      guard let real = RealPoint(point, speeds) else {
        throw CalibrationError(
          .data, "\(EtcdTable.name(point, calibration)): no measurement that may be used",
          hint: "measure again with `assay calibrate etcd`, on a quiet machine")
      }
      return (point: point, real: real)
    }
    let closed = targets.filter { $0.point.load.clients != nil }
    guard closed.contains(where: { $0.point.load.operation == .put }) else {
      throw CalibrationError(
        .data, "the calibration has no puts of 1 and 64 clients",
        hint: "`assay calibrate etcd` measures them unless --clients says otherwise")
    }
    var start = EtcdModel(calibration, speeds)
    start.fittedPoints = points.map { EtcdTable.name($0, calibration) }
    let knobs = Knob.all
    var tried = 0
    var least = Double.infinity
    let found = Simplex.minimum(
      from: knobs.map { log($0.start) }, step: 0.25, mostSteps: 250
    ) { place in
      let model = Knob.turned(start, place)
      let misfit = misfit(of: model, closed)
      tried += 1
      if misfit < least {
        least = misfit
        tell("fit: \(tried) tried, residual " + String(format: "%.3f", misfit.squareRoot()))
      }
      return misfit
    }
    var model = Knob.turned(start, found.place)
    model.residual = found.value.squareRoot()
    if let open = targets.first(where: { $0.point.load.clients == nil }) {
      model.arrivalCPU = arrivalCPU(model, open, speeds)
    }
    return try EtcdModel(reading: model.text())
  }

  /// The mean square of the logarithms of model over real; a wall where a knob leaves its range.
  private static func misfit(of model: EtcdModel, _ targets: [Target]) -> Double {
    guard Knob.areInRange(model) else { return 100 }
    let predictor = EtcdPredictor(
      model: model, warmUp: .milliseconds(200), duration: .milliseconds(1000))
    var squares: [Double] = []
    for (point, real) in targets {
      let outcome = predictor.outcome(point)
      squares.append(square(outcome.throughput.perSecond, real.rate.median))
      squares.append(Self.weightOfCPU * square(outcome.serverCores, real.serverCores.median))
      squares.append(Self.weightOfCPU * square(outcome.clientCores, real.clientCores.median))
      guard let batch = real.batch, point.load.clients != 1 else { continue }
      squares.append(square(outcome.batch, batch.median))
    }
    return squares.reduce(0, +) / Double(squares.count)
  }

  /// Kernel threads do part of what the model has others do, so that CPU says less than rates do.
  private static let weightOfCPU = 0.1
  /// From where a difference counts for less than its square: the spread of repetitions.
  private static let scale = 0.12

  /// The square of a logarithm, the larger the more like its size (soft L1).
  private static func square(_ simulated: Double, _ real: Double) -> Double {
    let part = log(max(simulated, 0.001) / max(real, 0.001)) / scale
    return 2 * scale * scale * ((1 + part * part).squareRoot() - 1)
  }

  /// What of a handful of costs comes nearest to the latency and the batches of an open loop.
  private static func arrivalCPU(
    _ model: EtcdModel, _ target: Target, _ speeds: MachineSpeed
  ) -> Nanoseconds {
    let costs = stride(from: Int64(0), through: 120, by: 4).map { Nanoseconds.microseconds($0) }
    let misfits = costs.map { cost in
      var model = model
      model.arrivalCPU = cost
      let simulated = EtcdPredictor(model: model, duration: .seconds(2))
        .figures(target.point, speeds)
      return square(simulated.mean, target.real.mean.median)
        + (target.real.batch.map { square(simulated.batch, $0.median) } ?? 0)
    }
    let best = misfits.indices.min { misfits[$0] < misfits[$1] }
    return best.map { costs[$0] } ?? .zero
  }
}

/// A parameter that is fitted.
struct Knob: Sendable {
  /// Where the search starts: microseconds, or a bare number.
  let start: Double
  let set: @Sendable (inout EtcdModel, Double) -> Void

  private static func time(
    _ start: Double, _ place: any WritableKeyPath<EtcdParameters, Nanoseconds> & Sendable
  ) -> Knob {
    Knob(start: start) { model, value in
      model.parameters[keyPath: place] = Nanoseconds(Int64(value * 1000))
    }
  }

  /// All of them.
  ///
  /// The starts are of the order of what a request, a wake-up of a thread and a turn of
  /// a loop take on one virtual CPU.
  static let all = [
    time(40, \.putCPU), time(11, \.cycleCost), time(14, \.applyCost), time(28, \.messageCPU),
    time(16, \.wakeUp), time(70, \.processWakeCPU), time(90, \.restCPU),
    time(28, \.connectionCPU), time(50, \.readCPU),
    Knob(start: 152) { $0.clientCPU = Nanoseconds(Int64($1 * 1000)) },
    Knob(start: 76) { $0.clientTurnCPU = Nanoseconds(Int64($1 * 1000)) },
    // Odds, so that any value is a part of all.
    Knob(start: 11.5) { $0.parameters.loopGoesFirst = Fraction($1 / (1 + $1)) },
  ]

  static func turned(_ model: EtcdModel, _ place: [Double]) -> EtcdModel {
    var model = model
    for (knob, value) in zip(all, place) { knob.set(&model, exp(min(value, 12))) }
    return model
  }

  /// Times of more than 2 ms are of no part of etcd.
  static func areInRange(_ model: EtcdModel) -> Bool {
    let parameters = model.parameters
    let times = [
      parameters.putCPU, parameters.cycleCost, parameters.applyCost, parameters.messageCPU,
      parameters.wakeUp, parameters.processWakeCPU, parameters.restCPU, parameters.connectionCPU,
      parameters.readCPU, model.clientCPU, model.clientTurnCPU,
    ]
    return times.allSatisfy { $0 >= .microseconds(1) && $0 < .milliseconds(2) }
  }
}
