public import Foundation

/// A record's files one by one, for who goes on where one of them is damaged.
public struct RecordFiles: Sendable {
  /// The record's folder.
  public let folder: String

  /// Names a record; nothing is read yet.
  public init(_ folder: String) { self.folder = folder }

  /// One line of the event file: what it holds, or what is wrong with it.
  public struct Line: Sendable {
    /// Its number, from 1.
    public var number: Int
    /// The line as it stands, without its end.
    public var text: Data
    /// The event.
    public var event: Result<RunEvent, LedgerError>
  }

  /// Every whole line of the event file, and how many bytes stand after the last.
  ///
  /// Throws ``LedgerError`` where there is no such file.
  public func events() throws(LedgerError) -> (lines: [Line], cutBytes: Int) {
    let path = folder + "/" + EventLog.fileName
    let data = try LedgerFile.read(path)
    let lines = EventLog.lines(of: data)
    return (
      lines.enumerated().map { index, text in
        let event = Result { () throws(LedgerError) in
          try EventLine.decode(text, details: .included, at: "\(path):\(index + 1)")
        }
        return Line(number: index + 1, text: text, event: event)
      }, data.count - lines.reduce(0) { $0 + $1.count + 1 }
    )
  }

  /// Whether there is a file of this name.
  public func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: folder + "/" + name)
  }

  /// Names of all files below a folder of the record, relative to the record, sorted.
  public func names(in part: String) -> [String] {
    (FileManager.default.subpaths(atPath: folder + "/" + part) ?? []).sorted()
      .map { part + "/" + $0 }
  }

  /// A file's bytes; throws ``LedgerError`` where it cannot be read.
  public func data(_ name: String) throws(LedgerError) -> Data {
    try LedgerFile.read(folder + "/" + name)
  }

  /// A file's content; throws ``LedgerError`` with its place where it is not of this type.
  public func decode<Value: Decodable>(
    _ type: Value.Type, from name: String
  ) throws(LedgerError) -> Value {
    try LedgerJSON.decode(type, from: try data(name), at: folder + "/" + name)
  }

  /// The bytes that ``RunFolder`` writes for a value: a line of events, or pretty as a file.
  public static func bytes(
    of value: some Encodable, pretty: Bool
  ) throws(LedgerError) -> Data {
    try LedgerJSON.encode(value, pretty: pretty)
  }

  /// What is missing, changed or new against the manifest; nil where the record was never sealed.
  ///
  /// Throws ``LedgerError`` where the manifest itself is damaged. O(bytes of the record).
  public func differences() throws(LedgerError) -> [String]? {
    guard has(Manifest.fileName) else { return nil }
    return try decode(Manifest.self, from: Manifest.fileName).differences(in: folder)
  }
}
