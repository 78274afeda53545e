"""The user-space initiator against the kernel's: CPU per I/O over NVMe-oF RDMA, in the lab.

Both reach targets of the same guest over soft RoCE: only the ratio means anything, and none of it
is a figure of hardware. One scenario runs all: depth 32, 4 KiB, A B B A, every system once a block.
The whole-process column is the CPU time of the whole guest per I/O, target and adapter included.
"""
import json
import os
import pathlib
import subprocess
import tempfile

from . import table
from .cells import ROOT, Assay, CellError
from .machine import Machine
from .pairs import row
from .storage import positive

CONTROL_TOLERANCE = 0.05
ADDRESS = "192.168.77.1"
KERNEL, AGAIN, USER = "kernel", "kernel-again", "user"
PATTERNS = ["random-read", "random-write"]


def add_arguments(parser):
  parser.add_argument("--json", action="store_true", help="print the figures")
  parser.add_argument("--blocks", type=positive, default=8, metavar="N",
                      help="trials of each system and pattern (default 8)")


def run(arguments):
  machine = Machine()
  with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
    assay = Assay(max(os.sched_getaffinity(0)), folder)
    trials = measure(assay.path, pathlib.Path(folder), arguments.blocks)
  rows = [against(trials, pattern) for pattern in PATTERNS]
  control = row(
      "control", f"{PATTERNS[0]}: the kernel's initiator against itself on another target", "ns",
      pairs(trials, PATTERNS[0], AGAIN, process), CONTROL_TOLERANCE, "equal")
  problems = [] if control["met"] else [
      f"NOT VALID: the control's ratio is {control['ratio']:.3f}, more than "
      f"{CONTROL_TOLERANCE:.0%} off 1; run it again when the machine is quieter"]
  result = {
      "cases": rows, "control": control, "notes": [__doc__.split("\n\n")[1].replace("\n", " ")],
      "problems": problems,
      "machine": {**machine.facts(), "peer": "Debian's kernel under QEMU's TCG",
                  "assay": assay.version}}
  print(json.dumps(result, indent=2) if arguments.json else table.text(result))
  return table.status(result)


def scenario(blocks):
  def system(name, port, **more):
    return {"nvme-of": {"transport": "rdma", "address": ADDRESS, "port": port,
                        "nqn": f"nqn.2026-01.lab:{name}", **more}}

  # JSON is YAML.
  return json.dumps({
      "assay": 1, "name": "initiators", "about": "Initiators side by side.",
      "systems": {KERNEL: system(KERNEL, 4420), AGAIN: system(AGAIN, 4421),
                  USER: system(USER, 4422, initiator="user-space")},
      "workloads": {pattern: {"storage": {
          "pattern": pattern, "block-size": "4KiB", "queue-depth": 32, "ramp": "300ms",
          "duration": "1500ms"}} for pattern in PATTERNS},
      "design": {"order": "abba", "blocks": blocks}})


def measure(program, folder, blocks):
  """Runs the scenario in a guest; gives its trials by pattern, system and block."""
  (folder / "initiators.yaml").write_text(scenario(blocks))
  seconds = 120 + blocks * 6 * 6
  command = [
      ROOT / "scripts/lab", "run", "--limit", str(seconds), "--share", folder,
      ROOT / "scripts/lab-guest/initiators", program, "run", "/host/initiators.yaml",
      "--results", "/host/results", "--allow-destroy", KERNEL, "--allow-destroy", AGAIN,
      "--allow-destroy", f"nqn.2026-01.lab:{USER}"]
  ended = subprocess.run(command, stdout=subprocess.PIPE, text=True)
  if ended.returncode != 0:
    status = 69 if ended.returncode == 69 else 70
    raise CellError(f"the guest's run ended with {ended.returncode}", status=status)
  [record] = (folder / "results").iterdir()
  events = map(json.loads, (record / "events.jsonl").read_text().splitlines())
  trials = [event["trial"] for event in events if event["event"] == "trial-finished"]
  return {
      (trial["key"]["workload"], trial["key"]["system"], trial["block"]): trial["metrics"]
      for trial in trials if trial["status"] == "valid"}


def process(metrics):
  return metrics["cpu per io"]["value"]


def guest(metrics):
  """CPU time of all that runs there per I/O, ns: percent of one CPU over I/Os per second."""
  return metrics["host cpu"]["value"] * 1e7 / metrics["iops"]["value"]


def pairs(trials, pattern, system, cost):
  """The cost of a system and of the kernel's initiator in each block that has both."""
  found = []
  for (workload, name, block), metrics in sorted(trials.items()):
    peer = trials.get((pattern, KERNEL, block))
    if workload == pattern and name == system and peer:
      found.append((cost(metrics), cost(peer)))
  if not found:
    raise CellError(f"no valid trials of {pattern} on {system}")
  return found


def against(trials, pattern):
  """The user-space initiator's row; no target is set."""
  figures = row(
      pattern, f"{pattern}, 4 KiB, depth 32: CPU time of the process per I/O", "ns",
      pairs(trials, pattern, USER, process), None, "ratio")
  whole = row(pattern, "", "ns", pairs(trials, pattern, USER, guest), None, "ratio")
  figures["wholeProcess"] = {key: whole[key] for key in ("unit", "ours", "peer", "ratio")}
  return figures
