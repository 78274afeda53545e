/// Finds the word that was probably meant.
public enum NearestWord {
  /// The candidate closest to `word`, or nil when none is close enough to be worth naming.
  ///
  /// Close enough is a distance of at most a third of the longer word, and at least 1. Case does
  /// not count. Of equally close ones the first wins. Time is O(candidates x length squared).
  public static func of(_ word: String, in candidates: some Sequence<String>) -> String? {
    var best: (word: String, distance: Int)?
    let folded = Array(word.lowercased().unicodeScalars)
    for candidate in candidates {
      let other = Array(candidate.lowercased().unicodeScalars)
      let distance = distance(folded, other)
      let allowed = max(1, max(folded.count, other.count) / 3)
      if distance <= allowed, distance < best?.distance ?? Int.max { best = (candidate, distance) }
    }
    return best?.word
  }

  /// Edits that turn one word into the other: insert, delete, replace, swap neighbours.
  ///
  /// The optimal string alignment distance (Damerau 1964, restricted form).
  public static func distance(_ left: String, _ right: String) -> Int {
    distance(Array(left.unicodeScalars), Array(right.unicodeScalars))
  }

  private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    if left.isEmpty { return right.count }
    if right.isEmpty { return left.count }
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in 1...left.count {
      var row = [i]
      row.reserveCapacity(right.count + 1)
      for j in 1...right.count {
        let same = left[i - 1] == right[j - 1]
        var best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1))
        if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
          best = min(best, beforeLast[j - 2] + 1)
        }
        row.append(best)
      }
      beforeLast = last
      last = row
    }
    return last[right.count]
  }
}
