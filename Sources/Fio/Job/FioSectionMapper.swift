internal import Measure
internal import Storage

/// Maps one job of a fio file; says something about every option in it.
struct FioSectionMapper {
  /// What a job became.
  struct Job {
    var name: String
    var about: String?
    var workload: StorageWorkload
    var target: StorageTarget
  }

  let section: FioJobFile.Section
  var notes: [FioDiagnostic] = []
  var errors: [FioDiagnostic] = []
  var mapped: [FioJobFile.Setting] = []
  var values = FioValue()
  private var settings: [String: FioJobFile.Setting] = [:]
  private var positions: [String: Int] = [:]
  private var open: Set<String> = []

  init(section: FioJobFile.Section) {
    self.section = section
    for (position, setting) in section.options.enumerated() {
      // The later one counts, as in fio; the earlier one is done with.
      if let overridden = settings.updateValue(setting, forKey: setting.name) {
        mapped.append(overridden)
      }
      positions[setting.name] = position
    }
    open = Set(settings.keys)
  }

  /// Whether fio would wait for the jobs above.
  var startsAfterOthers: Bool { isSet("stonewall") || settings["wait_for"] != nil }

  /// The job as workload and target; nil where it cannot be imported, with the reason in errors.
  mutating func map(targetSize: (String) -> Int64?) -> Job? {
    if text("kb_base") == "1000" { values.kiloBase = 1000 }
    checkEngineOptions()
    checkRanges()
    var workload = StorageWorkload(pattern: .sequentialRead)
    mapPattern(&workload)
    mapBlocks(&workload)
    mapEngine(&workload)
    let place = mapTarget(&workload, targetSize: targetSize)
    mapEnd(&workload, size: place?.size)
    mapLoad(&workload)
    mapWriting(&workload)
    mapPlacement(&workload)
    if let place { settle(&workload, target: place.target) }
    let name = text("name") ?? section.name
    let about = text("description")
    acceptWithoutEffect()
    listTheRest()
    guard errors.isEmpty, let place else { return nil }
    return Job(name: name, about: about, workload: workload, target: place.target)
  }

  // MARK: Looking up

  /// The setting of an option; from here on it counts as mapped.
  mutating func take(_ name: String) -> FioJobFile.Setting? {
    guard let setting = settings[name] else { return nil }
    if open.remove(name) != nil { mapped.append(setting) }
    return setting
  }

  /// The setting without marking it.
  func peek(_ name: String) -> FioJobFile.Setting? { settings[name] }

  /// Which of some options stands last: it overrides the others.
  func last(of names: String...) -> String? {
    names.filter { positions[$0] != nil }.max { (positions[$0] ?? 0) < (positions[$1] ?? 0) }
  }

  mutating func text(_ name: String) -> String? { take(name)?.value }

  /// A value read by `read`; a reason why not becomes an error at the value.
  mutating func value<T>(
    _ name: String, _ read: (FioValue, String) throws(FioValueError) -> T
  ) -> T? {
    guard let setting = take(name) else { return nil }
    do {
      return try read(values, setting.value ?? "1")
    } catch {
      fail(setting, error.message, nearest: error.nearest)
      return nil
    }
  }

  mutating func whole(_ name: String) -> Int64? {
    value(name) { values, text throws(FioValueError) in try values.whole(text) }
  }

  mutating func time(_ name: String) -> Nanoseconds? {
    value(name) { values, text throws(FioValueError) in try values.time(text) }
  }

  /// A switch; a bare option is on.
  mutating func flag(_ name: String) -> Bool? { whole(name).map { $0 != 0 } }

  private func isSet(_ name: String) -> Bool {
    guard let setting = settings[name] else { return false }
    return setting.value != "0"
  }

  // MARK: Saying something

  mutating func fail(_ setting: FioJobFile.Setting, _ message: String, nearest: String? = nil) {
    errors.append(
      FioDiagnostic(
        .error, at: setting.valuePlace, "`\(setting.written)`: \(message)", nearest: nearest))
  }

  mutating func changed(_ setting: FioJobFile.Setting?, _ message: String) {
    notes.append(
      FioDiagnostic(
        .changedMeaning, at: setting?.place ?? section.place,
        setting.map { "`\($0.written)`: \(message)" } ?? "[\(section.name)]: \(message)"))
  }

  /// Takes an option out of the mapped ones: it is listed with its reason.
  mutating func list(_ name: String, _ reason: String) {
    guard let setting = settings[name] else { return }
    open.remove(name)
    mapped.removeAll { $0 == setting }
    notes.append(
      FioDiagnostic(.noCounterpart, at: setting.place, "`\(setting.written)`: \(reason)"))
  }

  // MARK: Rules for all options

  /// fio refuses an option of an engine that the job does not use.
  private mutating func checkEngineOptions() {
    let engine = settings["ioengine"]?.value ?? "psync"
    for setting in settings.values.sorted(by: { $0.place < $1.place }) {
      guard let option = FioOption.named(setting.name), !option.engines.isEmpty,
        !option.engines.contains(engine)
      else { continue }
      _ = take(setting.name)
      errors.append(
        FioDiagnostic(
          .error, at: setting.place,
          "`\(setting.written)` is an option of \(option.engines.joined(separator: ", ")) and not "
            + "of ioengine \(engine)"))
    }
  }

  /// What fio itself would refuse: numbers that are none or out of range.
  private mutating func checkRanges() {
    for setting in settings.values.sorted(by: { $0.place < $1.place }) {
      guard let option = FioOption.named(setting.name), let range = option.range,
        let text = setting.value
      else { continue }
      for part in text.split(whereSeparator: { $0 == "," || $0 == "/" }) {
        guard let number = try? values.whole(String(part)) else {
          // Words are allowed for some; the options that Assay maps are read strictly below.
          if option.kind == .bool { fail(setting, "`\(part)` is not 0 or 1") }
          continue
        }
        if !range.contains(number) {
          let bound = range.upperBound == .max ? "at least" : "\(range.lowerBound) to"
          let limit = range.upperBound == .max ? range.lowerBound : range.upperBound
          fail(setting, "\(number) is out of range; fio takes \(bound) \(limit)")
        }
      }
    }
  }

  /// Options whose meaning Assay has in any case.
  private mutating func acceptWithoutEffect() {
    for name in FioCounterparts.always { _ = take(name) }
    if flag("stonewall") == false { changed(peek("stonewall"), "cases never overlap in Assay") }
  }

  private mutating func listTheRest() {
    for name in open.sorted(by: { (positions[$0] ?? 0) < (positions[$1] ?? 0) }) {
      list(name, FioCounterparts.reason(name))
    }
  }
}
