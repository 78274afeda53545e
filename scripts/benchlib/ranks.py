"""The peer of `assay compare`: the same values from the same records, judged by SciPy.

ranks.py BEFORE AFTER METRIC... reads both event files and prints, for each case and metric, the
Hodges-Lehmann ratio, its interval of 95 % and the p of Mann and Whitney.
"""
import json
import sys

import numpy
from scipy import stats


def values(folder, metrics):
  """Values of the valid trials by case and metric."""
  found = {}
  with open(f"{folder}/events.jsonl", encoding="utf-8") as lines:
    for line in lines:
      trial = json.loads(line).get("trial")
      if trial is None or trial["status"] != "valid":
        continue
      key = trial["key"]
      case = "/".join([key["system"], key["workload"], *key["point"]])
      for metric in metrics:
        if metric in trial["metrics"]:
          found.setdefault((case, metric), []).append(trial["metrics"][metric]["value"])
  return found


def judged(before, after):
  """Ratio, lower end, upper end, p; the interval is that of all differences, put in order."""
  one, other = numpy.log(before), numpy.log(after)
  differences = numpy.sort(numpy.subtract.outer(other, one), axis=None)
  count, total = len(differences), len(one) + len(other) + 1
  rank = max(int(count / 2 - stats.norm.ppf(0.975) * numpy.sqrt(count * total / 12)), 0)
  ends = numpy.median(differences), differences[rank], differences[count - 1 - rank]
  return [*numpy.exp(ends), stats.mannwhitneyu(after, before, method="asymptotic").pvalue]


def main():
  before_folder, after_folder, *metrics = sys.argv[1:]
  before, after = values(before_folder, metrics), values(after_folder, metrics)
  for key in before.keys() & after.keys():
    if min(before[key]) > 0 and min(after[key]) > 0:
      print(*key, *(f"{value:.4g}" for value in judged(before[key], after[key])))


if __name__ == "__main__":
  main()
