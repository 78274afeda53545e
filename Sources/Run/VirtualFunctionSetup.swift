internal import Host
internal import Measure

/// The virtual functions that are made for the systems of a plan, for as long as a run goes on.
final class VirtualFunctionSetup {
  private var made: [VirtualFunctions] = []
  private var found: [String: VirtualFunctionFacts] = [:]
  private let progress: any RunProgress

  init(_ progress: any RunProgress) { self.progress = progress }

  /// Makes what a system needs; systems on one device share its functions.
  ///
  /// Throws ``HostError`` with what is in the way.
  func open(_ place: VirtualFunctionPlace, for system: String) throws(HostError) {
    let parent = try VirtualFunctions.parent(of: place)
    let functions: VirtualFunctions
    if let known = made.first(where: { $0.address == parent }) {
      functions = known
    } else {
      functions = try VirtualFunctions.make(place)
      made.append(functions)
    }
    let same = found.values.first { $0.parentAddress == parent && $0.number == place.number }
    if let same, same.namespace == place.namespace {
      found[system] = same
    } else {
      found[system] = try functions.use(place)
    }
  }

  /// The function of a system; nil where it has none.
  func facts(of system: String) -> VirtualFunctionFacts? { found[system] }

  /// What was changed on the machine, one text each.
  var changes: [String] { made.map(\.text) }

  /// Takes them all away, whatever happens to each; safe to call twice.
  func close() {
    for functions in made {
      do throws(HostError) {
        try functions.remove()
      } catch {
        progress.noted("\(functions.address): \(error.description); `assay cleanup` tries again")
      }
    }
    made = []
  }
}
