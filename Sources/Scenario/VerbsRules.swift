internal import Measure
internal import Networking

/// Finds keys of a verbs workload that contradict each other or what the tests can do.
struct VerbsRules {
  struct Problem: Hashable {
    var path: String
    var message: String
    var hint: String?
  }

  /// Of the workload: `workloads.send-latency`.
  let path: String
  /// The values that the file gives.
  let given: Value
  /// Swept keys.
  let axes: [String]
  /// Keys whose value could not be read; `*` where it could be any.
  let broken: Set<String>

  /// The longest trial: the peer lets go of what takes longer.
  private static let longest = Nanoseconds.seconds(7 * 24 * 3600)

  /// Checks every point; a key without use is at fault only where no point has any.
  func problems(of workload: ScenarioWorkload) -> [Problem] {
    let points = workload.points.compactMap(\.workload.verbs)
    var found: [Problem] = []
    for point in points {
      for problem in contradictions(point) where !found.contains(problem) { found.append(problem) }
    }
    for (key, message, isUsed) in Self.uses where names(key) && !isOpen(key) {
      guard !points.isEmpty, !points.contains(where: isUsed) else { continue }
      found.append(Problem(path: place(key), message: message, hint: "leave it out"))
    }
    return found
  }

  private typealias Use = (
    key: String, message: String, isUsed: @Sendable (VerbsWorkload) -> Bool
  )

  private static let uses: [Use] = [
    (
      "queue-depth", "queue-depth means nothing with measure: latency, which has one in flight",
      { $0.measure == .bandwidth }
    ),
    (
      "inline-size", "inline-size means nothing with operation: read, which sends nothing",
      { $0.operation != .read }
    ),
  ]

  private func contradictions(_ workload: VerbsWorkload) -> [Problem] {
    var found: [Problem] = []
    func wrong(_ key: String, _ message: String, _ hint: String) {
      guard !isOpen(key) else { return }
      found.append(Problem(path: place(key), message: message, hint: hint))
    }
    if workload.messageSize > VerbsWorkload.largestMessage {
      wrong(
        "message-size", "message-size \(workload.messageSize.text) is more than a test sends",
        "use at most \(VerbsWorkload.largestMessage.text)")
    }
    if workload.ramp + workload.duration > Self.longest {
      wrong("duration", "ramp and duration are more than a week", "use a shorter duration")
    }
    return found
  }

  private func names(_ key: String) -> Bool { given[key] != nil || axes.contains(key) }

  private func place(_ key: String) -> String {
    axes.contains(key) ? "\(path).sweep.\(key)" : "\(path).verbs.\(key)"
  }

  /// Whether a rule about a key cannot be judged, because something that it needs is not known.
  private func isOpen(_ key: String) -> Bool {
    !broken.isDisjoint(with: ["*", key, "measure", "operation"])
  }
}
