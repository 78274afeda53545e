import Simulation
import Statistics
import Testing
import Validation

@Suite struct ClosedFormTableTests {
  @Test func everyQuantityOfAModelIsARow() throws {
    let table = ClosedFormTable(
      try ClosedForms.check(.exponentialServer), modelSHA256: "abc")
    #expect(table.holds && table.rows.count == 3)
    #expect(table.rows.allSatisfy { $0.model == "M/M/1" && $0.simulated.count == 20 })
    #expect(
      table.text.hasSuffix(
        "3 of 3 hold: theory lies within the 99.9 % interval of 20 runs\nmodel abc\n"))
  }

  @Test func serversOfAnotherSpeedAreSeen() throws {
    let table = ClosedFormTable(
      try ClosedForms.check(.exponentialServer, speed: 0.95), modelSHA256: nil)
    #expect(!table.holds)
    #expect(table.text.contains("NO"))
  }
}
