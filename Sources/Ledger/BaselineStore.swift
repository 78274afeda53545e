internal import Foundation
internal import Measure

/// The folder in which baselines are kept: `<folder>/<name>/<fingerprint>.json`.
public struct BaselineStore: Sendable {
  /// The folder.
  public let folder: String

  /// Names the folder; nothing is read or made.
  public init(_ folder: String) { self.folder = folder }

  /// Where a baseline of this name and fingerprint stands, or would.
  public func path(name: String, fingerprint: String) -> String {
    "\(folder)/\(name)/\(fingerprint).json"
  }

  /// Writes a baseline, whole or not at all; gives its path.
  ///
  /// Throws ``LedgerError`` where there is one already and it is not to be replaced, and where it
  /// cannot be written.
  @discardableResult
  public func write(_ baseline: Baseline, replace: Bool) throws(LedgerError) -> String {
    try Self.check(name: baseline.name)
    let path = path(name: baseline.name, fingerprint: baseline.fingerprint)
    guard replace || !FileManager.default.fileExists(atPath: path) else {
      throw LedgerError(
        .unfit, "there is a baseline already: \(path)",
        hint: "choose another name, or say --replace to lose it")
    }
    do {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(baseline.name)", withIntermediateDirectories: true)
    } catch {
      throw LedgerError(
        .io, "cannot create \(folder)/\(baseline.name): \(FaultReason.of(error))",
        hint: "choose a folder that you may write to with --baselines FOLDER")
    }
    try DurableFile.write(LedgerJSON.encode(baseline, pretty: true), to: path)
    return path
  }

  /// Names of all baselines, sorted; empty where there is no such folder.
  public var names: [String] {
    Self.entries(of: folder).filter { !fingerprints(of: $0).isEmpty }
  }

  /// Fingerprints of a name's files, sorted.
  func fingerprints(of name: String) -> [String] {
    Self.entries(of: "\(folder)/\(name)").filter { $0.hasSuffix(".json") }
      .map { String($0.dropLast(".json".count)) }
  }

  /// Reads every file of a name, sorted by fingerprint.
  ///
  /// Throws ``LedgerError`` where there is none, naming the nearest and what there is, and where a
  /// file is damaged.
  public func read(_ name: String) throws(LedgerError) -> [Baseline] {
    try Self.check(name: name)
    var found: [Baseline] = []
    for fingerprint in fingerprints(of: name) {
      found.append(try read(name, fingerprint: fingerprint))
    }
    guard !found.isEmpty else {
      let names = names
      let near = NearestWord.of(name, in: names).map { "did you mean \"\($0)\"? " } ?? ""
      let all =
        names.isEmpty
        ? "there is none yet; make one with `assay baseline set \(name) RECORD`"
        : "there is " + names.joined(separator: ", ")
      throw LedgerError(.unfit, "there is no baseline \"\(name)\" in \(folder)", hint: near + all)
    }
    return found
  }

  /// Reads every file of every name, sorted by both; what is damaged is told in `faults`.
  public func all() -> (found: [Baseline], faults: [LedgerError]) {
    var found: [Baseline] = []
    var faults: [LedgerError] = []
    for name in names {
      for fingerprint in fingerprints(of: name) {
        do throws(LedgerError) {
          try Self.check(name: name)
          found.append(try read(name, fingerprint: fingerprint))
        } catch {
          faults.append(error)
        }
      }
    }
    return (found, faults)
  }

  private func read(_ name: String, fingerprint: String) throws(LedgerError) -> Baseline {
    let path = path(name: name, fingerprint: fingerprint)
    let baseline = try read(path: path)
    let actual = Baseline.fingerprint(of: baseline.facts) ?? "none"
    for stated in [fingerprint, baseline.fingerprint] where stated != actual {
      throw LedgerError(
        .damaged, "\(path): it states fingerprint \(stated), and its facts give \(actual)",
        hint: Self.againHint)
    }
    return baseline
  }

  private func read(path: String) throws(LedgerError) -> Baseline {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw LedgerError(
        .io, "cannot read \(path)", hint: "check the file's permissions and its disk")
    }
    let format = try hinting { () throws(LedgerError) in
      try BaselineFile.format(of: data, at: path)
    }
    guard format == .string(Baseline.currentFormat) else {
      throw LedgerError(
        .damaged, "\(path): its format is not \(Baseline.currentFormat)",
        hint: "make it again with `assay baseline set`, or use the version of Assay that wrote it")
    }
    return try hinting { () throws(LedgerError) in try BaselineFile.decode(data, at: path) }
  }

  private static let againHint =
    "the file is damaged: take it from a copy, or make it again with `assay baseline set`"

  /// Reads, and gives a fault the hint of a baseline: the reader's own is that of a record.
  private func hinting<Value>(
    _ read: () throws(LedgerError) -> Value
  ) throws(LedgerError) -> Value {
    do {
      return try read()
    } catch {
      throw LedgerError(error.kind, error.message, hint: Self.againHint)
    }
  }

  private static func entries(of folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
      .filter { !$0.hasPrefix(".") }
  }

  /// A name is a folder's name and nothing that leads elsewhere.
  static func check(name: String) throws(LedgerError) {
    let allowed = { (character: Character) in
      character.isASCII
        && (character.isLetter || character.isNumber || "-._".contains(character))
    }
    guard !name.isEmpty, name.count <= 100, !name.hasPrefix("."), name.allSatisfy(allowed) else {
      throw LedgerError(
        .usage, "\"\(name)\" is no name for a baseline",
        hint: "use letters, digits, hyphen, dot and underscore, not beginning with a dot")
    }
  }
}
