internal import Foundation
internal import Measure

/// One line of an event file, decoded.
///
/// Nearly all of a line are a trial's metrics and its detail. These are read by ``JSONReader`` and
/// cut out; Foundation's decoder gets the rest, so that the types alone say what a line holds.
struct EventLine {
  private var detail: Cut<JSONValue>?
  private var metrics: Cut<[String: MetricValue]>?

  /// A value with its place in the line.
  private struct Cut<Value> {
    var bytes: Range<Int>
    var value: Value
  }

  static func decode(
    _ line: Data, details: RunRecord.Details, at place: String
  ) throws(LedgerError) -> RunEvent {
    let cuts = try LedgerJSON.read(line, at: place) { reader throws(JSONReader.Fault) in
      var cuts = EventLine()
      try reader.object { reader, name throws(JSONReader.Fault) in
        if name == "trial" {
          try cuts.readTrial(&reader, details)
        } else {
          try reader.skip()
        }
      }
      try reader.end()
      return cuts
    }
    var event = try LedgerJSON.decode(RunEvent.self, from: cuts.rest(of: line), at: place)
    if let detail = cuts.detail { event.trial?.detail = detail.value }
    if let metrics = cuts.metrics { event.trial?.metrics = metrics.value }
    return event
  }

  private mutating func readTrial(
    _ reader: inout JSONReader, _ details: RunRecord.Details
  ) throws(JSONReader.Fault) {
    try reader.object { reader, name throws(JSONReader.Fault) in
      let start = reader.offset
      switch name {
      case "detail":
        var value = JSONValue.null
        if details == .included { value = try reader.value() } else { try reader.skip() }
        detail = Cut(bytes: start..<reader.offset, value: value)
      case "metrics":
        var values: [String: MetricValue] = [:]
        try reader.object { reader, name throws(JSONReader.Fault) in
          values[name] = try MetricValue(&reader)
        }
        metrics = Cut(bytes: start..<reader.offset, value: values)
      default: try reader.skip()
      }
    }
  }

  /// The line with nothing in the place of what was cut out.
  private func rest(of line: Data) -> Data {
    let cuts = [
      detail.map { ($0.bytes, "null") }, metrics.map { ($0.bytes, "{}") },
    ].compactMap(\.self).sorted { $0.0.lowerBound < $1.0.lowerBound }
    guard !cuts.isEmpty else { return line }
    var rest = Data()
    var position = 0
    for (bytes, empty) in cuts {
      rest += line.dropFirst(position).prefix(bytes.lowerBound - position)
      rest += Data(empty.utf8)
      position = bytes.upperBound
    }
    return rest + line.dropFirst(position)
  }
}

extension MetricValue {
  init(_ reader: inout JSONReader) throws(JSONReader.Fault) {
    let start = reader.offset
    var value: Double?
    var unit: String?
    var bound: Bound?
    try reader.object { reader, name throws(JSONReader.Fault) in
      switch name {
      case "value": value = try reader.number()
      case "unit": unit = try reader.string()
      case "bound":
        let place = reader.offset
        bound = Bound(rawValue: try reader.string())
        if bound == nil {
          throw JSONReader.Fault(offset: place, message: "at-least or at-most is due")
        }
      default: try reader.skip()
      }
    }
    guard let value, let unit else {
      throw JSONReader.Fault(offset: start, message: "a metric without its value or unit")
    }
    self.init(value, unit, bound: bound)
  }
}
