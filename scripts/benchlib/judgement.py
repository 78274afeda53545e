"""What judging and showing large records takes: compare, gate, report, verify, trend, selftest.

Each command is run several times on records that were read before (their pages are cached). Judged
is the median of the time that a user waits. Where that misses its target, but the processor time
keeps it, others had the machine: then the row is not judged. The peer of `compare` is SciPy, on the
same values of the same files.
"""
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

from . import records, table
from .cells import Assay, CellError, execute
from .machine import Machine
from .pairs import interleaved, row, spread
from .storage import positive

CONTROL_TOLERANCE = 0.05
JITTER = 0.02
MEGABYTE = 1_000_000
RANKS = pathlib.Path(__file__).with_name("ranks.py")
CODES_OF_GATE = (0, 1, 2)

COMPARE, COMPARE_HTML, ONE_CASE = (
    "compare-1000-trials", "compare-1000-trials-html", "compare-1000-trials-of-one-case")
GATE, REPORT, VERIFY = "gate-1000-trials", "report-html-100-cases", "verify-1000-trials"
TREND, SELFTEST = "trend-10000-records", "selftest-quick"
NAMES = [COMPARE, COMPARE_HTML, ONE_CASE, GATE, REPORT, VERIFY, TREND, SELFTEST]


def add_arguments(parser):
  parser.add_argument("--json", action="store_true", help="print the figures")
  parser.add_argument("--runs", type=positive, default=5, metavar="N",
                      help="runs of each command (default 5)")
  parser.add_argument("--case", action="append", choices=NAMES, metavar="NAME",
                      help="only this row (again for more): " + ", ".join(NAMES))


def run(arguments):
  machine = Machine()
  with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
    assay = Assay(max(os.sched_getaffinity(0)), folder)
    result = Bench(arguments, assay.path, pathlib.Path(folder)).measure()
  result["machine"] = {**machine.facts(), "peer": peer_version(), "assay": assay.version}
  print(json.dumps(result, indent=2) if arguments.json else table.text(result))
  return table.status(result)


def peer_version():
  text, _ = execute([sys.executable, "-c", "import scipy; print('scipy', scipy.__version__)"])
  return text.strip()


class Bench:
  """Makes the records that the wanted rows need, and measures."""

  def __init__(self, arguments, assay, folder):
    self.arguments = arguments
    self.assay = assay
    self.folder = folder
    self.begin = time.monotonic()
    self.rows = []
    self.problems = []
    self.made = {}

  def say(self, text):
    print(f"{time.monotonic() - self.begin:6.0f} s  {text}", file=sys.stderr, flush=True)

  def record(self, name, cases, blocks, jitter=JITTER):
    if name not in self.made:
      self.say(f"making the record {name}: {cases} cases, {blocks} blocks")
      self.made[name] = str(
          records.record(self.assay, self.folder, name, cases, blocks, jitter))
    return self.made[name]

  def measure(self):
    ways = {
        COMPARE: self.compare, COMPARE_HTML: self.compare_html, ONE_CASE: self.compare_one_case,
        GATE: self.gate, REPORT: self.report, VERIFY: self.verify, TREND: self.trend,
        SELFTEST: self.selftest}
    control = None
    for name in self.arguments.case or NAMES:
      self.say(name)
      control = ways[name]() or control
    return {"cases": self.rows, "control": control, "notes": NOTES, "problems": self.problems,
            "machine": {}}

  def cell(self, command, allowed=(0,)):
    """Seconds until the command has ended, and of processor time."""
    begin = time.monotonic()
    _, usage = execute([str(word) for word in command], allowed=allowed)
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime

  def timed(self, name, about, command, target, allowed=(0,), runs=None):
    """One row of a command of ours; its first run warms the cache and is not counted."""
    runs = runs or self.arguments.runs
    if runs > 1:
      self.cell(command, allowed)
    self.add(name, about, target, [self.cell(command, allowed) for _ in range(runs)])

  def add(self, name, about, target, cells, peers=None):
    walls, cpus = [cell[0] for cell in cells], [cell[1] for cell in cells]
    wall, cpu = statistics.median(walls), statistics.median(cpus)
    met = None if target is None else wall <= target
    if met is False and cpu <= target:
      met = None
      self.problems.append(
          f"NOT VALID as a verdict: {name} took {wall:.2f} s, of which {cpu:.2f} s of processor "
          "time; run it again when the machine is quieter")
    figures = {
        "case": name, "about": about, "unit": "s", "judgedBy": "limit", "ours": wall, "peer": None,
        "ratio": None, "spread": spread(walls), "target": target, "met": met,
        "wholeProcess": {"unit": "s", "ours": cpu, "peer": None, "ratio": None},
        "runs": [{"wall": one, "cpu": other} for one, other in cells]}
    if peers:
      figures["peer"] = statistics.median(peer[0] for peer in peers)
      figures["ratio"] = statistics.median(one[0] / peer[0] for one, peer in zip(cells, peers))
      figures["wholeProcess"].update({
          "peer": statistics.median(peer[1] for peer in peers),
          "ratio": statistics.median(one[1] / peer[1] for one, peer in zip(cells, peers))})
    self.rows.append(figures)
    self.say(f"{name}: {wall:.3f} s, processor {cpu:.3f} s")

  def size(self, name, path):
    size = path.stat().st_size
    self.rows.append({
        "case": name, "about": "size of that page", "unit": "B", "judgedBy": "limit", "ours": size,
        "peer": None, "ratio": None, "spread": spread([size]), "target": MEGABYTE,
        "met": size < MEGABYTE})

  # Rows

  def compare(self):
    return self.against_peer(
        COMPARE, "two records of 10 cases x 100 trials, all medians with intervals; the peer does "
        "the ranks alone", self.record("before", 10, 100), self.record("after", 10, 100))

  def compare_one_case(self):
    return self.against_peer(
        ONE_CASE, "two records of 1 case x 1000 trials: a million pairs a metric",
        self.record("one-before", 1, 1000), self.record("one-after", 1, 1000))

  def against_peer(self, name, about, before, after):
    """The row against SciPy, and that of ours against ours."""
    ours = [self.assay, "compare", before, after]
    text, _ = execute([*ours, "--json"])
    metrics = sorted({row["metric"] for row in json.loads(text)["rows"]})
    peer = [sys.executable, RANKS, before, after, *metrics]
    mine, theirs = (lambda: self.cell(ours)), (lambda: self.cell(peer))
    pairs, control = [], []
    for index in range(-1, self.arguments.runs):  # The first pair warms the cache.
      pairs.append(interleaved(index, mine, theirs))
      control.append(interleaved(index, mine, mine))
    self.add(name, about, 1, [one for one, _ in pairs[1:]], [peer for _, peer in pairs[1:]])
    figures = row(
        "control", f"{name}: ours against ours, by processor time", "s",
        [(one[1], other[1]) for one, other in control[1:]], CONTROL_TOLERANCE, "equal")
    if not figures["met"]:
      self.problems.append(
          f"NOT VALID: the control's ratio is {figures['ratio']:.3f}, more than "
          f"{CONTROL_TOLERANCE:.0%} off 1; run it again when the machine is quieter")
    return figures

  def compare_html(self):
    page = self.folder / "compare.html"
    self.timed(
        COMPARE_HTML, "the page of the comparison of compare-1000-trials",
        [self.assay, "compare", self.record("before", 10, 100), self.record("after", 10, 100),
         "--format", "html", "--output", page], 1)
    self.size(f"{COMPARE_HTML}-size", page)

  def gate(self):
    baselines = self.folder / "baselines"
    execute([self.assay, "baseline", "set", "main", self.record("before", 10, 100),
             "--baselines", str(baselines)])
    self.timed(
        GATE, "10 cases x 100 trials against a baseline of as many",
        [self.assay, "gate", self.record("after", 10, 100), "--baseline", "main",
         "--baselines", baselines, "--confirm", "never"], 1, CODES_OF_GATE)

  def report(self):
    page = self.folder / "report.html"
    self.timed(
        REPORT, "the page of a run of 100 cases x 5 trials",
        [self.assay, "report", self.record("cases", 100, 5), "--format", "html",
         "--output", page], 1)
    self.size(f"{REPORT}-size", page)

  def verify(self):
    self.timed(
        VERIFY, "all of a record of 10 cases x 100 trials computed anew (no target is set)",
        [self.assay, "verify", self.record("sound", 10, 100, jitter=0)], None)

  def trend(self):
    count = 10_000
    few = self.record("few", 4, 5)
    self.say(f"making a history of {count} records")
    results = records.history(pathlib.Path(few), self.folder, count)
    self.timed(
        TREND, "10000 records of 4 cases x 5 trials, warm",
        [self.assay, "trend", "--results", results], 2)

  def selftest(self):
    self.timed(
        SELFTEST, "assay selftest --quick, once", [self.assay, "selftest", "--quick"], 20,
        runs=1)


NOTES = [
    "ours, peer: seconds until the command has ended, the median of its runs; whole process: "
    "processor time of all its threads.",
    "The records are of real trials (no device, short), multiplied by this script with jittered "
    "metrics, planned, closed and sealed by Assay; those of the history have no more than the two "
    "files that a history is read from.",
]
