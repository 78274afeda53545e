public import Storage

/// What a fio job file means in Assay's words.
public struct FioImport: Sendable {
  /// A name for the scenario, from the file's.
  public var name: String
  /// What is tested: one per file or device that the jobs name.
  public var systems: [System]
  /// What is done, in the file's order.
  ///
  /// A job that cannot be imported is missing and has an error.
  public var workloads: [Workload]
  /// What has no counterpart and what means something a little different, by place.
  public var notes: [FioDiagnostic]
  /// What is wrong with the file, or cannot be imported at all, by place.
  public var errors: [FioDiagnostic]
  /// The options that found their counterpart, by place.
  ///
  /// Every other one is in ``notes`` or
  /// ``errors``: no option of the file is passed over.
  public var mapped: [FioJobFile.Setting]

  /// One thing under test.
  public struct System: Sendable, Hashable {
    /// Its name in the scenario.
    public var name: String
    /// What it is.
    public var target: StorageTarget
  }

  /// One job as a workload.
  public struct Workload: Sendable, Hashable {
    /// Its name in the scenario.
    public var name: String
    /// What it does.
    public var workload: StorageWorkload
    /// The systems that it runs on, by name.
    public var systems: [String]
    /// The job's description, where it has one.
    public var about: String?
  }

  /// Maps every job of a file.
  ///
  /// `targetSize` gives the size in bytes of a device or file that is there already, for
  /// percentages (`size=50%`); nil where it is not known. Where fio's default differs from
  /// Assay's, fio's is set: the workloads do what fio would have done.
  public static func map(
    _ file: FioJobFile, targetSize: (String) -> Int64? = { _ in nil }
  ) -> FioImport {
    var result = FioImport(
      name: scenarioName(file.path), systems: [], workloads: [], notes: [], errors: file.errors,
      mapped: [])
    var stonewalled = 0
    for (index, section) in file.sections.enumerated() {
      var mapper = FioSectionMapper(section: section)
      let job = mapper.map(targetSize: targetSize)
      result.notes += mapper.notes
      result.errors += mapper.errors
      result.mapped += mapper.mapped
      if index > 0, mapper.startsAfterOthers { stonewalled += 1 }
      if let job { result.add(job, of: section) }
    }
    if file.sections.count > stonewalled + 1, let first = file.sections.first {
      result.notes.insert(
        FioDiagnostic(
          .changedMeaning, at: first.place,
          "concurrent sections become separate cases: fio runs the jobs of this file at the same "
            + "time, Assay one after the other; figures of jobs that shared a device will differ"),
        at: 0)
    }
    result.uniteGlobals()
    return result
  }

  private mutating func add(_ job: FioSectionMapper.Job, of section: FioJobFile.Section) {
    let workload = Self.unique(Self.word(job.name, or: "job"), in: workloads.map(\.name))
    workloads.append(
      Workload(
        name: workload, workload: job.workload, systems: [systemName(for: job.target)],
        about: job.about))
  }

  /// The system for a target; a file that several jobs name is as large as the largest needs it.
  private mutating func systemName(for target: StorageTarget) -> String {
    if let path = target.path, let index = systems.firstIndex(where: { $0.target.path == path }) {
      if case .file(var known) = systems[index].target, case .file(let other) = target {
        known.size = known.size.flatMap { size in other.size.map { max(size, $0) } }
        known.keep = known.keep || other.keep
        systems[index].target = .file(known)
      }
      return systems[index].name
    }
    if let same = systems.first(where: { $0.target == target }) { return same.name }
    let base = target.path?.split(separator: "/").last.map(String.init) ?? "nothing"
    let name = Self.unique(Self.word(base, or: "target"), in: systems.map(\.name))
    systems.append(System(name: name, target: target))
    return name
  }

  /// A setting of `[global]` is seen once a job; what is said about it is said once.
  private mutating func uniteGlobals() {
    func once(_ list: [FioDiagnostic]) -> [FioDiagnostic] {
      var seen: Set<FioDiagnostic> = []
      return list.filter { seen.insert($0).inserted }
    }
    notes = once(notes)
    errors = once(errors)
    var seen: Set<FioJobFile.Setting> = []
    mapped = mapped.filter { seen.insert($0).inserted }
  }

  private static func scenarioName(_ path: String) -> String {
    let base = path.split(separator: "/").last.map(String.init) ?? ""
    return word(base.hasSuffix(".fio") ? String(base.dropLast(4)) : base, or: "fio-job")
  }

  /// A name as scenarios have them: a-z, digits and hyphens.
  static func word(_ text: String, or fallback: String) -> String {
    let parts = text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    return parts.isEmpty ? fallback : parts.joined(separator: "-")
  }

  private static func unique(_ name: String, in taken: [String]) -> String {
    guard taken.contains(name) else { return name }
    var number = 2
    while taken.contains("\(name)-\(number)") { number += 1 }
    return "\(name)-\(number)"
  }
}
