public import Host
internal import Measure

/// A connection that the kernel holds for a system.
public struct FabricsLink: Sendable {
  /// Where it leads, as asked for.
  public var place: FabricsAddress
  /// What it turned out to be.
  public var facts: FabricsFacts
}

/// The connections that the kernel is asked for, for as long as a run goes on.
final class FabricsConnections {
  private var connections: [(system: String, connection: FabricsConnection)] = []
  private var links: [String: FabricsLink] = [:]
  private let progress: any RunProgress

  init(_ progress: any RunProgress) { self.progress = progress }

  /// Connects a system.
  ///
  /// Throws ``HostError`` with the most likely reason.
  func open(_ place: FabricsAddress, for system: String) throws(HostError) {
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
