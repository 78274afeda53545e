public import Host
public import Measure

/// Something that is done while I/O runs: a disk is added, removed or grown, a path is cut.
public struct OnlineOperation: Hashable, Codable, Sendable {
  /// When it is triggered, from the start of measuring.
  public var atNs: Nanoseconds
  /// What triggers it.
  public var trigger: OperationTrigger
  /// What is then to be seen; nil watches nothing.
  public var expectation: DiskExpectation?
  /// How long its acceptance, what is expected and its undoing may each take.
  public var withinNs = Nanoseconds.seconds(30)
  /// What takes it back; nil leaves it as it is.
  public var undo: Undo?

  /// Plans an operation.
  public init(atNs: Nanoseconds, trigger: OperationTrigger) {
    self.atNs = atNs
    self.trigger = trigger
  }

  /// What takes an operation back.
  public struct Undo: Hashable, Codable, Sendable {
    /// What triggers it.
    public var trigger: OperationTrigger
    /// So long after the operation was triggered; nil is after the trial.
    public var afterNs: Nanoseconds?

    /// Plans the way back.
    public init(trigger: OperationTrigger, afterNs: Nanoseconds?) {
      self.trigger = trigger
      self.afterNs = afterNs
    }
  }

  /// What will be called and what is expected, in one line.
  public var text: String {
    var text = trigger.text
    if let expectation { text += ", \(expectation.text)" }
    if let undo {
      text += "; undone by \(undo.trigger.text)"
      text += undo.afterNs == nil ? " after the trial" : " in mid-run"
    }
    return text
  }
}

/// What triggers an operation.
public enum OperationTrigger: Hashable, Codable, Sendable {
  /// A program with its arguments; it is accepted when it exits with 0.
  case command(words: [String])
  /// An HTTP request; it is accepted with a status of 200 to 299.
  case http(call: HTTPCall)
  /// Commands to QEMU's monitor; they are accepted when each has returned.
  case qmp(call: QMPCall)

  /// What is called, in one line and without secrets.
  public var text: String {
    switch self {
    case .command(let words): "command `\(words.joined(separator: " "))`"
    case .http(let call): "\(call.method.rawValue) \(call.url)"
    case .qmp(let call): "QMP \(call.commands.joined(separator: " ")) through \(call.socket)"
    }
  }
}

/// An HTTP request.
public struct HTTPCall: Hashable, Codable, Sendable {
  /// What is asked for.
  public var method: Method
  /// Of whom: http or https.
  public var url: String
  /// The body; nil sends none.
  public var body: String?
  /// Headers, by name.
  public var headers: [String: String]
  /// Where a secret comes from; nil sends none.
  public var token: TokenSource?
  /// The header that carries the secret; with `Authorization` it follows the word `Bearer`.
  public var tokenHeader: String

  /// The header that carries a secret unless another is named.
  public static let standardTokenHeader = "Authorization"

  /// Describes a request.
  public init(
    method: Method, url: String, body: String? = nil, headers: [String: String] = [:],
    token: TokenSource? = nil, tokenHeader: String = standardTokenHeader
  ) {
    self.method = method
    self.url = url
    self.body = body
    self.headers = headers
    self.token = token
    self.tokenHeader = tokenHeader
  }

  /// HTTP methods.
  public enum Method: String, CaseIterable, Codable, Sendable {
    /// Reads.
    case get = "GET"
    /// Creates, or runs an action.
    case post = "POST"
    /// Replaces.
    case put = "PUT"
    /// Changes.
    case patch = "PATCH"
    /// Removes.
    case delete = "DELETE"
  }

  /// Where a secret comes from: it is read when it is used, and is no part of any record.
  public enum TokenSource: Hashable, Codable, Sendable {
    /// A variable of the environment.
    case environment(name: String)
    /// The first line of a file.
    case file(path: String)
  }
}

/// Commands to QEMU's monitor (QMP).
public struct QMPCall: Hashable, Codable, Sendable {
  /// A Unix socket, or a character device such as a virtio-serial port.
  public var socket: String
  /// JSON objects, each with `execute`, in order.
  public var commands: [String]

  /// Describes the commands.
  public init(socket: String, commands: [String]) {
    self.socket = socket
    self.commands = commands
  }
}

/// What is to be seen of a disk.
public struct DiskExpectation: Hashable, Codable, Sendable {
  /// What happens to it.
  public var change: Change
  /// Which disk.
  public var disk: DiskName

  /// Expects a change.
  public init(change: Change, disk: DiskName) {
    self.change = change
    self.disk = disk
  }

  /// What can happen to a disk.
  public enum Change: String, CaseIterable, Codable, Sendable {
    /// It comes, and its first block can be read.
    case appears
    /// It goes.
    case vanishes
    /// It becomes larger, and the last block of the new part can be read.
    case grows
  }

  /// The expectation in words: `vol-1 appears`.
  public var text: String { "\(disk.text) \(change.rawValue)" }
}
