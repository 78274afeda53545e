import TestSupport
import Testing

@Suite(Requires.tool("python3")) struct PythonOracleTests {
  @Test func numbersPassThereAndBackUnchanged() throws {
    let numbers = [
      0.1, -3, .leastNonzeroMagnitude, 1.7976931348623157e308, .infinity, -.infinity, .nan,
    ]
    let same: [Double] = try PythonOracle.answers("def answer(case): return case", to: numbers)
    #expect(same.map(\.bitPattern).dropLast() == numbers.map(\.bitPattern).dropLast())
    #expect(same.last?.isNaN == true)
  }

  @Test func whatPythonSaysOfABadProgramIsTheFailure() throws {
    let failure = #expect(throws: Command.Failure.self) {
      let _: [Double] = try PythonOracle.answers("def answer(case): return cose", to: [1])
    }
    #expect(failure?.description.contains("name 'cose' is not defined") == true)
  }
}
