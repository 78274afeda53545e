/// Where randomness enters: once a run, where the user gave no seed.
///
/// The record keeps it.
public enum FreshSeed {
  /// Draws a seed below 2^53, which every JSON reader keeps exactly.
  public static func draw() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next() >> 11
  }
}
