import Foundation
import Storage

@testable import Fio

/// Fixtures and short ways to read and map job files.
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

  /// Maps a file; devices have 1 GiB.
  static func map(_ text: String) -> FioImport {
    FioImport.map(parse(text)) { $0.hasPrefix("/dev/") ? 1 << 30 : nil }
  }

  /// One job with these lines, a null-free default target added.
  static func job(_ lines: String...) -> FioImport {
    map("[a]\nfilename=/dev/nvme9n1\n" + lines.joined(separator: "\n"))
  }

  private static func present<T>(_ value: T?) throws -> T {
    guard let value else { throw CocoaError(.fileNoSuchFile) }
    return value
  }
}
