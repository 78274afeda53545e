import Foundation
import Storage

@testable import Fio

/// Files of this test target and runs of the real fio.
enum Support {
  static func fixture(_ name: String) throws -> String {
    let url = try present(
      Bundle.module.url(forResource: name, withExtension: nil, subdirectory: "Fixtures"))
    return try String(contentsOf: url, encoding: .utf8)
  }

  static let keywords = FioJobFile.Keywords(pageSize: 4096, memoryMegabytes: 2048, cpus: 2)

  static func parse(
    _ text: String, environment: [String: String] = [:], files: [String: String] = [:]
  ) -> FioJobFile {
    FioJobFile.parse(
      text: text, path: "job.fio", environment: environment, keywords: keywords,
      includeLoader: { files[$0] })
  }

  static func map(_ text: String) -> FioImport { FioImport.map(parse(text)) }

  /// One job with these lines, a null-free default target added.
  static func job(_ lines: String...) -> FioImport {
    map("[a]\nfilename=/dev/nvme9n1\n" + lines.joined(separator: "\n"))
  }

  static let hasFio = FileManager.default.isExecutableFile(atPath: "/usr/bin/fio")

  /// Runs a program; gives its exit code and what it printed.
  static func run(_ program: String, _ arguments: [String], in folder: String? = nil) throws -> (
    code: Int32, out: String, err: String
  ) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    let token = UUID().uuidString
    let outFile = "/dev/shm/assay-\(token).out"
    let errFile = "/dev/shm/assay-\(token).err"
    defer {
      try? FileManager.default.removeItem(atPath: outFile)
      try? FileManager.default.removeItem(atPath: errFile)
    }
    _ = FileManager.default.createFile(atPath: outFile, contents: nil)
    _ = FileManager.default.createFile(atPath: errFile, contents: nil)
    process.standardOutput = FileHandle(forWritingAtPath: outFile)
    process.standardError = FileHandle(forWritingAtPath: errFile)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return (
      process.terminationStatus, try String(contentsOfFile: outFile, encoding: .utf8),
      try String(contentsOfFile: errFile, encoding: .utf8)
    )
  }

  /// An empty folder in memory that is removed after `body`.
  static func inFolder<T>(_ body: (String) throws -> T) throws -> T {
    let folder = "/dev/shm/assay-fio-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }

  private static func present<T>(_ value: T?) throws -> T {
    guard let value else { throw CocoaError(.fileNoSuchFile) }
    return value
  }
}
