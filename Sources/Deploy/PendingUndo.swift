internal import Foundation
internal import Host
internal import Measure

/// What takes an operation back, so written down that another process can do it later, from
/// anywhere.
///
/// Of a secret it has the name of the variable or file that it comes from, as the scenario does.
public struct PendingUndo: Hashable, Codable, Sendable {
  private var trigger: OperationTrigger
  private var withinNs: Nanoseconds
  /// Where the run was started: a command is run there.
  private var folder: String

  /// The way back of an operation that this process runs; nil where it has none.
  public init?(of operation: OnlineOperation) {
    guard let undo = operation.undo else { return nil }
    folder = FileManager.default.currentDirectoryPath
    withinNs = operation.withinNs
    trigger = undo.trigger.anchored(in: folder)
  }

  /// What will be called, in one line and without secrets.
  public var text: String { trigger.text }

  /// Calls it, and waits until it is accepted.
  ///
  /// Throws ``OperationFailure`` where it is refused or does not end in time.
  public func perform() throws(OperationFailure) {
    if case .http(let call) = trigger, case .environment(let name)? = call.token,
      (ProcessInfo.processInfo.environment[name] ?? "").isEmpty
    {
      throw OperationFailure(
        "its token is in the variable \(name), which is not set here",
        hint: "set \(name) as for the run, and do this again; sudo passes it on with "
          + "--preserve-env=\(name)")
    }
    _ = try trigger.perform(in: folder, until: MonotonicClock.now() + withinNs)
  }

  /// Shell commands that do the same.
  public var byHand: String {
    switch trigger {
    case .command(let words):
      return "cd \(Self.quoted(folder)) && " + words.map(Self.quoted).joined(separator: " ")
    case .http(let call):
      var words = ["curl", "--fail", "--request", call.method.rawValue]
      let kind = call.body.map { _ in ("Content-Type", "application/json") }
      let headers = Dictionary([kind].compactMap(\.self) + call.headers.map { ($0, $1) }) { $1 }
      for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
        words += ["--header", Self.quoted("\(name): \(value)")]
      }
      if let token = call.token {
        let scheme = call.tokenHeader == HTTPCall.standardTokenHeader ? "Bearer " : ""
        words += ["--header", Self.quoted("\(call.tokenHeader): \(scheme)") + Self.word(token)]
      }
      if let body = call.body { words += ["--data-binary", Self.quoted(body)] }
      return (words + [Self.quoted(call.url)]).joined(separator: " ")
    case .qmp(let call):
      let lines = [#"{"execute": "qmp_capabilities"}"#] + call.commands
      return "send to \(call.socket), a line each: " + lines.joined(separator: " ")
    }
  }

  private static func word(_ token: HTTPCall.TokenSource) -> String {
    switch token {
    case .environment(let name): "\"$\(name)\""
    case .file(let path): "\"$(cat \(quoted(path)))\""
    }
  }

  /// A word that the shell takes as it stands.
  private static func quoted(_ word: String) -> String {
    let plain =
      !word.isEmpty
      && word.allSatisfy {
        $0.isASCII && ($0.isLetter || $0.isNumber)
          || "/._-:=,@%+".contains($0)
      }
    return plain ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
  }
}

extension OperationTrigger {
  /// The same with whole paths, where files are named.
  fileprivate func anchored(in folder: String) -> OperationTrigger {
    func whole(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }
    switch self {
    case .command: return self
    case .http(var call):
      if case .file(let path)? = call.token { call.token = .file(path: whole(path)) }
      return .http(call: call)
    case .qmp(var call):
      call.socket = whole(call.socket)
      return .qmp(call: call)
    }
  }
}
