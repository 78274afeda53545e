import Foundation

/// The repository these tests were built in, and what was built beside them.
public enum Checkout {
  /// Its folder.
  public static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The program; the test target must depend on `assay`.
  public static let assay =
    URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("assay").path

  /// All tests, as a program: `--testing-library swift-testing --filter HostTests`.
  public static let tests =
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
}
