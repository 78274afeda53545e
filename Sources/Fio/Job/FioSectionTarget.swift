internal import Measure
internal import Storage

extension FioSectionMapper {
  /// A target with the bytes that a job covers on it, where they are known.
  struct Target {
    var target: StorageTarget
    var size: Int64?
  }

  /// filename, directory, size, filesize, offset and what belongs to them.
  mutating func mapTarget(
    _ workload: inout StorageWorkload, targetSize: (String) -> Int64?
  ) -> Target? {
    let jobs = max(Int64(workload.jobs), 1)
    let files = filePath()
    let fileSize = whole("filesize")
    let keep = flag("unlink") != true
    if let setting = peek("nrfiles"), setting.value != "1", peek("filename") == nil {
      _ = take("nrfiles")
      fail(setting, "a system is one file; give one filename, or make a system of each")
    } else if peek("nrfiles")?.value == "1" {
      _ = take("nrfiles")
    }
    guard let files else { return nil }
    let known = files.path.flatMap { fileSize ?? targetSize($0) }
    let offset = bytes("offset", of: known) ?? 0
    let size = bytes("size", of: known)
    workload.regionOffset = ByteCount(offset)
    workload.regionSize = size.map { ByteCount($0) }
    workload.jobRegions = .shared
    mapIncrement(&workload, size: size, jobs: jobs)
    guard let path = files.path else {
      return Target(target: .none(size: none(size, offset)), size: size)
    }
    if path.hasPrefix("/dev/"), !path.hasPrefix("/dev/shm/") {
      // Without a size fio works on all of the device.
      return Target(
        target: .device(path: path), size: size ?? known.map { Swift.max($0 - offset, 0) })
    }
    guard let needed = fileSize ?? size.map({ $0 + offset }) ?? known else {
      errors.append(
        FioDiagnostic(
          .error, at: section.place,
          "[\(section.name)]: `size` is missing: fio needs it for a file, and so does Assay"))
      return nil
    }
    if jobs > 1, files.perJob {
      // fio gives each clone a file of its own; a system is one file.
      workload.jobRegions = .split
      workload.regionSize = ByteCount((size ?? needed) * jobs)
      changed(
        peek("numjobs"),
        "fio makes \(jobs) files, one a job; Assay makes one file in which each job has its part")
    }
    let whole = jobs > 1 && files.perJob ? needed * jobs : spread(workload, offset) ?? needed
    return Target(
      target: .file(
        .init(path: path, size: ByteCount(whole), keep: keep, overwriteExisting: true)),
      size: size)
  }

  /// With `offset_increment` the file must reach to the last job's end.
  private func spread(_ workload: StorageWorkload, _ offset: Int64) -> Int64? {
    guard workload.jobRegions == .split, let size = workload.regionSize else { return nil }
    return size.count + offset
  }

  private func none(_ size: Int64?, _ offset: Int64) -> ByteCount {
    ByteCount((size ?? 1 << 40) + offset)
  }

  /// offset_increment: each job begins so much later than the one before.
  private mutating func mapIncrement(
    _ workload: inout StorageWorkload, size: Int64?, jobs: Int64
  ) {
    guard let increment = whole("offset_increment"), increment > 0, jobs > 1 else { return }
    if let size, increment == size {
      workload.jobRegions = .split
      workload.regionSize = ByteCount(size * jobs)
    } else {
      list(
        "offset_increment",
        "jobs share the region or split it evenly; only offset_increment equal to size is a split")
    }
  }

  private mutating func bytes(_ name: String, of whole: Int64?) -> Int64? {
    let read = value(name) { values, text throws(FioValueError) in
      try values.sizeOrPercent(text)
    }
    switch read {
    case .bytes(let count): return count == 0 && name == "size" ? nil : count
    case .percent(100) where name == "size": return nil
    case .percent(let percent):
      if let whole { return whole / 100 * percent / 4096 * 4096 }
      if let setting = peek(name) {
        fail(setting, "a percentage needs a target whose size is known; give it in bytes")
      }
      return nil
    case nil: return nil
    }
  }

  /// Where the job works: nil after an error, a nil path for engines without a target.
  private mutating func filePath() -> (path: String?, perJob: Bool)? {
    let directory = take("directory")
    let format = take("filename_format")
    let filename = take("filename")
    if peek("ioengine")?.value == "null" {
      for setting in [directory, format, filename] where setting != nil {
        changed(setting, "the null engine touches no file")
      }
      return (nil, false)
    }
    if let setting = directory, Self.splitColons(setting.value ?? "").count > 1 {
      fail(setting, "several directories have no counterpart; a system is one device or one file")
      return nil
    }
    var path: String
    var perJob = false
    if let filename {
      let names = Self.splitColons(filename.value ?? "")
      guard names.count == 1, let name = names.first, name != "-" else {
        fail(
          filename,
          "several files or devices in one job have no counterpart; make a system of each and let "
            + "the workload run on all of them")
        return nil
      }
      path = name
    } else {
      let pattern = format?.value ?? "$jobname.$jobnum.$filenum"
      perJob = pattern.contains("$jobnum")
      path = Self.replace(
        pattern, ["$jobname": peek("name")?.value ?? section.name, "$jobnum": "0", "$filenum": "0"])
      if path.contains("$clientuid"), let format {
        fail(format, "`$clientuid` needs fio's client mode")
        return nil
      }
    }
    if let folder = directory?.value.map(Self.splitColons)?.first {
      path = folder.hasSuffix("/") ? folder + path : folder + "/" + path
    }
    return (path, perJob)
  }

  private static func replace(_ text: String, _ words: [String: String]) -> String {
    words.reduce(text) { $0.replacing($1.key, with: $1.value) }
  }

  /// Parts of a list of paths; `\:` is a colon of a path.
  static func splitColons(_ text: String) -> [String] {
    var parts = [""]
    var escaped = false
    for character in text {
      if character == "\\", !escaped {
        escaped = true
        continue
      }
      if character == ":", !escaped {
        parts.append("")
      } else {
        if escaped, character != ":" { parts[parts.count - 1].append("\\") }
        parts[parts.count - 1].append(character)
      }
      escaped = false
    }
    return parts
  }
}
