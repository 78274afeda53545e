internal import Measure
internal import Storage

extension FioSectionMapper {
  /// What is written, when it is synced, how it is checked and what happens after an error.
  mutating func mapWriting(_ workload: inout StorageWorkload) {
    workload.fsyncEvery = whole("fsync").flatMap { $0 > 0 ? Int(clamping: $0) : nil }
    workload.fdatasyncEvery = whole("fdatasync").flatMap { $0 > 0 ? Int(clamping: $0) : nil }
    workload.endFsync = flag("end_fsync") ?? false
    workload.refill = flag("refill_buffers") ?? false
    mapData(&workload)
    mapVerify(&workload)
    mapErrorPolicy(&workload)
  }

  private mutating func mapData(_ workload: inout StorageWorkload) {
    if flag("zero_buffers") == true { workload.data = .zeros }
    if let percent = whole("buffer_compress_percentage"), percent > 0 {
      workload.data = .compressible(.percent(Double(percent)))
      // "will also enable refill_buffers" (HOWTO, buffer_compress_percentage).
      workload.refill = true
    }
    if let scramble = flag("scramble_buffers"), !scramble {
      list("scramble_buffers", "written blocks are always told apart by a stamp")
    }
  }

  /// The checksums and patterns that fio 3.33 knows for `verify`.
  private static let verifyMethods = [
    "0", "null", "md5", "crc64", "crc32", "crc32c-intel", "crc32c", "crc16", "crc7", "sha256",
    "sha512", "sha1", "xxhash", "sha3-224", "sha3-256", "sha3-384", "sha3-512", "meta", "pattern",
    "pattern_hdr",
  ]

  private mutating func mapVerify(_ workload: inout StorageWorkload) {
    let only = flag("verify_only") ?? false
    let doVerify = flag("do_verify") ?? true
    guard let setting = take("verify") else {
      if only { list("verify_only", "without `verify` there is nothing to check") }
      return
    }
    let method = setting.value ?? ""
    guard Self.verifyMethods.contains(method) else {
      fail(
        setting, "`\(method)` is no way to verify",
        nearest: NearestWord.of(method, in: Self.verifyMethods))
      return
    }
    if method == "0" || method == "null" { return }
    if only || !workload.pattern.isDestructive {
      workload.verify = .read
    } else if doVerify {
      workload.verify = .writeThenRead
    } else {
      changed(peek("do_verify"), "blocks are written without headers and cannot be checked later")
      return
    }
    changed(
      setting,
      "blocks carry Assay's own header and checksum: blocks that fio wrote cannot be checked, nor "
        + "the other way round")
  }

  private mutating func mapErrorPolicy(_ workload: inout StorageWorkload) {
    guard let setting = take("continue_on_error") else { return }
    switch setting.value ?? "all" {
    case "none", "0": workload.errorPolicy = .stop
    case "all", "1": workload.errorPolicy = .count(upTo: .max)
    case "io", "read", "write", "verify":
      workload.errorPolicy = .count(upTo: .max)
      changed(setting, "all kinds of I/O errors are counted, none ends the trial")
    case let other:
      fail(
        setting, "`\(other)` is no kind of error",
        nearest: NearestWord.of(other, in: ["none", "read", "write", "io", "verify", "all"]))
    }
  }

  /// cpus_allowed and its policy.
  mutating func mapPlacement(_ workload: inout StorageWorkload) {
    workload.placement = .free
    let policy = take("cpus_allowed_policy")
    if let word = policy?.value, word != "shared", word != "split", let policy {
      fail(
        policy, "`\(word)` is neither shared nor split",
        nearest: NearestWord.of(word, in: ["shared", "split"]))
    }
    let list = value("cpus_allowed") { values, text throws(FioValueError) in
      try values.cpus(text)
    }
    guard let list else { return }
    workload.placement = .cpus(list)
    if policy?.value != "split", list.count > 1 {
      changed(
        peek("cpus_allowed"),
        "each job is pinned to one of the CPUs in turn (cpus_allowed_policy=split); fio would let "
          + "the scheduler move them")
    }
  }
}
