internal import Foundation
internal import Measure

extension OperationTrigger {
  /// Calls what is to be called; gives the moment at which it was accepted.
  ///
  /// A command runs in `folder`; nil is where this process is.
  func perform(
    in folder: String? = nil, until deadline: Nanoseconds
  ) throws(OperationFailure) -> Nanoseconds {
    switch self {
    case .command(let words): try CommandCall.perform(words, in: folder, until: deadline)
    case .http(let call): try HTTPRequestCall.perform(call, until: deadline)
    case .qmp(let call): try QMPSession.perform(call, until: deadline)
    }
  }

  /// What is seen to be missing before anything runs; nil where nothing is.
  func obstacle() -> OperationFailure? {
    switch self {
    case .command(let words): return Self.obstacle(program: words[0])
    case .http(let call):
      do throws(OperationFailure) {
        _ = try call.token?.read()
        return nil
      } catch {
        return error
      }
    case .qmp(let call):
      guard access(call.socket, F_OK) != 0 else { return nil }
      return OperationFailure(
        "\(call.socket) is not there", hint: "name the socket of QEMU's -qmp option")
    }
  }

  private static func obstacle(program: String) -> OperationFailure? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let candidates =
      program.contains("/") ? [program] : path.split(separator: ":").map { "\($0)/\(program)" }
    guard !candidates.contains(where: { access($0, X_OK) == 0 }) else { return nil }
    return OperationFailure(
      "there is no program `\(program)`", hint: "give its full path, or install it")
  }
}

extension OnlineOperation {
  /// What is seen to be missing before anything runs: programs, sockets, tokens.
  public func obstacles() -> [OperationFailure] {
    [trigger, undo?.trigger].compactMap { $0?.obstacle() }
  }
}
