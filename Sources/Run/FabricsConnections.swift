public import Host
internal import Measure
internal import Scenario
internal import Storage

/// A connection that the kernel holds for a system.
public struct FabricsLink: Sendable {
  /// Where it leads, as asked for.
  public var place: FabricsAddress
  /// What it turned out to be.
  public var facts: FabricsFacts
}

/// The connections that the kernel is asked for, for as long as a run goes on.
public final class FabricsConnections {
  private var connections: [(system: String, connection: FabricsConnection)] = []
  private var links: [String: FabricsLink] = [:]
  private let progress: any RunProgress

  private init(_ progress: any RunProgress) { self.progress = progress }

  /// Connects every system of the plan that the kernel's initiator is to reach.
  ///
  /// Throws ``RunError`` with the most likely reason; then nothing stays connected.
  static func open(
    for plan: Plan, _ progress: any RunProgress
  ) throws(RunError) -> FabricsConnections {
    let all = FabricsConnections(progress)
    var seen: Set<String> = []
    for trial in plan.trials where seen.insert(trial.key.system).inserted {
      guard case .fabrics(let place)? = trial.work.storage?.target, place.initiator == .kernel
      else { continue }
      progress.preparing("connecting \(trial.key.system): \(place.text)")
      do throws(HostError) {
        try all.open(place, for: trial.key.system)
      } catch {
        all.close()
        throw RunError(
          .unavailable,
          [
            "system \(trial.key.system): \(error.place): \(error.problem)"
              + (error.remedy.map { "\n  hint: \($0)" } ?? "")
          ])
      }
    }
    return all
  }

  private func open(_ place: FabricsAddress, for system: String) throws(HostError) {
    let connection = try FabricsConnection.open(place)
    connections.append((system, connection))
    links[system] = FabricsLink(place: place, facts: try connection.facts())
  }

  /// The connection of a system; nil where it has none.
  func link(of system: String) -> FabricsLink? { links[system] }

  /// What was changed on the machine, one text each.
  var changes: [String] {
    connections.map { "connected \($0.connection.place.text) as \($0.connection.controller)" }
  }

  /// Disconnects all, whatever happens to each; safe to call twice.
  func close() {
    for (system, connection) in connections {
      do throws(HostError) {
        try connection.disconnect()
      } catch {
        progress.noted("system \(system): \(error.description); `assay cleanup` tries again")
      }
    }
    connections = []
  }
}
