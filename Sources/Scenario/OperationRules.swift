internal import Deploy
internal import Host
internal import Measure
internal import Storage

/// Finds what of an operation contradicts itself or its workload, whatever the machine.
enum OperationRules {
  struct Problem {
    /// Below `operation`; empty is the operation itself.
    var path: String
    var message: String
    var hint: String?
    var severity = Diagnostic.Severity.error
  }

  /// What can run, but surely not as meant: a disk comes or goes once, and not `times` times.
  static func warning(_ operation: OnlineOperation, times: Int) -> Problem? {
    guard times > 1, operation.undo == nil,
      let change = operation.expectation?.change, change != .grows
    else { return nil }
    return Problem(
      path: "", message: "the operation runs \(times) times and is never undone",
      hint: "give it an undo, or run it once (one block, system and point)", severity: .warning)
  }

  static func problems(
    of operation: OnlineOperation, _ given: Value, beside workload: StorageWorkload
  ) -> [Problem] {
    var problems = times(operation, workload)
    if !workload.timestamps {
      problems.append(
        Problem(
          path: "", message: "an operation needs timestamps",
          hint: "leave out timestamps: false"))
    }
    if let disk = operation.expectation?.disk.text, disk.hasPrefix("/"), !disk.hasPrefix("/dev/") {
      problems.append(
        Problem(
          path: "expect", message: "\(disk) does not lie below /dev",
          hint: "name the disk by serial number, /dev/..., PCI address or NQN"))
    }
    problems += self.problems(of: operation.trigger, given, "")
    if let undo = operation.undo {
      problems += self.problems(of: undo.trigger, given["undo"] ?? given, "undo.")
    }
    return problems
  }

  private static func times(
    _ operation: OnlineOperation, _ workload: StorageWorkload
  ) -> [Problem] {
    guard workload.steadyState == nil, let duration = workload.duration else {
      return [
        Problem(
          path: "", message: "an operation needs a workload with a duration",
          hint: "give storage a duration: 60s, and no steady-state")
      ]
    }
    guard operation.atNs < duration else {
      return [
        Problem(
          path: "at", message: "at \(operation.atNs.text) the workload of \(duration.text) is over",
          hint: "trigger earlier, or give storage a longer duration")
      ]
    }
    guard let after = operation.undo?.afterNs, operation.atNs + after >= duration else { return [] }
    return [
      Problem(
        path: "undo.after",
        message: "\(after.text) after \(operation.atNs.text) the workload of \(duration.text) is "
          + "over",
        hint: "leave out after to undo when the trial has ended")
    ]
  }

  private static func problems(
    of trigger: OperationTrigger, _ given: Value, _ path: String
  ) -> [Problem] {
    switch trigger {
    case .command: []
    case .http(let call): problems(of: call, given["http"], path + "http")
    case .qmp(let call):
      call.commands.enumerated().compactMap { index, text in
        guard !isCommand(text) else { return nil }
        return Problem(
          path: "\(path)qmp.commands.\(index)", message: "this is no QMP command: \(text)",
          hint: "it is a JSON object in quotes: '{\"execute\": \"device_del\", ...}'")
      }
    }
  }

  private static func isCommand(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    let value = bytes.withUnsafeBufferPointer { try? JSONReader.value(of: $0) }
    if case .string? = value?["execute"] { return true }
    return false
  }

  /// Headers that carry secrets (RFC 9110, section 11; OpenStack's Identity API v3).
  private static let secret: Set<String> = [
    "authorization", "proxy-authorization", "cookie", "x-auth-token", "x-subject-token",
    "x-api-key",
  ]

  private static func problems(
    of call: HTTPCall, _ given: Value?, _ path: String
  ) -> [Problem] {
    var problems: [Problem] = []
    let isWeb = call.url.hasPrefix("http://") || call.url.hasPrefix("https://")
    let host = call.url.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
    if !isWeb || host.isEmpty || call.url.contains(where: \.isWhitespace) {
      problems.append(
        Problem(
          path: "\(path).url", message: "\"\(call.url)\" is no address of a web service",
          hint: "write https://host/path"))
    } else if host.contains("@") {
      problems.append(
        Problem(
          path: "\(path).url", message: "a secret in the address would stand in the record",
          hint: "give token-from-env or token-from-file"))
    }
    for name in call.headers.keys.sorted() where secret.contains(name.lowercased()) {
      problems.append(
        Problem(
          path: "\(path).headers.\(name)",
          message: "a secret in the header \(name) would stand in the record",
          hint: "give token-from-env: NAME and token-header: \(name)"))
    }
    if given?["token-from-env"] != nil, given?["token-from-file"] != nil {
      problems.append(
        Problem(
          path: "\(path).token-from-file", message: "the token comes from two places",
          hint: "give token-from-env or token-from-file"))
    }
    if given?["token-header"] != nil, call.token == nil {
      problems.append(
        Problem(
          path: "\(path).token-header", message: "token-header means nothing without a token",
          hint: "give token-from-env or token-from-file"))
    }
    return problems
  }
}
