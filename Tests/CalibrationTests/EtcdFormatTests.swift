import Foundation
import Measure
import SwiftProtobuf
import TestSupport
import Testing

@testable import Calibration

/// What is read from etcd, and the file that is written.
@Suite struct EtcdFormats {
  @Test func messagesHaveTheBytesOfProtocolBuffers() throws {
    var put = PutRequest()
    (put.key, put.value) = (Data("foo".utf8), Data("bar".utf8))
    let bytes: [UInt8] = try put.serializedBytes()
    // Field 1 and 2, length-delimited: developers.google.com/protocol-buffers/docs/encoding.
    #expect(bytes == [0x0A, 3, 0x66, 0x6F, 0x6F, 0x12, 3, 0x62, 0x61, 0x72])
    #expect(try PutRequest(serializedBytes: bytes) == put)
    var range = RangeRequest()
    (range.key, range.isSerializable) = (Data("k".utf8), true)
    #expect(try range.serializedBytes() == [0x0A, 1, 0x6B, 0x38, 1] as [UInt8])
  }

  @Test func aHistogramOfPrometheusIsWhatWasAddedBetweenTwoReadings() {
    func text(_ small: Int, _ large: Int, _ all: Int, _ sum: Double) -> String {
      """
      # HELP d_seconds Durations.
      # TYPE d_seconds histogram
      d_seconds_bucket{To="a",le="0.001"} \(small)
      d_seconds_bucket{To="a",le="0.002"} \(large)
      d_seconds_bucket{To="a",le="+Inf"} \(all)
      d_seconds_sum{To="a"} \(sum)
      d_seconds_count{To="a"} \(all)
      d_seconds_bucket{To="b",le="0.001"} 1
      d_seconds_bucket{To="b",le="0.002"} 1
      d_seconds_bucket{To="b",le="+Inf"} 1
      d_seconds_sum{To="b"} 0.0005
      d_seconds_count{To="b"} 1
      up 1
      committed_total 1.234567e+06

      """
    }
    let (first, second) = (
      EtcdMetrics(parsing: text(2, 3, 3, 0.004)), EtcdMetrics(parsing: text(4, 8, 9, 0.02))
    )
    let change = second.durations("d_seconds") - first.durations("d_seconds")
    #expect(change.upperBounds == [1_000_000, 2_000_000])
    #expect(change.counts == [2, 3, 1])
    #expect(change.count == 6 && change.sum == 16_000_000)
    #expect(second["committed_total"] == 1_234_567 && second["none"] == 0)
  }

  private func sample() throws -> EtcdCalibration {
    let settings = EtcdCalibrationSettings(places: ["/"], seed: .max)
    var calibration = EtcdCalibration(
      startedAt: "2026-11-21T12:00:00Z", etcd: EtcdProgram(path: "/bin/etcd", version: "3.4.23"),
      machine: [], places: [], settings: settings)
    calibration.points = settings.points
    return calibration
  }

  @Test func aFileReadsBackAndItsHashIsThatOfItsContent() throws {
    let folder = try TemporaryFolder()
    let sample = try sample()
    let path = try folder.write(try sample.text(), to: "c.json")
    let back = try EtcdCalibration(reading: try folder.read("c.json"))
    #expect(back.points == sample.points && back.settings == sample.settings)
    // By other programs than ours: 64 zeros in the place of the hash, then sha256sum.
    let other = try Command.run([
      "bash", "-c", #"sed "s/$1/$(printf '0%.0s' {1..64})/" "$2" | sha256sum"#, "-",
      back.contentSHA256, path,
    ]).checked().stdout
    #expect(other.prefix(64) == back.contentSHA256)
  }

  @Test(arguments: [("\"warmUpNs\":1000000000", "\"warmUpNs\":1000000001"), ("256", "257")])
  func aChangedFileIsFound(_ old: String, _ new: String) throws {
    let text = try sample().text().replacing(old, with: new, maxReplacements: 1)
    #expect(throws: CalibrationError.self) { try EtcdCalibration(reading: text) }
  }

  @Test(arguments: ["", "{}", "[1]", "{\"schema\": 1}"])
  func whatIsNoCalibrationIsSaid(_ text: String) {
    #expect(throws: CalibrationError.self) { try EtcdCalibration(reading: text) }
  }

  @Test func anotherVersionIsNotRead() throws {
    let text = try sample().text().replacing("\"version\":2", with: "\"version\":1")
    let error = #expect(throws: CalibrationError.self) { try EtcdCalibration(reading: text) }
    #expect(error?.problem.contains("version 1") == true, "\(String(describing: error))")
  }
}
