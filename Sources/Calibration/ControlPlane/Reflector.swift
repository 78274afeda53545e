internal import Foundation
internal import Measure
internal import Synchronization

/// Lists a collection and watches it, as client-go's Reflector of 1.20 does.
///
/// tools/cache/reflector.go: a watch that ends is taken up at the last version seen; one whose
/// version is too old (410), or that ends within a second without an event, is followed by a new
/// list after the back-off; a refused connection is tried again after a back-off of its own.
final class Reflector<Object: KubernetesObject>: Sendable {
  /// What a reflector tells.
  enum Change: Sendable {
    /// All objects there are, after a list.
    case listed([Object])
    /// One was added or has changed.
    case changed(Object)
    /// One is gone.
    case deleted(Object)
  }

  private let client: KubernetesClient
  private let operation: APIOperation
  private let path: String
  private let seed: UInt64
  private let counts = Mutex(WatchCounts())

  /// `path` is the collection's, with its selectors as a query if there are any.
  init(_ client: KubernetesClient, _ resource: String, path: String, seed: UInt64) {
    self.client = client
    self.operation = APIOperation("LIST", resource)
    self.path = path + (path.contains("?") ? "&" : "?")
    self.seed = seed
  }

  /// What happened so far.
  var watchCounts: WatchCounts { counts.withLock { $0 } }

  /// Runs until its task is cancelled.
  func run(_ handle: @Sendable (Change) -> Void) async {
    var random = SeededRandom(seed: seed)
    var listBackoff = Backoff()
    var connectionBackoff = Backoff()
    var version = "0"
    while !Task.isCancelled {
      do {
        version = try await list(version, handle)
        try await watch(from: &version, &random, &connectionBackoff, handle)
      } catch {
        // What went wrong stands in the client's log; here it only means: list again.
      }
      try? await Task.sleep(for: listBackoff.next(&random))
    }
  }

  private func list(_ version: String, _ handle: (Change) -> Void) async throws -> String {
    let list = try await client.send(
      operation, path + "resourceVersion=\(version)", as: ObjectList<Object>.self)
    counts.withLock { $0.lists += 1 }
    handle(.listed(list.items))
    return list.metadata.resourceVersion ?? "0"
  }

  /// Watches until a new list is due.
  private func watch(
    from version: inout String, _ random: inout SeededRandom, _ backoff: inout Backoff,
    _ handle: (Change) -> Void
  ) async throws {
    while !Task.isCancelled {
      // minWatchTimeout: between 5 and 10 minutes.
      let seconds = 300 + random.below(300)
      let options =
        "watch=1&resourceVersion=\(version)&allowWatchBookmarks=true&timeoutSeconds=\(seconds)"
      var lines: WatchLines
      do {
        lines = try await client.watch(operation.resource, path + options)
      } catch  where KubernetesClient.isConnectionRefused(error) {
        try await Task.sleep(for: backoff.next(&random))
        continue
      }
      let begun = MonotonicClock.now()
      counts.withLock { $0.established.append(begun) }
      let events = try await follow(&lines, &version, handle)
      let ended = MonotonicClock.now()
      counts.withLock { $0.ended.append(ended) }
      if events == nil || (events == 0 && ended - begun < .seconds(1)) { return }
    }
  }

  /// Follows a watch to its end; gives how many events there were, or nil when it failed by an
  /// event.
  private func follow(
    _ lines: inout WatchLines, _ version: inout String, _ handle: (Change) -> Void
  ) async throws -> Int? {
    let decoder = JSONDecoder()
    var events = 0
    while !Task.isCancelled {
      let line: Data
      do {
        guard let next = try await lines.next() else { break }
        line = next
      } catch {
        break  // The connection broke, which ends a watch as the server's own end does.
      }
      events += 1
      switch try decoder.decode(WatchEvent<Object>.self, from: line) {
      case .changed(let object):
        version = object.metadata.resourceVersion ?? version
        handle(.changed(object))
      case .deleted(let object):
        version = object.metadata.resourceVersion ?? version
        handle(.deleted(object))
      case .bookmark(let next): version = next
      case .failed(let code):
        counts.withLock { $0.failures[code, default: 0] += 1 }
        return nil
      }
    }
    return events
  }
}

/// What a watcher went through.
struct WatchCounts: Sendable {
  /// Lists that succeeded, the first among them.
  var lists = 0
  /// When a watch was answered.
  var established: [Nanoseconds] = []
  /// When one ended, whoever ended it.
  var ended: [Nanoseconds] = []
  /// ERROR events by code; 410 is "too old resource version".
  var failures: [Int: Int] = [:]

  /// Whether a watch is open.
  var isUp: Bool { established.count > ended.count }
  /// How often the version was too old.
  var expired: Int { failures[410] ?? 0 }
}

/// client-go's exponential back-off manager, with the parameters of its reflector.
///
/// 800 ms, doubled up to 30 s, each plus up to as much again at random; back at the start after two
/// minutes of quiet (tools/cache/reflector.go, util/wait).
struct Backoff {
  private var base = Nanoseconds.milliseconds(800)
  private var last: Nanoseconds?

  mutating func next(_ random: inout SeededRandom) -> Duration {
    let now = MonotonicClock.now()
    if let last, now - last > .seconds(120) { base = .milliseconds(800) }
    last = now
    let wait = Double(base.count) * (1 + random.unit())
    base = min(base * 2, .seconds(30))
    return .nanoseconds(Int64(wait))
  }
}
