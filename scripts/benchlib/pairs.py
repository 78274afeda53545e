"""Pairs of cells, side by side in time, and what they come to."""
import statistics


def interleaved(pair, first, second):
  """Runs both, in the order A B B A over the pairs; gives (first's, second's)."""
  if pair % 2 == 0:
    one = first()
    return one, second()
  two = second()
  return first(), two


def spread(values):
  middle = statistics.median(values)
  return {
      "min": min(values), "max": max(values),
      "mad": statistics.median(abs(value - middle) for value in values)}


def row(name, about, unit, pairs, target, judge):
  """One case as scripts/bench prints it, from pairs of (ours, peer).

  judge is "ratio" (the median of the pairs' ratios is at most the target), "difference" (that of
  ours - peer is), or "equal" (the ratio is off 1 by no more than the target). Without a target
  there is a ratio but no verdict.
  """
  ratios = [ours / peer for ours, peer in pairs]
  differences = [ours - peer for ours, peer in pairs]
  ratio, difference = statistics.median(ratios), statistics.median(differences)
  judged = {"ratio": ratio, "difference": difference, "equal": abs(ratio - 1)}[judge]
  return {
      "case": name, "about": about, "unit": unit, "judgedBy": judge,
      "ours": statistics.median(ours for ours, _ in pairs),
      "peer": statistics.median(peer for _, peer in pairs),
      "ratio": ratio, "difference": difference,
      "spread": spread(differences if judge == "difference" else ratios),
      "target": target, "met": None if target is None else judged <= target,
      "pairs": [{"ours": ours, "peer": peer} for ours, peer in pairs]}
