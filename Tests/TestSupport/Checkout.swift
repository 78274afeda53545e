import Foundation

/// The repository these tests were built in, and what was built beside them.
public enum Checkout {
  /// Its folder.
  public static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The program; the test target must depend on `assay`.
  public static let assay: String = {
    let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let folder = URL(fileURLWithPath: tests ?? "").deletingLastPathComponent()
    return folder.appendingPathComponent("assay").path
  }()
}
