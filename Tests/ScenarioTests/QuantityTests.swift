import Measure
import Testing

@Suite struct QuantityTests {
  @Test func sizesAndDurationsReadBackAsWritten() throws {
    var random = SeededRandom(seed: 7)
    for _ in 0..<2_000 {
      // Shifts and factors, so that every unit comes up.
      let bytes = ByteCount(Int64(random.next() >> (1 + random.below(62))))
      #expect(try QuantityText.size(bytes.text) == bytes)
      let factor: Int64 = [1, 1_000, 1_000_000, 1_000_000_000, 60_000_000_000][
        Int(random.below(5))]
      let span = Nanoseconds(Int64(random.below(100_000)) * factor)
      #expect(try QuantityText.duration(span.text) == span)
    }
    #expect(ByteCount.kibibytes(4).text == "4KiB")
    #expect(ByteCount(2300).text == "2300B")
    #expect(ByteCount.zero.text == "0B")
    #expect(Nanoseconds.seconds(30).text == "30s")
    #expect(Nanoseconds.seconds(300).text == "5min")
    #expect(Nanoseconds.zero.text == "0s")
  }

  @Test func sharesAndRatesReadBackAsWritten() throws {
    var random = SeededRandom(seed: 8)
    for _ in 0..<2_000 {
      let share = Fraction.percent(Double(random.below(100_001)) / 1_000)
      #expect(try QuantityText.share(share.text) == share)
      let rate = Rate(perSecond: random.unit() * 1e6 + 1)
      #expect(try QuantityText.rate(rate.text) == rate)
    }
    #expect(Fraction(0.7).text == "70%")
    #expect(Rate(perSecond: 1000).text == "1000/s")
  }

  @Test func decimalsAreExact() throws {
    #expect(try QuantityText.size("1.5GiB").count == 1_610_612_736)
    #expect(try QuantityText.duration("0.001us").count == 1)
    #expect(try QuantityText.duration("1.1s").count == 1_100_000_000)
    #expect(try QuantityText.size("9223372036854775807B").count == .max)
    #expect(try QuantityText.bandwidth("100MiB/s") == 104_857_600)
    #expect(try QuantityText.rate("1.2M/s").perSecond == 1_200_000)
  }

  @Test(arguments: [
    ("30", "a duration needs a unit: 30", "write 30s or 30ms"),
    ("5m", "unknown unit \"m\" in \"5m\"", "write 5min for minutes, 5ms for milliseconds"),
    ("-5s", "a duration cannot be negative: -5s", nil),
    ("fast", "\"fast\" is not a duration", "write it like 4s or 4ms"),
    ("0.5ns", "0.5ns is not a whole number of ns", nil),
    ("9999999999h", "9999999999h is too large", nil),
    ("1.2.3s", "\"1.2.3\" in \"1.2.3s\" is not a number", nil),
    ("30 s", "a duration is written without a space: \"30 s\"", "write 30s"),
  ])
  func badDurationsSayHowToMendThem(text: String, message: String, hint: String?) {
    #expect(throws: QuantityError(message, hint: hint)) { try QuantityText.duration(text) }
  }

  @Test(arguments: [
    ("4k", "write 4KiB for 1024 bytes, 4kB for 1000"),
    ("4KB", "write 4KiB for 1024 bytes, 4kB for 1000"), ("4096", "write 4096B or 4096KiB"),
  ])
  func badSizesSayHowToMendThem(text: String, hint: String) {
    let error = #expect(throws: QuantityError.self) { try QuantityText.size(text) }
    #expect(error?.hint == hint)
  }

  @Test func metricsAreFoundByNameAndStatistic() throws {
    let metric = try #require(MetricCatalogue.definition(of: "read latency p99.9"))
    #expect(metric.unit == .nanoseconds && metric.direction == .lower)
    #expect(MetricCatalogue.definition(of: "iops")?.direction == .higher)
    #expect(MetricCatalogue.definition(of: "sync latency max") != nil)
    for name in ["latency", "latency p100", "latency p0", "iops p99", "latency p9x", ""] {
      #expect(MetricCatalogue.definition(of: name) == nil, "\(name)")
    }
    #expect(MetricCatalogue.nearest("ipos") == "iops")
    #expect(MetricCatalogue.nearest("latency") == "latency p99")
    #expect(MetricCatalogue.nearest("read latncy p99.9") == "read latency p99.9")
    #expect(MetricCatalogue.nearest("colour") == nil)
  }

  @Test func metricNamesAreUnique() {
    let names = MetricCatalogue.entries.map(\.name)
    #expect(Set(names).count == names.count)
  }
}
