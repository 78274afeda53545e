"""The simulator's kernel against C++ and SimPy, by CPU time per event.

The hold model (every event schedules one, exponential delays) at 1000, 100 000 and 1 000 000
pending events, against std::priority_queue compiled by g++ -O3 and against SimPy; and M/M/10 at
80 % load against SimPy. Ours is the whole simulator, with its trace hash and cancellable timers;
the C++ side is the bare queue. Both are pinned to one CPU and run in turn (A B B A); each times
its own loop by its thread's CPU clock, after filling and warming up. SimPy is installed once into
~/.cache/assay/bench.

The whole model has no peer that simulates: kubemark and KWOK run at real time. So its rows stand
against bars: CPU time per event and per simulated second, the time of replications on all CPUs
against one, and memory.
"""
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from . import hold_peer, table
from .cells import Assay, CellError, execute
from .machine import Machine
from .pairs import interleaved, row
from .storage import positive

CONTROL_TOLERANCE = 0.05
SIMPY_VERSION = "4.1.2"
SIMPY_PROGRAM = pathlib.Path(__file__).with_name("simpy_peer.py")
# Erlang's C formula, 10 servers, load 8: C = 0.4092 wait, for C / (10 - 8) services on average.
MEAN_WAIT = 0.2046
WAIT_TOLERANCE = 0.15  # Of the fewest customers below; some four standard errors.

CPP, SIMPY = "g++", "simpy"


@dataclasses.dataclass(frozen=True)
class Case:
  """One row: the same work on both sides, and how much of it is timed."""

  name: str
  about: str
  peer: str
  faster: float  # How many times as fast as the peer ours must be.
  work: str
  count: int
  peer_count: int
  pending: int = 0


@dataclasses.dataclass(frozen=True)
class WholeModel:
  """One row of the model of a whole cluster against a bar."""

  name: str
  about: str
  judge: str  # events, realtime, scaling or memory
  bar: float
  options: tuple


CASES = [
    Case("hold-1k", "1000 pending, against std::priority_queue", CPP, 1.2, "hold",
         4_000_000, 4_000_000, 1000),
    Case("hold-100k", "100 000 pending, against std::priority_queue", CPP, 1.1, "hold",
         2_000_000, 2_000_000, 100_000),
    Case("hold-1m", "1 000 000 pending, against std::priority_queue", CPP, 1.1, "hold",
         1_000_000, 1_000_000, 1_000_000),
    Case("hold-1k-simpy", "1000 pending, against SimPy", SIMPY, 18, "hold",
         4_000_000, 200_000, 1000),
    Case("hold-100k-simpy", "100 000 pending, against SimPy", SIMPY, 18, "hold",
         2_000_000, 100_000, 100_000),
    Case("hold-1m-simpy", "1 000 000 pending, against SimPy", SIMPY, 18, "hold",
         1_000_000, 100_000, 1_000_000),
    Case("mm10-simpy", "customers of M/M/10 at 80 % load, against SimPy", SIMPY, 8, "queue",
         1_000_000, 100_000),
]
WHOLE = [
    WholeModel("events", "CPU time per event, 1200 nodes with 20 pods/s; at least 3 M events/s",
               "events", 3e6, ("--pods", "20000", "--churn", "20", "--seconds", "600")),
    WholeModel("idle-1200", "CPU time per simulated second, 1200 idle nodes; at least 2000 x real "
               "time", "realtime", 2000, ("--seconds", "3600")),
    WholeModel("churn-1200", "the same with 20000 pods, 20 a second replaced; at least 600 x real "
               "time", "realtime", 600, ("--pods", "20000", "--churn", "20", "--seconds", "600")),
    WholeModel("replications", "8 replications on all CPUs against one after the other, CPUs times "
               "wall time; at least 0.9 of the CPUs", "scaling", 0.9,
               ("--pods", "20000", "--churn", "20", "--seconds", "120", "--replications", "8")),
    WholeModel("memory-5000", "peak memory, 5000 nodes and 150 000 pods; at most 1 GiB", "memory",
               1 << 30, ("--nodes", "5000", "--pods", "150000", "--seconds", "60")),
]
NAMES = [case.name for case in CASES + WHOLE]


def add_arguments(parser):
  parser.add_argument("--json", action="store_true", help="print the figures, all pairs included")
  parser.add_argument("--pairs", type=positive, default=8, metavar="N",
                      help="pairs of cells a row (default 8)")
  parser.add_argument("--case", action="append", choices=NAMES, metavar="NAME",
                      help="only this row (again for more): " + ", ".join(NAMES))
  parser.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)), metavar="CPU",
                      help="where both are pinned (default %(default)s)")


def run(arguments):
  machine = Machine()
  with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
    bench = Bench(arguments, pathlib.Path(folder))
    result = bench.measure()
  result["machine"] = {**machine.facts(), "peer": ", ".join(bench.versions),
                       "assay": bench.assay.version, "pinnedTo": arguments.cpu}
  print(json.dumps(result, indent=2) if arguments.json else table.text(result))
  return table.status(result)


def simpy_python():
  """The python3 of an environment of its own that has SimPy; made when it is not there."""
  cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
  folder = cache / "assay" / "bench" / f"simpy-{SIMPY_VERSION}"
  python = folder / "bin" / "python3"
  if not (folder / "ready").exists():
    print(f"bench: installing SimPy {SIMPY_VERSION} into {folder}", file=sys.stderr)
    try:
      for command in ([sys.executable, "-m", "venv", "--clear", str(folder)],
                      [str(python), "-m", "pip", "install", "-q", f"simpy=={SIMPY_VERSION}"]):
        subprocess.run(command, check=True, stdout=sys.stderr)
    except (OSError, subprocess.CalledProcessError) as error:
      raise CellError(
          f"SimPy could not be installed ({error}); it takes python3 with venv and pip "
          "(apt-get install python3-venv) and a way to PyPI", status=69) from error
    (folder / "ready").touch()
  return str(python)


class Bench:
  """Measures the rows that were asked for, round by round, so that all see the same weather."""

  def __init__(self, arguments, folder):
    self.arguments = arguments
    self.begin = time.monotonic()
    self.problems = []
    self.versions = []
    self.cases = [case for case in CASES if case.name in (arguments.case or NAMES)]
    self.whole = [case for case in WHOLE if case.name in (arguments.case or NAMES)]
    self.pin = ["taskset", "-c", str(arguments.cpu)]
    peers = {case.peer for case in self.cases}
    if CPP in peers:
      self.cpp = self.compiled(folder)
    if SIMPY in peers:
      self.simpy = simpy_python()
      self.versions.append(self.version([self.simpy, "-c",
          "import platform, simpy; print('SimPy', simpy.__version__, 'on', "
          "platform.python_implementation(), platform.python_version())"]))
    self.assay = Assay(arguments.cpu, folder)

  @staticmethod
  def version(command):
    return execute(command)[0].splitlines()[0].strip()

  def compiled(self, folder):
    compiler = shutil.which("g++")
    if not compiler:
      raise CellError("g++ is missing; install it with: sudo apt-get install -y g++", status=69)
    source, program = folder / "hold.cc", folder / "hold"
    source.write_text(hold_peer.SOURCE)
    execute([compiler, "-std=c++17", "-O3", "-o", str(program), str(source)])
    self.versions.append(self.version([compiler, "--version"]))
    return str(program)

  def say(self, text):
    print(f"{time.monotonic() - self.begin:6.0f} s  {text}", file=sys.stderr, flush=True)

  def measure(self):
    pairs = {case.name: [] for case in self.cases + self.whole}
    control = []
    for index in range(self.arguments.pairs):
      self.say(f"pair {index + 1} of {self.arguments.pairs}")
      for case in self.cases:
        pairs[case.name].append(self.pair(case, index))
      for case in self.whole:
        pairs[case.name].append(self.against_bar(case, index))
      cell = lambda: self.ours(CASES[0])  # noqa: E731
      control.append(interleaved(index, cell, cell))
    return {"cases": [self.case_row(case, pairs[case.name]) for case in self.cases]
            + [self.whole_row(case, pairs[case.name]) for case in self.whole],
            "control": self.control_row(control), "notes": NOTES, "problems": self.problems,
            "lastColumn": "best of each ours / peer", "machine": {}}

  # One cell

  def cell(self, command):
    """What the program counted; the cost is CPU time, ns, per event or customer."""
    text, _ = execute([*self.pin, *command])
    figures = json.loads(text)
    figures["ns"] = figures["cpuNs"] / figures["count"]
    return figures

  def ours(self, case):
    return self.cell([self.assay.path, "simulator", "cell", case.work, "--count", str(case.count),
                      "--pending", str(max(case.pending, 1))])

  def peer(self, case):
    program = [self.cpp] if case.peer == CPP else [self.simpy, str(SIMPY_PROGRAM), case.work]
    return self.cell([*program, str(case.pending), str(case.peer_count)])

  def pair(self, case, index):
    ours, peer = interleaved(index, lambda: self.ours(case), lambda: self.peer(case))
    if case.peer == CPP and ours["checksum"] != peer["checksum"]:
      self.problems.append(f"NOT VALID: {case.name}: the two sides' events differ in time or order")
    if case.work == "queue":
      for name, side in (("ours", ours), ("the peer", peer)):
        if abs(side["meanWait"] / MEAN_WAIT - 1) > WAIT_TOLERANCE:
          self.problems.append(f"NOT VALID: {case.name}: the mean wait of {name} is "
                               f"{side['meanWait']:.4f}, not {MEAN_WAIT}")
    self.say(f"{case.name}: {ours['ns']:.1f} / {peer['ns']:.1f} ns "
             f"= {ours['ns'] / peer['ns']:.4f}")
    return ours["ns"], peer["ns"]

  def cluster(self, case, *more, pinned=True):
    """What one execution of the whole model took."""
    command = [self.assay.path, "cluster-cell", *case.options, *more]
    return json.loads(execute([*(self.pin if pinned else []), *command])[0])

  def against_bar(self, case, index):
    """(ours, what it is held against) of one execution."""
    if case.judge == "scaling":
      cpus = len(os.sched_getaffinity(0))
      all_cpus, one = interleaved(
          index, lambda: self.cluster(case, "--threads", str(cpus), pinned=False),
          lambda: self.cluster(case, "--threads", "1", pinned=False))
      if all_cpus["traces"] != one["traces"]:
        self.problems.append(f"NOT VALID: {case.name}: threads change what is simulated")
      pair = all_cpus["wallNs"] * cpus / 1e9, one["wallNs"] / 1e9
    else:
      figures = self.cluster(case)
      pair = {"events": lambda: (figures["cpuNs"] / figures["events"], 1e9 / case.bar),
              "realtime": lambda: (figures["cpuNs"] * 1e9 / figures["count"], 1e9),
              "memory": lambda: (figures["peakBytes"], case.bar)}[case.judge]()
    self.say(f"{case.name}: {pair[0]:.6g} / {pair[1]:.6g} = {pair[0] / pair[1]:.6f}")
    return pair

  # Rows

  def whole_row(self, case, pairs):
    unit = {"events": "ns", "realtime": "ns", "scaling": "s", "memory": "B"}[case.judge]
    most = 1 / case.bar if case.judge in ("realtime", "scaling") else 1
    figures = row(case.name, case.about, unit, pairs, most, "ratio")
    if case.judge == "realtime":
      figures["timesRealTime"] = 1 / figures["ratio"]
    if case.judge == "scaling":
      figures["partOfCPUs"] = 1 / figures["ratio"]
    return figures

  def case_row(self, case, pairs):
    figures = row(case.name, f"{case.about}, at least {case.faster} x as fast", "ns", pairs,
                  1 / case.faster, "ratio")
    ours, peer = (min(pair[side] for pair in pairs) for side in (0, 1))
    figures["best"] = {"unit": "ns", "ours": ours, "peer": peer, "ratio": ours / peer}
    figures["perSecond"] = {"ours": 1e9 / figures["ours"], "peer": 1e9 / figures["peer"],
                            "times": 1 / figures["ratio"], "timesTarget": case.faster}
    return figures

  def control_row(self, pairs):
    figures = row("control", f"ours against ours, as in {CASES[0].name}: what this machine makes "
                  "of no difference", "ns", [(one["ns"], other["ns"]) for one, other in pairs],
                  CONTROL_TOLERANCE, "equal")
    if not figures["met"]:
      self.problems.append(
          f"NOT VALID: the control's ratio is {figures['ratio']:.3f}, more than "
          f"{CONTROL_TOLERANCE:.0%} off 1; run it again when the machine is quieter")
    return figures


NOTES = [
    "ours, peer: CPU time of the thread per event (per customer in mm10), the median of the cells; "
    "a ratio is the median of the pairs'.",
    "The C++ side handles the same events: after every cell the two checksums over what came, when "
    "and in what order were compared.",
    "SimPy handles fewer events a cell, one Timeout with a callback each in hold, processes and a "
    "Resource in mm10; both sides' mean wait was held against Erlang's C formula.",
]
