internal import Measure

/// The share of lookups that a cache answers, for names of different popularity.
///
/// A name that is asked for by a Poisson process of rate r and kept for T after each miss is
/// answered by the cache with probability rT / (1 + rT): a miss, then rT hits on average before the
/// next (Jung, Berger, Balakrishnan, "Modeling TTL-based Internet caches", INFOCOM 2003). The n-th
/// of the names has 1/n of the first's rate. Of more names than entries the least popular find no
/// place, which flatters CoreDNS a little: it evicts by chance.
struct NameCache {
  private let names: Int
  private let entries: Int
  private let lifetime: Double
  /// The sum of 1/n.
  private let harmonic: Double

  init(names: Int, entries: Int, lifetime: Nanoseconds) {
    self.names = names
    self.entries = entries
    self.lifetime = lifetime.inSeconds
    harmonic = (1...names).reduce(0) { $0 + 1 / Double($1) }
  }

  /// The share at `rate` lookups a second.
  ///
  /// O(names).
  func hitShare(rate: Double) -> Double {
    guard rate > 0 else { return 0 }
    var share = 0.0
    for name in 1...min(names, entries) {
      let part = 1 / (Double(name) * harmonic)
      let kept = rate * part * lifetime
      share += part * kept / (1 + kept)
    }
    return share
  }
}
