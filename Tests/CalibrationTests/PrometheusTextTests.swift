import Testing

@testable import Calibration

@Suite struct PrometheusTextTests {
  @Test func readsLabelsWithCommasBracesAndQuotes() {
    let text = PrometheusText(
      parsing: """
        # HELP a_total What it is.
        # TYPE a_total counter
        a_total{path="/x,{y}=\\"z\\"",code="200"} 3
        a_total 1.5e1
        b_total 7
        """, prefixes: ["a_"])
    #expect(text.values.count == 2)
    #expect(text.value("a_total") == 15)
    let labels = ["path": #"/x,{y}=\"z\""#, "code": "200"]
    #expect(text.values[.init(name: "a_total", labels: labels)] == 3)
  }

  /// Against what PromQL's histogram_quantile gives for the same buckets, by hand.
  @Test func aHistogramGainsWhatCameBetweenTwoReadings() throws {
    let reading = { (first: Int, second: Int, all: Int, sum: Double) in
      PrometheusText(
        parsing: """
          t_seconds_bucket{verb="PUT",le="0.1"} \(first)
          t_seconds_bucket{verb="PUT",le="0.2"} \(second)
          t_seconds_bucket{verb="PUT",le="+Inf"} \(all)
          t_seconds_sum{verb="PUT"} \(sum)
          t_seconds_count{verb="PUT"} \(all)
          """, prefixes: ["t_"])
    }
    let gained = ServerLatency.gained(
      "t_seconds", by: ["verb"], from: reading(5, 5, 5, 1), to: reading(9, 14, 15, 3))
    let latency = try #require(gained.first)
    #expect(gained.count == 1 && latency.labels == ["verb": "PUT"])
    #expect(latency.count == 10)
    #expect(abs(latency.meanSeconds - 0.2) < 1e-12)
    // Rank 5 of 10: the first of the five between 0.1 and 0.2.
    #expect(abs(latency.p50Seconds - 0.12) < 1e-12)
    // Rank 9.9 lies above all finite bounds.
    #expect(latency.p99Seconds == 0.2)
  }
}
