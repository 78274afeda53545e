/// How far two quantities rise together, whatever the shape of the curve.
public enum RankCorrelation {
  /// Spearman's coefficient: Pearson's of the ranks, equal values sharing the mean of theirs.
  ///
  /// 0 where one of them never changes. Traps unless there are as many of both and none is NaN.
  /// O(n log n).
  public static func spearman(_ first: [Double], _ second: [Double]) -> Double {
    precondition(first.count == second.count, "correlation is of pairs")
    // Doubled ranks, whose middle is doubled as well.
    let (left, right) = (MidRanks(of: first).doubled, MidRanks(of: second).doubled)
    let middle = Double(first.count + 1)
    var (product, leftSquares, rightSquares) = (0.0, 0.0, 0.0)
    for (one, other) in zip(left.map(Double.init), right.map(Double.init)) {
      product += (one - middle) * (other - middle)
      leftSquares += (one - middle) * (one - middle)
      rightSquares += (other - middle) * (other - middle)
    }
    let size = (leftSquares * rightSquares).squareRoot()
    return size > 0 ? product / size : 0
  }
}
