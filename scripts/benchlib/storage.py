"""Assay's storage engine against fio, by CPU time per I/O.

Random reads of 4 KiB by one worker on a zram device that this makes, never writes and removes:
its reads cost so little that the tool's own share shows. Both are pinned to the same CPU, run in
turn (A B B A) and keep full latency histograms. Wall-clock IOPS are not compared: on a machine
that others use they say nothing. Without root: see the notes of the result.
"""
import dataclasses
import json
import os
import statistics
import sys
import tempfile
import time

from . import table
from .cells import Assay, CellError, Fio
from .machine import Machine, may_use_zram, target as make_target
from .pairs import interleaved, row

MILLISECONDS = 1500  # Of a cell.
SHORT_MILLISECONDS = 100  # Of the cell that shows what starting fio costs.
CONTROL_TOLERANCE = 0.05
COUNT_TOLERANCE = 0.001
# Reads around a cell: what is in flight at the end, probing of the device's signature.
COUNT_SLACK = 600

PERCENTILES = ["--slat_percentiles=1", "--clat_percentiles=1", "--lat_percentiles=1"]
BATCHED = ["--iodepth=128", "--iodepth_batch_submit=32", "--iodepth_batch_complete_min=32",
           "--iodepth_batch_complete_max=32"]
FIXED = ["--ioengine=io_uring", "--fixedbufs=1", "--registerfiles=1", *BATCHED, *PERCENTILES]
BATCHED_KEYS = {"queue-depth": 128, "submit-batch": 32, "complete-batch": 32}


@dataclasses.dataclass(frozen=True)
class Case:
  """One row against fio: the same work, said in both languages."""

  name: str
  about: str
  target: float
  ours: dict
  fio: list


CASES = [
    Case("io_uring-batched", "io_uring, depth 128, batches of 32, buffers and file registered",
         0.82, {"engine": "io_uring", **BATCHED_KEYS}, FIXED),
    Case("io_uring-single", "io_uring, depth 32, one by one, nothing registered", 0.92,
         {"engine": "io_uring", "queue-depth": 32, "submit-batch": 1, "complete-batch": 1,
          "registered-buffers": False, "registered-files": False},
         ["--ioengine=io_uring", "--iodepth=32", *PERCENTILES]),
    Case("libaio-batched", "libaio, depth 128, batches of 32", 0.92,
         {"engine": "libaio", **BATCHED_KEYS},
         ["--ioengine=libaio", *BATCHED, *PERCENTILES]),
    Case("psync", "pread, one at a time", 0.85, {"engine": "psync"},
         ["--ioengine=psync", *PERCENTILES]),
    Case("defaults", "defaults against defaults, io_uring, depth 32: each as it comes, NOT the "
         "same work per call", 0.60, {"queue-depth": 32},
         ["--ioengine=io_uring", "--iodepth=32"]),
]
CONTROL, TIMING, MEMORY = "control", "timing", "memory"
NAMES = [case.name for case in CASES] + [TIMING, MEMORY]


def seconds(word):
  value = int(word[:-1]) * {"s": 1, "m": 60}[word[-1]]
  if value <= 0:
    raise ValueError(word)
  return value


def positive(word):
  value = int(word)
  if value <= 0:
    raise ValueError(word)
  return value


def add_arguments(parser):
  parser.add_argument("--json", action="store_true", help="print the figures, all pairs included")
  parser.add_argument("--pairs", type=positive, default=8, metavar="N",
                      help="pairs of cells a row (default 8)")
  parser.add_argument("--case", action="append", choices=NAMES, metavar="NAME",
                      help="only this row (again for more): " + ", ".join(NAMES))
  parser.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)), metavar="CPU",
                      help="where both are pinned (default %(default)s)")
  parser.add_argument("--short", type=seconds, default=10, metavar="TIME",
                      help="the short run of the row 'memory' (default 10s)")
  parser.add_argument("--long", type=seconds, default=60, metavar="TIME",
                      help="its long run, such as 600s or 10m (default 60s)")


def run(arguments):
  machine = Machine()
  with tempfile.TemporaryDirectory(prefix="assay-bench-") as results, make_target() as target:
    bench = Bench(arguments, target, Fio(arguments.cpu), Assay(arguments.cpu, results))
    result = bench.measure()
  result["machine"] = {**machine.facts(), "peer": bench.fio.version, "assay": bench.assay.version,
                       "pinnedTo": arguments.cpu}
  print(json.dumps(result, indent=2) if arguments.json else table.text(result))
  return table.status(result)


class Bench:
  """Measures the rows that were asked for, round by round, so that all see the same weather."""

  def __init__(self, arguments, target, fio, assay):
    self.arguments = arguments
    self.target = target
    self.fio = fio
    self.assay = assay
    self.begin = time.monotonic()
    self.problems = []
    self.start_up = {}

  def say(self, text):
    print(f"{time.monotonic() - self.begin:6.0f} s  {text}", file=sys.stderr, flush=True)

  def measure(self):
    wanted = self.arguments.case or NAMES
    cases = [case for case in CASES if case.name in wanted]
    count = self.arguments.pairs
    for case in cases:
      self.start_up[case.name] = self.start_up_of(case)
    pairs = {case.name: [] for case in cases}
    control, timing = [], []
    for pair in range(count):
      self.say(f"pair {pair + 1} of {count}")
      for case in cases:
        pairs[case.name].append(self.pair(case, pair))
      if cases:
        cell = lambda: self.fio_cell(CASES[0])  # noqa: E731
        control.append(interleaved(pair, cell, cell))
      if TIMING in wanted:
        timing.append(self.timing_pair(pair))
    rows = [self.case_row(case, pairs[case.name]) for case in cases]
    if timing:
      rows.append(row(
          TIMING, "what timing costs: the NOP ring (no device), depth 128, batches of 32; ours "
          "with timestamps, the peer is ours without", "ns",
          [(one.worker_ns, other.worker_ns) for one, other in timing], 15, "difference"))
    if MEMORY in wanted:
      rows.append(self.memory_row())
    return {"cases": rows, "control": self.control_row(control), "notes": self.notes(cases),
            "problems": self.problems, "machine": {}}

  # One cell

  def counted(self, name, cell):
    """Runs a cell; the kernel must have counted the same reads."""
    before = self.target.reads()
    measured = cell()
    if before is not None:
      seen = self.target.reads() - before
      if abs(seen - measured.ios) > COUNT_TOLERANCE * seen + COUNT_SLACK:
        self.problems.append(
            f"NOT VALID: {name} counted {measured.ios} I/Os, the kernel {seen}")
    return measured

  def fio_cell(self, case):
    return self.counted(
        f"fio ({case.name})", lambda: self.fio.run(self.target, case.fio, MILLISECONDS))

  def our_cell(self, case):
    return self.counted(
        f"assay ({case.name})",
        lambda: self.assay.run(self.target.system, case.ours, f"{MILLISECONDS}ms"))

  def start_up_of(self, case):
    """CPU seconds and I/Os of very short runs of fio, the middle one of three."""
    self.say(f"start-up of fio: {case.name}")
    cells = [self.fio.run(self.target, case.fio, SHORT_MILLISECONDS) for _ in range(3)]
    return sorted(cells, key=lambda cell: cell.process_cpu)[1]

  # Rows

  def pair(self, case, index):
    ours, peer = interleaved(index, lambda: self.our_cell(case), lambda: self.fio_cell(case))
    short = self.start_up[case.name]
    peer.process_ns = (peer.process_cpu - short.process_cpu) * 1e9 / (peer.ios - short.ios)
    self.say(f"{case.name}: {ours.worker_ns:.0f} / {peer.worker_ns:.0f} ns "
             f"= {ours.worker_ns / peer.worker_ns:.3f}")
    return ours, peer

  def case_row(self, case, cells):
    judged = case.target if self.target.reads() is not None else None
    figures = row(case.name, case.about, "ns",
                  [(ours.worker_ns, peer.worker_ns) for ours, peer in cells], judged, "ratio")
    for place, (ours, peer) in zip(figures["pairs"], cells):
      place.update({"oursIOs": ours.ios, "peerIOs": peer.ios,
                    "oursWhole": ours.process_ns, "peerWhole": peer.process_ns})
    figures["wholeProcess"] = {
        "unit": "ns",
        "ours": statistics.median(ours.process_ns for ours, _ in cells),
        "peer": statistics.median(peer.process_ns for _, peer in cells),
        "ratio": statistics.median(ours.process_ns / peer.process_ns for ours, peer in cells)}
    figures["peerCommand"] = self.fio.command(self.target, case.fio, MILLISECONDS)
    figures["oursWorkload"] = case.ours
    return figures

  def control_row(self, cells):
    if not cells:
      return None
    figures = row(CONTROL, f"fio against fio, as in {CASES[0].name}: what this machine makes of "
                  "no difference", "ns", [(one.worker_ns, other.worker_ns) for one, other in cells],
                  CONTROL_TOLERANCE, "equal")
    if not figures["met"]:
      self.problems.append(
          f"NOT VALID: the control's ratio is {figures['ratio']:.3f}, more than "
          f"{CONTROL_TOLERANCE:.0%} off 1; run it again when the machine is quieter")
    return figures

  def timing_pair(self, index):
    def cell(timestamps):
      keys = {"engine": "io_uring_nop", **BATCHED_KEYS, "timestamps": timestamps}
      return lambda: self.assay.run({"none": {"size": "1GiB"}}, keys, f"{MILLISECONDS}ms")
    timed, untimed = interleaved(index, cell(True), cell(False))
    self.say(f"{TIMING}: {timed.worker_ns:.1f} - {untimed.worker_ns:.1f} ns "
             f"= {timed.worker_ns - untimed.worker_ns:+.1f}")
    return timed, untimed

  def memory_row(self):
    # A child starts with its parent's peak (exec keeps it), so that ours must be the larger one.
    floor = own_peak()
    def peak(duration):
      self.say(f"{MEMORY}: a run of {duration} s")
      keys = {"engine": "io_uring", "queue-depth": 32}
      rss = self.assay.run(self.target.system, keys, f"{duration}s").peak_rss
      if rss <= floor:
        raise CellError("the peak memory of assay is hidden by that of this script")
      return rss
    short, long = self.arguments.short, self.arguments.long
    pairs = [interleaved(1, lambda: peak(long), lambda: peak(short))]
    return row(MEMORY, f"peak resident memory of assay: a run of {long} s, the peer is one of "
               f"{short} s", "B", pairs, 0.05, "equal")

  def notes(self, cases):
    notes = []
    if cases:
      notes += [
          f"Both read {self.target.label}, one worker on CPU {self.arguments.cpu}, "
          f"{MILLISECONDS} ms a cell, {self.arguments.pairs} pairs; a ratio is the median of the "
          "pairs'.",
          "ours, peer: CPU time of the worker thread per I/O (assay: worker cpu per io; fio: "
          "(usr_cpu + sys_cpu) x job_runtime / total_ios).",
          "whole process: with all threads, io_uring's kernel workers (iou-wrk) too, which do the "
          "I/O where the device knows no NOWAIT, as zram.",
          f"  assay: its metric 'cpu per io'; fio: rusage of the process, less that of a run of "
          f"{SHORT_MILLISECONDS} ms, by the difference of their I/Os."]
      notes += ["The kernel's own count of reads was compared with both sides' after every cell."
                if self.target.reads() is not None else
                "The kernel counts no I/Os here; the tools' counts stand unchecked."]
    if cases and not may_use_zram():
      self.problems.append(
          "NOT VALID as a verdict: no zram device can be made (needs root and `modprobe zram`), so "
          "the rows " + ", ".join(case.name for case in cases) + f" were taken on "
          f"{self.target.label} and are not judged; their targets hold for zram only")
    return notes


def own_peak():
  """Peak resident memory of this script, bytes (VmHWM of proc_pid_status(5), kB)."""
  with open("/proc/self/status") as status:
    for line in status:
      if line.startswith("VmHWM:"):
        return int(line.split()[1]) * 1024
  return 0
