internal import Foundation
public import Measure

/// Reads what `fio --output-format=json` and `json+` print.
public enum FioJSON {
  /// Why a text could not be read.
  public struct Failure: Error, Hashable, CustomStringConvertible {
    /// What is wrong, where, and how to mend it.
    public var description: String

    init(_ description: String) { self.description = description }
  }

  /// The runs that a text holds, each in its last state.
  ///
  /// Text before and between documents is passed over: fio prints warnings there. Documents of one
  /// run, as `--status-interval` prints them, are cumulative: the last stands for all. Throws
  /// ``Failure`` where a document is cut off, is not JSON or holds a value of the wrong type.
  public static func read(_ text: String, from place: String) throws(Failure) -> [FioDocument] {
    var runs: [FioDocument] = []
    for piece in try documents(of: text, place) {
      let document = try decode(piece, place)
      if let last = runs.last, continues(last, document) {
        runs[runs.count - 1] = document
      } else {
        runs.append(document)
      }
    }
    guard !runs.isEmpty else {
      throw Failure(
        "\(place): holds no JSON document; run fio with --output-format=json or json+")
    }
    return runs
  }

  private struct Piece {
    var text: Substring
    var line: Int
  }

  /// Cuts a text into its documents by counting braces outside strings: O(text).
  private static func documents(
    of text: String, _ place: String
  ) throws(Failure) -> [Piece] {
    var pieces: [Piece] = []
    var depth = 0
    var line = 1
    var atLineStart = true
    var inString = false
    var escaped = false
    var start: (index: String.Index, line: Int)?
    let bytes = text.utf8
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      if start == nil {
        // fio's documents begin a line; a brace within a message does not.
        if byte == UInt8(ascii: "{"), atLineStart {
          start = (index, line)
          depth = 1
        }
      } else if inString {
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\\") {
          escaped = true
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        }
      } else if byte == UInt8(ascii: "\"") {
        inString = true
      } else if byte == UInt8(ascii: "{") {
        depth += 1
      } else if byte == UInt8(ascii: "}") {
        depth -= 1
        if depth == 0, let begin = start {
          pieces.append(Piece(text: text[begin.index...index], line: begin.line))
          start = nil
        }
      }
      // After a document the next may follow on the same line.
      atLineStart =
        byte == UInt8(ascii: "\n") || (start == nil && byte == UInt8(ascii: "}"))
        || (atLineStart && (byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")))
      if byte == UInt8(ascii: "\n") { line += 1 }
      index = bytes.index(after: index)
    }
    if let begin = start {
      throw Failure(
        "\(place):\(begin.line): the document that begins here is cut off at the end of the text, "
          + "\(depth) levels deep; fio was killed or the disk was full")
    }
    return pieces
  }

  private static func decode(_ piece: Piece, _ place: String) throws(Failure) -> FioDocument {
    do {
      return try JSONDecoder().decode(FioDocument.self, from: Data(piece.text.utf8))
    } catch let error as DecodingError {
      throw Failure("\(place):\(piece.line): \(reason(error))")
    } catch {
      throw Failure("\(place):\(piece.line): \(error)")
    }
  }

  private static func reason(_ error: DecodingError) -> String {
    func path(_ keys: [any CodingKey]) -> String {
      let path = keys.reduce("") { path, key in
        if let index = key.intValue { return path + "[\(index)]" }
        return path.isEmpty ? key.stringValue : path + "." + key.stringValue
      }
      return path.isEmpty ? "the document" : path
    }
    switch error {
    case .keyNotFound(let key, let context):
      return "\(path(context.codingPath + [key])) is missing; is this a document of fio?"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(path(context.codingPath)): \(context.debugDescription)"
    case .dataCorrupted(let context):
      let inner = context.underlyingError.map { " (\($0))" } ?? ""
      return "\(path(context.codingPath)): \(context.debugDescription)\(inner)"
    @unknown default: return "\(error)"
    }
  }

  /// Whether `next` shows the same run later: started at the same moment, and nothing went back.
  ///
  /// fio gives the time since it started in whole seconds, so starts may differ by two.
  private static func continues(_ last: FioDocument, _ next: FioDocument) -> Bool {
    func started(_ document: FioDocument) -> Int64? {
      guard let time = document.timestamp, let elapsed = document.jobs.compactMap(\.elapsed).max()
      else { return nil }
      return time - elapsed
    }
    func names(_ document: FioDocument) -> [String] {
      document.jobs.map { "\($0.jobname) \($0.groupid ?? 0) \($0.hostname ?? "")" }
    }
    guard let before = started(last), let after = started(next), abs(before - after) <= 2,
      names(last) == names(next), last.globalOptions == next.globalOptions
    else { return false }
    return zip(last.jobs, next.jobs).allSatisfy { earlier, later in
      (earlier.jobRuntime ?? 0) <= (later.jobRuntime ?? 0)
        && zip(earlier.directions, later.directions).allSatisfy {
          ($0.direction.totalIos ?? 0) <= ($1.direction.totalIos ?? 0)
        }
    }
  }
}

extension FioLatency {
  /// The histogram behind it; nil without `bins` (json instead of json+).
  ///
  /// Counts are exact; sum and sum of squares follow from mean and deviation. Throws
  /// ``FioJSON/Failure`` where a bin is not the midpoint of one of fio's buckets.
  public func distribution() throws(FioJSON.Failure) -> LatencyDistribution? {
    guard let bins else { return nil }
    var result = LatencyDistribution()
    for (key, count) in bins where count > 0 {
      guard let value = UInt64(key) else {
        throw FioJSON.Failure("bins: \"\(key)\" is not a number of nanoseconds")
      }
      let index = LatencyBuckets.index(of: value)
      guard index < LatencyBuckets.fioCount, LatencyBuckets.midpoint(index) == value else {
        throw FioJSON.Failure("bins: \(value) ns is not the midpoint of a bucket of fio 3")
      }
      result.buckets.append(.init(index: index, count: count))
      result.count += count
    }
    guard result.count > 0 else { return result }
    result.buckets.sort { $0.index < $1.index }
    let total = Double(result.count)
    result.sum = UInt64(exactly: (mean * total).rounded()) ?? 0
    result.sumOfSquares = stddev * stddev * (total - 1) + mean * mean * total
    result.minimum = min
    result.maximum = max
    return result
  }
}
