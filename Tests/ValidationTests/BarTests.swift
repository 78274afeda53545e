import Measure
import Testing
import Validation

@Suite struct BarTests {
  @Test func aPartOfTheRealValueIsAllowedUpAndDown() {
    let bar = Bar.within(.percent(15))
    #expect(bar.holds(simulated: 114, real: 100))
    #expect(bar.holds(simulated: 86, real: 100))
    #expect(!bar.holds(simulated: 84, real: 100))
    #expect(!bar.holds(simulated: 116, real: 100))
    #expect(bar.text == "±15%")
  }

  @Test func aFactorIsAllowedUpAndDown() {
    let bar = Bar.factor(1.5)
    #expect(bar.holds(simulated: 149, real: 100))
    #expect(bar.holds(simulated: 67, real: 100))
    #expect(!bar.holds(simulated: 66, real: 100))
    #expect(!bar.holds(simulated: 151, real: 100))
  }

  @Test func theMeanErrorForgetsSigns() {
    let all = [Compared(real: 10, simulated: 11), Compared(real: 10, simulated: 7)]
    #expect(abs((Compared.meanError(all) ?? 0) - 0.2) < 1e-12)
    #expect(all.map(\.errorText) == ["+10 %", "-30 %"])
    #expect(Compared.meanError([]) == nil)
  }

  @Test func columnsAreAsWideAsTheirWidestCell() {
    var table = TextTable(["load", "rate"])
    table.add(["1 client", "1000"])
    table.add(["64 clients", "9"])
    #expect(table.lines == ["load        rate", "1 client    1000", "64 clients     9"])
  }
}
