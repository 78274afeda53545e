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
/// disks are not fitted but taken from the calibration's own probes. Rates are held against those
/// of the model, batches too where there is more than one client; least squares of logarithms by
/// the simplex of Nelder & Mead from a fixed start, with fixed seeds: the same calibration, the
/// same model.
public enum EtcdFit {
  /// Whether a point is fitted.
  static func takes(_ point: EtcdPoint, of calibration: EtcdCalibration) -> Bool {
    guard point.load.valueSize == calibration.settings.valueSizes.first,
      let clients = point.load.clients
    else { return false }
    switch point.load.operation {
    case .put: return clients == 1 || clients == 64
    case .linearizableRead, .serializableRead: return clients == 1 && point.members == 1
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
    guard targets.contains(where: { $0.point.load.operation == .put }) else {
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
      from: knobs.map { log($0.start) }, step: 0.25, mostSteps: 100
    ) { place in
      let model = Knob.turned(start, place)
      let misfit = misfit(of: model, targets)
      tried += 1
      if misfit < least {
        least = misfit
        tell("fit: \(tried) tried, residual " + String(format: "%.3f", misfit.squareRoot()))
      }
      return misfit
    }
    var model = Knob.turned(start, found.place)
    model.residual = found.value.squareRoot()
    return try EtcdModel(reading: model.text())
  }

  /// The mean square of the logarithms of model over real; a wall where a knob leaves its range.
  private static func misfit(
    of model: EtcdModel, _ targets: [(point: EtcdPoint, real: RealPoint)]
  ) -> Double {
    guard Knob.areInRange(model) else { return 100 }
    let predictor = EtcdPredictor(
      model: model, warmUp: .milliseconds(200), duration: .milliseconds(600))
    var squares: [Double] = []
    for (point, real) in targets {
      let outcome = predictor.outcome(point)
      let rate = log(max(outcome.throughput.perSecond, 1) / real.rate.median)
      squares.append(rate * rate)
      guard let batch = real.batch, point.load.clients != 1 else { continue }
      let size = log(max(outcome.batch, 0.1) / batch.median)
      squares.append(size * size)
    }
    return squares.reduce(0, +) / Double(squares.count)
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
    time(26, \.putCPU), time(66, \.cycleCost), time(13, \.applyCost), time(66, \.messageCPU),
    time(82, \.wakeUp), time(220, \.syncCPU), time(50, \.readCPU),
    Knob(start: 176) { $0.clientCPU = Nanoseconds(Int64($1 * 1000)) },
    Knob(start: 133) { $0.clientTurnCPU = Nanoseconds(Int64($1 * 1000)) },
    // Odds, so that any value is a part of all.
    Knob(start: 13) { $0.parameters.loopGoesFirst = Fraction($1 / (1 + $1)) },
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
      parameters.wakeUp, parameters.syncCPU, parameters.readCPU, model.clientCPU,
      model.clientTurnCPU,
    ]
    return times.allSatisfy { $0 >= .microseconds(1) && $0 < .milliseconds(2) }
  }
}
