import Measure
import TestSupport
import Testing

@testable import Simulation

struct ClosedFormTests {
  @Test(arguments: ClosedForms.System.allCases)
  func theSimulationAgreesWithTheClosedForm(system: ClosedForms.System) throws {
    for row in try ClosedForms.check(system) { #expect(row.agrees, "\(row)") }
  }

  /// The harder side: with slower servers the intervals are wider.
  @Test(arguments: ClosedForms.System.allCases)
  func serversThreePerCentTooSlowAreSeen(system: ClosedForms.System) throws {
    let rows = try ClosedForms.check(system, speed: 0.97)
    #expect(rows.contains { !$0.agrees }, "\(rows)")
  }

  @Test func theSameTableComesAgain() throws {
    #expect(try ClosedForms.check(.tokens) == ClosedForms.check(.tokens))
  }

  @Test func formulasGiveTheValuesOfTables() throws {
    // Ten servers at 7 Erlangs; and an M/D/1 queue is empty when its server is idle.
    #expect(abs(QueueFormulas.erlangC(servers: 10, load: 7) - 0.2217) < 5e-5)
    #expect(abs(QueueFormulas.workInConstantServices(load: 0.7, atMost: 0) - 0.3) < 1e-15)
  }
}
