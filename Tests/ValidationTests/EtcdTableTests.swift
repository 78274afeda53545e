import Calibration
import ControlPlane
import Foundation
import Host
import Measure
import TestSupport
import Testing

@testable import Validation

/// The frozen model on the calibration that it was fitted to; both lie in the checkout.
@Suite struct EtcdTableTests {
  static func reference(_ name: String) throws -> String {
    try String(
      contentsOfFile: Checkout.folder + "/results/reference/" + name, encoding: .utf8)
  }

  private static func calibration() throws -> EtcdCalibration {
    try EtcdCalibration(reading: reference("etcd-calibration.json"))
  }

  private static func model() throws -> EtcdModel {
    try EtcdModel(reading: reference("etcd-model.json"))
  }

  /// Puts of closed loops: the points whose bars the model holds.
  private static func table(
    _ calibration: EtcdCalibration, _ model: EtcdModel, elections: Int = 0
  ) async throws -> EtcdTable {
    var fewer = calibration
    fewer.points.removeAll { $0.load.operation != .put || $0.load.clients == nil }
    if elections == 0 { fewer.elections = [] }
    return try await EtcdTable(
      fewer, model, duration: .milliseconds(400), elections: elections, atOnce: 2)
  }

  private func errors(_ table: EtcdTable) -> (rate: Double, batch: Double) {
    let slow = table.predicted.filter { $0.place == table.rows[0].place }
    return (
      Compared.meanError(slow.map(\.rate)) ?? 1, Compared.meanError(slow.compactMap(\.batch)) ?? 1
    )
  }

  @Test func theFrozenModelIsOfTheCalibrationThatLiesBesideIt() throws {
    let (calibration, model) = (try Self.calibration(), try Self.model())
    #expect(model.calibrationSHA256 == calibration.contentSHA256)
    #expect(model.places.map(\.path) == calibration.settings.places)
    #expect(model.residual < 0.2)
  }

  @Test func putsThatWereNotFittedArePredicted() async throws {
    let table = try await Self.table(try Self.calibration(), try Self.model())
    #expect(table.rows.count { $0.isFitted } == 8)
    #expect(table.isOwnCalibration)
    let errors = errors(table)
    // Batches of 256 clients, and of 3 members, come out too large: the table says so.
    #expect(errors.rate < 0.15 && errors.batch < 0.3, "\(table.text)")
  }

  @Test func aDiskOfTwiceTheTimeIsSeen() async throws {
    var model = try Self.model()
    for place in model.places.indices {
      model.places[place].append = twice(model.places[place].append)
      model.places[place].overwrite = twice(model.places[place].overwrite)
    }
    // Of one client on one member, a third of whose time is the disk's; where many clients fill two
    // processors shared with their servers, the disk hardly matters.
    let calibration = try Self.calibration()
    let point = try #require(
      calibration.points.first {
        $0.place == 0 && $0.members == 1 && $0.load.clients == 1 && $0.load.operation == .put
      })
    let real = try #require(RealPoint(point)).mean.median
    let right = EtcdPredictor(model: try Self.model()).outcome(point).latency.mean / 1e6
    let wrong = EtcdPredictor(model: model).outcome(point).latency.mean / 1e6
    #expect(abs(right / real - 1) < 0.2)
    #expect(wrong / right > 1.25)
  }

  private func twice(_ law: LatencyLaw) -> LatencyLaw {
    guard case .measured(let histogram) = law, let p50 = histogram.quantile(0.5),
      let p99 = histogram.quantile(0.99)
    else { return law }
    return .lognormal(p50: Nanoseconds(Int64(2 * p50)), p99: Nanoseconds(Int64(2 * p99)))
  }

  @Test func aLoopWithoutBatchesIsSeen() async throws {
    var model = try Self.model()
    model.parameters.entriesPerWrite = 1
    let table = try await Self.table(try Self.calibration(), model)
    #expect(table.holds == false)
    #expect(table.predicted.contains { $0.outOfBars.contains("batch") })
  }

  @Test func aModelThatWasChangedIsNotRead() throws {
    let text = try Self.reference("etcd-model.json")
    let changed = text.replacing("\"residual\" : 0.", with: "\"residual\" : 1.")
    #expect(changed != text)
    let error = #expect(throws: CalibrationError.self) { try EtcdModel(reading: changed) }
    #expect(error?.problem.contains("changed after it was fitted") == true)
    let other = #expect(throws: CalibrationError.self) {
      try EtcdModel(reading: Self.reference("etcd-calibration.json"))
    }
    #expect(other?.problem.contains("assay-etcd-calibration, version 2") == true)
    #expect(throws: CalibrationError.self) { try EtcdModel(reading: "{}") }
  }

  @Test func aMissingFileIsNamedWithWhatMakesIt() throws {
    let error = #expect(throws: CalibrationError.self) {
      try ReferenceFile.model(at: "/nowhere/model.json")
    }
    #expect(error?.kind == .io)
    #expect(error?.description.contains("/nowhere/model.json") == true)
    #expect(error?.hint?.contains("assay simulator fit") == true)
  }
}
