internal import Foundation
internal import FoundationNetworking
internal import Measure
internal import Synchronization

/// Sends an HTTP request, with a deadline.
enum HTTPRequestCall {
  private enum Answer {
    case failed(String)
    case status(Int, body: String, at: Nanoseconds)
  }

  /// Handed from the session's thread to the one that waits.
  private final class Box: Sendable {
    let answer = Mutex<Answer?>(nil)
  }

  /// Gives the moment at which the answer was there.
  static func perform(
    _ call: HTTPCall, until deadline: Nanoseconds
  ) throws(OperationFailure) -> Nanoseconds {
    let request = try request(call)
    let configuration = URLSessionConfiguration.ephemeral
    let left = max((deadline - MonotonicClock.now()).inSeconds, 0.001)
    configuration.timeoutIntervalForRequest = left
    configuration.timeoutIntervalForResource = left
    let session = URLSession(configuration: configuration)
    defer { session.invalidateAndCancel() }
    let box = Box()
    let task = session.dataTask(with: request) { data, response, error in
      let moment = MonotonicClock.now()
      let answer: Answer =
        if let response = response as? HTTPURLResponse {
          .status(
            response.statusCode, body: String(decoding: data ?? Data(), as: UTF8.self), at: moment)
        } else {
          .failed(Self.reason(error))
        }
      box.answer.withLock { $0 = answer }
    }
    task.resume()
    while true {
      if let answer = box.answer.withLock({ $0 }) { return try judge(answer, call) }
      guard MonotonicClock.now() < deadline else {
        throw OperationFailure("\(call.method.rawValue) \(call.url): no answer in time")
      }
      MonotonicClock.sleep(until: MonotonicClock.now() + .microseconds(500))
    }
  }

  private static func judge(
    _ answer: Answer, _ call: HTTPCall
  ) throws(OperationFailure) -> Nanoseconds {
    let what = "\(call.method.rawValue) \(call.url)"
    switch answer {
    case .failed(let reason): throw OperationFailure("\(what): \(reason)")
    case .status(let status, let body, let moment):
      if (200...299).contains(status) { return moment }
      let line = body.split(whereSeparator: \.isNewline).first.map { ": \($0.prefix(200))" } ?? ""
      throw OperationFailure("\(what): status \(status)\(line)", hint: advice(status))
    }
  }

  private static func advice(_ status: Int) -> String? {
    switch status {
    case 401, 403: "check the token and what it may do"
    case 404: "check the address"
    default: nil
    }
  }

  private static func reason(_ error: (any Error)?) -> String {
    guard let error = error as NSError? else { return "no answer" }
    let text = error.userInfo[NSLocalizedDescriptionKey] as? String ?? error.localizedDescription
    return error.code == NSURLErrorTimedOut ? "no answer in time" : text
  }

  private static func request(_ call: HTTPCall) throws(OperationFailure) -> URLRequest {
    guard let url = URL(string: call.url) else {
      throw OperationFailure("\"\(call.url)\" is no address")
    }
    var request = URLRequest(url: url)
    request.httpMethod = call.method.rawValue
    request.httpBody = call.body.map { Data($0.utf8) }
    if call.body != nil { request.setValue("application/json", forHTTPHeaderField: "Content-Type") }
    for (name, value) in call.headers { request.setValue(value, forHTTPHeaderField: name) }
    if let token = call.token {
      let secret = try token.read()
      let isBearer = call.tokenHeader == HTTPCall.standardTokenHeader
      request.setValue(
        isBearer ? "Bearer \(secret)" : secret, forHTTPHeaderField: call.tokenHeader)
    }
    return request
  }
}

extension HTTPCall.TokenSource {
  /// The secret, without spaces and new lines around it.
  func read() throws(OperationFailure) -> String {
    let found: String?
    let place: String
    switch self {
    case .environment(let name):
      found = ProcessInfo.processInfo.environment[name]
      place = "the variable \(name) of the environment"
    case .file(let path):
      found = try? String(contentsOfFile: path, encoding: .utf8)
      place = path
    }
    let secret = found?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    guard !secret.isEmpty, !secret.contains(where: \.isNewline) else {
      throw OperationFailure("no token in \(place)", hint: "put it there, and nothing else")
    }
    return secret
  }
}
