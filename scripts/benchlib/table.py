"""Rows of scripts/bench for people, and the exit code they come to."""

MET, MISSED, NOT_VALID = 0, 1, 3


def number(value, unit):
  if value is None:
    return "-"
  if unit == "s":
    return f"{value:.3f} s"
  if unit == "B":
    return f"{value / (1 << 20):.2f} MiB"
  return f"{value:.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"


def verdict(row):
  return {True: "yes", False: "NO", None: "not judged"}[row["met"]]


def plain(ratio):
  return "-" if ratio is None else f"{ratio:.3f}"


def judged(row):
  low, high = row["spread"]["min"], row["spread"]["max"]
  if row["judgedBy"] == "limit":
    return plain(row["ratio"]), f"{number(low, row['unit'])}..{number(high, row['unit'])}"
  if row["judgedBy"] == "difference":
    return f"{row['difference']:+.1f} {row['unit']}", f"{low:+.1f}..{high:+.1f}"
  return f"{row['ratio']:.3f}", f"{low:.3f}..{high:.3f}"


def target(row):
  if row["target"] is None:
    return "-"
  if row["judgedBy"] == "equal":
    return f"1 +- {row['target']:.2f}"
  if row["judgedBy"] == "limit":
    return f"<= {number(row['target'], row['unit'])}"
  return f"<= {row['target']:.3g}" + (" ns" if row["judgedBy"] == "difference" else "")


def line(row):
  value, spread = judged(row)
  return [
      row["case"], number(row["ours"], row["unit"]), number(row["peer"], row["unit"]), value,
      spread, target(row), verdict(row),
      both(row.get("wholeProcess") or row.get("best"))]


def both(figures):
  if figures is None:
    return ""
  ours, peer = (number(figures[side], figures["unit"]) for side in ("ours", "peer"))
  return f"{ours} / {peer} = {plain(figures['ratio'])}" if figures["ratio"] else ours


def columns(lines):
  widths = [max(len(words[index]) for words in lines) for index in range(len(lines[0]))]
  return "\n".join(
      "  ".join(word.ljust(width) for word, width in zip(words, widths)).rstrip()
      for words in lines)


def text(result):
  rows = result["cases"] + ([result["control"]] if result["control"] else [])
  head = ["case", "ours", "peer", "ratio", "min..max", "target", "met",
          result.get("lastColumn", "whole process ours / peer")]
  machine = result["machine"]
  load = ["/".join(f"{value:.2f}" for value in machine[key])
          for key in ("loadavgBefore", "loadavgAfter")]
  parts = [
      columns([head] + [line(row) for row in rows]),
      "\n".join(f"{row['case']}: {row['about']}" for row in rows),
      "\n".join(result["notes"]),
      f"Machine: {machine['cpus']} x {machine['cpu']}, Linux {machine['kernel']}, loadavg "
      f"{load[0]} before, {load[1]} after, steal {machine['stealPercent']} %, "
      f"idle {machine['idlePercent']} %; {machine['peer']}, assay {machine['assay']}"]
  return "\n\n".join(part for part in parts + ["\n".join(result["problems"])] if part)


def status(result):
  if result["problems"]:
    return NOT_VALID
  return MISSED if any(row["met"] is False for row in result["cases"]) else MET
