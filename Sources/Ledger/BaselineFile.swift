internal import Foundation
internal import Measure

/// The file of a baseline, decoded.
///
/// Nearly all of it are the metrics of its trials, megabytes of a thousand. The cases are read by
/// ``JSONReader`` and cut out; Foundation's decoder gets the rest, as of ``EventLine``.
enum BaselineFile {
  /// What the file says its format is; nil where it does not.
  static func format(of data: Data, at path: String) throws(LedgerError) -> JSONValue? {
    try LedgerJSON.read(data, at: path) { reader throws(JSONReader.Fault) in
      var format: JSONValue?
      try reader.object { reader, name throws(JSONReader.Fault) in
        if name == "format" { format = try reader.value() } else { try reader.skip() }
      }
      try reader.end()
      return format
    }
  }

  static func decode(_ data: Data, at path: String) throws(LedgerError) -> Baseline {
    var cases: [CaseSamples] = []
    var place: Range<Int>?
    try LedgerJSON.read(data, at: path) { reader throws(JSONReader.Fault) in
      try reader.object { reader, name throws(JSONReader.Fault) in
        guard name == "cases" else { return try reader.skip() }
        let start = reader.offset
        try reader.array { reader throws(JSONReader.Fault) in
          cases.append(try CaseSamples(&reader))
        }
        place = start..<reader.offset
      }
    }
    guard let place else { return try LedgerJSON.decode(Baseline.self, from: data, at: path) }
    let rest = data.prefix(place.lowerBound) + Data("[]".utf8) + data.dropFirst(place.upperBound)
    var baseline = try LedgerJSON.decode(Baseline.self, from: rest, at: path)
    baseline.cases = cases
    return baseline
  }
}

extension CaseSamples {
  fileprivate init(_ reader: inout JSONReader) throws(JSONReader.Fault) {
    let place = reader.offset
    var key: CaseKey?
    var disclosure: [String: String]?
    var samples: [Sample]?
    var invalid: [String]?
    var failed: [String]?
    try reader.object { reader, name throws(JSONReader.Fault) in
      switch name {
      case "key": key = try CaseKey(&reader)
      case "disclosure":
        var found: [String: String] = [:]
        try reader.object { reader, name throws(JSONReader.Fault) in
          found[name] = try reader.string()
        }
        disclosure = found
      case "samples":
        var found: [Sample] = []
        try reader.array { reader throws(JSONReader.Fault) in found.append(try Sample(&reader)) }
        samples = found
      case "invalid": invalid = try reader.strings()
      case "failed": failed = try reader.strings()
      default: try reader.skip()
      }
    }
    guard let key, let disclosure, let samples, let invalid, let failed else {
      throw JSONReader.Fault(offset: place, message: "a case without one of its keys")
    }
    self.init(key: key, disclosure: disclosure, samples: samples)
    self.invalid = invalid
    self.failed = failed
  }
}

extension CaseSamples.Sample {
  fileprivate init(_ reader: inout JSONReader) throws(JSONReader.Fault) {
    let start = reader.offset
    var id: String?
    var session: String?
    var block: Int?
    var place: Int?
    var metrics: [String: MetricValue]?
    try reader.object { reader, name throws(JSONReader.Fault) in
      switch name {
      case "id": id = try reader.string()
      case "session": session = try reader.string()
      case "block": block = Int(exactly: try reader.number())
      case "place": place = Int(exactly: try reader.number())
      case "metrics":
        var values: [String: MetricValue] = [:]
        try reader.object { reader, name throws(JSONReader.Fault) in
          values[name] = try MetricValue(&reader)
        }
        metrics = values
      default: try reader.skip()
      }
    }
    guard let id, let session, let block, let place, let metrics else {
      throw JSONReader.Fault(offset: start, message: "a trial without one of its keys")
    }
    self.init(id: id, session: session, block: block, place: place, metrics: metrics)
  }
}

extension JSONReader {
  /// The next value, which must be an array of strings.
  fileprivate mutating func strings() throws(Fault) -> [String] {
    var found: [String] = []
    try array { reader throws(Fault) in found.append(try reader.string()) }
    return found
  }
}
