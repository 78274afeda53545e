import Ledger
import Testing

@testable import Report

@Suite struct QuantityTests {
  @Test(arguments: [
    (0.0, Quantity.Kind.time, "0 ns"), (850, .time, "850 ns"), (84_100, .time, "84.1 µs"),
    (999_499, .time, "999 µs"), (999_999, .time, "1.00 ms"), (1_500_000_000, .time, "1.50 s"),
    (12_345, .rate, "12.3k"), (999.96, .rate, "1.00k"), (1_234_567, .rate, "1.23M"),
    (9.999, .rate, "10.0"), (0.05, .rate, "0.0500"), (-12_345, .rate, "-12.3k"),
    (1_632_087_572, .bandwidth, "1.52 GiB/s"), (1_048_575, .bandwidth, "1.00 MiB/s"),
    (1_047_000, .bandwidth, "1022 KiB/s"), (4096, .bytes, "4.00 KiB"), (3, .count, "3"),
    (99_999, .count, "99999"), (123_456, .count, "123k"), (2.5, .count, "2.50"),
    (99.5, .percent, "99.5 %"), (0.97, .ratio, "0.970"), (45, .elapsed, "45.0 s"),
    (150, .elapsed, "2 min 30 s"), (7_260, .elapsed, "2 h 1 min"), (0.25, .elapsed, "250 ms"),
  ])
  func readsWell(value: Double, kind: Quantity.Kind, text: String) {
    #expect(Quantity(value, kind).text == text)
  }

  @Test func speaksAsciiAndOwnsUpToWhatIsNoNumber() {
    #expect(Quantity(84_100, .time).text(ascii: true) == "84.1 us")
    #expect(Quantity(.nan, .time).text(ascii: true) == "-")
    #expect(Quantity(.infinity, .rate).text == "–")
  }

  @Test func takesTheUnitOfAMetric() {
    #expect(Quantity(MetricValue(2048, "B/s")).text == "2.00 KiB/s")
    #expect(Quantity(MetricValue(12, "furlong")).text == "12")
  }

  /// Whatever the number, the text keeps it to half a unit of the third digit.
  @Test func keepsThreeDigits() throws {
    var value = 1.0
    while value < 9e11 {
      let text = Quantity(value, .rate).text
      let number = try #require(Double(text.filter { "0123456789.".contains($0) }))
      let factors: [Character: Double] = ["k": 1e3, "M": 1e6, "G": 1e9]
      let factor = factors[text.last ?? " "] ?? 1
      #expect(abs(number * factor - value) <= value * 0.005_001, "\(value) became \(text)")
      value *= 1.0137
    }
  }
}
