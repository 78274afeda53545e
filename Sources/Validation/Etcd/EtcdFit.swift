public import Calibration
internal import ControlPlane
internal import Foundation
internal import Measure
internal import Simulation
internal import Statistics

/// Fits the simulator's etcd to a few points of a calibration.
///
/// First to puts of 1 and 64 clients, on one member and on several; then what a read costs, to
/// reads of 1 client from the one member. The disks, commits of the backend, and what the kernel
/// spends on a write are not fitted but taken from the calibration. Rates are held against those of
/// the model, batches too where there is more than one client, and with less weight the CPU that
/// etcd and its clients used: least squares of logarithms, of which large ones count less (a point
/// may be off), and knobs far from where they start count against a fit. Differential evolution,
/// then simplices, with fixed seeds: the same calibration, the same model.
public enum EtcdFit {
  /// What a measured point says.
  private typealias Target = (point: EtcdPoint, real: RealPoint)

  /// Whether a point is fitted.
  static func takes(_ point: EtcdPoint, of calibration: EtcdCalibration) -> Bool {
    guard point.load.valueSize == calibration.settings.valueSizes.first else { return false }
    guard let clients = point.load.clients else { return false }
    switch point.load.operation {
    case .put: return clients == 1 || clients == 64
    case .linearizableRead, .serializableRead: return clients == 1 && point.members == 1
    }
  }

  /// The model that fits a calibration best; `tell` hears how far it is.
  ///
  /// Throws ``CalibrationError`` where a point that is needed has no measurement to be used.
  public static func model(
    of calibration: EtcdCalibration, tell: (String) -> Void = { _ in }
  ) async throws -> EtcdModel {
    let points = EtcdTable.inOrder(calibration.points).filter { takes($0, of: calibration) }
    let targets = try points.map { point throws(CalibrationError) in
      guard let real = RealPoint(point) else {
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
    var start = EtcdModel(calibration)
    start.fittedPoints = points.map { EtcdTable.name($0, calibration) }
    let puts = targets.filter { $0.point.load.operation == .put }
    let found = best { place in
      guard Knob.areInRange(place) else { return Self.wall }
      return misfit(of: Knob.turned(start, place), puts) + Self.doubt * Knob.distance(of: place)
    } tell: {
      tell("fit: " + $0)
    }
    var model = Knob.turned(start, found.place)
    model.parameters.readCPU = readCPU(
      model, targets.filter { $0.point.load.operation != .put })
    model.residual = misfit(of: model, targets).squareRoot()
    return try EtcdModel(reading: model.text())
  }

  /// The place of least misfit: a population's best, and from there as far down as simplices lead,
  /// begun anew where they shrink too early.
  private static func best(
    _ misfit: ([Double]) -> Double, tell: (String) -> Void
  ) -> (place: [Double], value: Double) {
    var found = DifferentialEvolution.minimum(
      around: Knob.all.map { log($0.start) }, width: log(3), members: 48, generations: 70, seed: 1,
      of: misfit)
    tell(String(format: "residual %.3f", found.value.squareRoot()))
    for step in [0.2, 0.1, 0.05] {
      let lower = Simplex.minimum(from: found.place, step: step, mostSteps: 200, of: misfit)
      if lower.value < found.value { found = lower }
      tell(String(format: "residual %.3f", found.value.squareRoot()))
    }
    return found
  }

  /// What of a reading of an object comes nearest to the rates of reads, all else being as fitted
  /// to puts.
  private static func readCPU(_ model: EtcdModel, _ targets: [Target]) -> Nanoseconds {
    let costs = (0...60).map { Nanoseconds(Int64(5000 * pow(1.07, Double($0)))) }
    let misfits = costs.map { cost in
      var model = model
      model.parameters.readCPU = cost
      return misfit(of: model, targets)
    }
    let best = misfits.indices.min { misfits[$0] < misfits[$1] }
    return best.map { costs[$0] } ?? model.parameters.readCPU
  }

  /// The mean square of the logarithms of model over real.
  private static func misfit(of model: EtcdModel, _ targets: [Target]) -> Double {
    let predictor = EtcdPredictor(
      model: model, warmUp: .milliseconds(100), duration: .milliseconds(500))
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

  /// What it counts for that a knob is far from what such a part is known to take: a machine of two
  /// processors cannot tell work that waits for its like from work that waits for a processor.
  private static let doubt = 0.001

  /// What it counts for that a knob is out of its range.
  private static let wall = 100.0
  /// Kernel threads do part of what the model has others do, so that CPU says less than rates do.
  private static let weightOfCPU = 0.1
  /// From where a difference counts for less than its square: the spread of repetitions.
  private static let scale = 0.12

  /// The square of a logarithm, the larger the more like its size (soft L1).
  private static func square(_ simulated: Double, _ real: Double) -> Double {
    let part = log(max(simulated, 0.001) / max(real, 0.001)) / scale
    return 2 * scale * scale * ((1 + part * part).squareRoot() - 1)
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
  /// The starts of what etcd does are what profiles of it showed (`/debug/pprof/profile` of 3.4.23,
  /// 1 and 64 clients on tmpfs, 1 and 3 members); the others are of the order of what a thread
  /// takes to wake on one virtual CPU.
  static let all = [
    time(5, \.requestCPU), time(21, \.putCPU), time(3.5, \.proposalCPU),
    time(6, \.cycleCost), time(2.5, \.entryCost),
    time(10.5, \.applyCost), time(12, \.messageCPU), time(6, \.socketReadCPU),
    time(11, \.socketWriteCPU),
    time(10, \.wakeUp), time(15, \.processWakeCPU), time(20, \.restCPU),
    time(150, \.syncHoldCPU), time(40, \.syncReturnCPU), time(30, \.switchCPU),
    Knob(start: 3) { $0.clientCPU = Nanoseconds(Int64($1 * 1000)) },
    Knob(start: 10) { $0.clientTurnCPU = Nanoseconds(Int64($1 * 1000)) },
  ]

  /// The sum of the squares of the logarithms of how far each is turned.
  static func distance(of place: [Double]) -> Double {
    zip(all, place).reduce(0) { sum, knob in
      let far = knob.1 - log(knob.0.start)
      return sum + far * far
    }
  }

  static func turned(_ model: EtcdModel, _ place: [Double]) -> EtcdModel {
    var model = model
    for (knob, value) in zip(all, place) { knob.set(&model, exp(min(value, 12))) }
    return model
  }

  /// Times of more than 2 ms are of no part of etcd.
  static func areInRange(_ place: [Double]) -> Bool {
    place.allSatisfy { (0.1..<2000).contains(exp($0)) }
  }
}
