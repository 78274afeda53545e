internal import Scenario

extension FioImport {
  /// The scenario file: runs what the job file ran, once, with what changed as comments on top.
  ///
  /// Reads back as the same systems and workloads. nil where nothing could be imported.
  public var yaml: String? {
    guard !workloads.isEmpty else { return nil }
    var header = ["Imported from a fio job file."]
    header += workloads.compactMap { job in job.about.map { "\(job.name): \($0)" } }
    header += notes.map(\.description)
    header += errors.map { "not imported: \($0.description)" }
    var design = Design()
    // fio runs each job once.
    design.blocks = 1
    return ScenarioWriter.yaml(
      name: name, header: header, systems: systems.map { ($0.name, $0.target) },
      workloads: workloads.map { ($0.name, $0.workload, $0.systems) }, design: design)
  }
}
