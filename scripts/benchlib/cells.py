"""Cells: one timed execution of Assay or of fio, with what each of them counted."""
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


class CellError(Exception):
  """A cell that could not be measured; nothing can be concluded."""

  def __init__(self, message, status=70):
    super().__init__(message)
    self.status = status


@dataclasses.dataclass
class Cell:
  """What one execution cost."""

  ios: int
  worker_ns: float  # CPU time of the worker thread per I/O.
  process_ns: float  # Of the whole process, io_uring's kernel workers included; fio: raw.
  process_cpu: float  # User and system time from start to end, seconds.
  peak_rss: int  # Bytes.


def execute(command, stdin="", allowed=(0,)):
  """Runs a command to its end, with a code that is allowed; gives stdout and usage (wait4)."""
  with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, \
      tempfile.TemporaryFile() as given:
    given.write(stdin.encode())
    given.seek(0)
    child = subprocess.Popen(command, stdin=given, stdout=out, stderr=err)
    try:
      _, status, usage = os.wait4(child.pid, 0)
    except BaseException:
      child.terminate()
      child.wait()
      raise
    child.returncode = os.waitstatus_to_exitcode(status)
    out.seek(0)
    err.seek(0)
    text = out.read().decode(errors="replace")
    if child.returncode not in allowed:
      tail = (err.read().decode(errors="replace") or text).strip()[-2000:]
      raise CellError(f"{' '.join(command)} ended with {child.returncode}:\n{tail}\n{stdin}")
    return text, usage


class Fio:
  """Debian's fio, pinned with all its threads."""

  def __init__(self, cpu):
    self.cpu = cpu
    self.path = shutil.which("fio")
    if not self.path:
      raise CellError("fio is missing; install it with: sudo apt-get install -y fio", status=69)
    self.version = subprocess.run(
        [self.path, "--version"], capture_output=True, text=True, check=True).stdout.strip()

  def command(self, target, options, milliseconds):
    return [
        "taskset", "-c", str(self.cpu), self.path, "--name=bench", "--thread", "--rw=randread",
        "--bs=4k", f"--size={target.size}", "--norandommap", "--time_based",
        f"--runtime={milliseconds}ms", "--direct=1", f"--filename={target.path}",
        "--output-format=json", *options]

  def run(self, target, options, milliseconds):
    text, usage = execute(self.command(target, options, milliseconds))
    # Warnings may stand before the document (axboe/fio#1333).
    job = json.loads(text[text.index("{"):])["jobs"][0]
    if job["error"]:
      raise CellError(f"fio reports error {job['error']}")
    ios = job["read"]["total_ios"]
    if ios == 0:
      raise CellError("fio did no I/O")
    busy = (job["usr_cpu"] + job["sys_cpu"]) / 100 * job["job_runtime"] * 1e6
    cpu = usage.ru_utime + usage.ru_stime
    return Cell(ios, busy / ios, cpu * 1e9 / ios, cpu, usage.ru_maxrss * 1024)


class Assay:
  """The release build of this checkout, its worker pinned."""

  def __init__(self, cpu, results):
    self.cpu = cpu
    self.results = results
    # Builds what is stale; the cells then start the program itself.
    built = subprocess.run([ROOT / "scripts/assay", "--version"], stdout=subprocess.PIPE, text=True)
    if built.returncode != 0:
      raise CellError("assay does not build", status=69)
    self.version = built.stdout.strip()
    self.path = str(ROOT / ".build/release/assay")

  def scenario(self, system, keys, duration):
    workload = {
        "pattern": "random-read", "block-size": "4KiB", "duration": duration,
        "placement": {"cpus": [self.cpu]}, **keys}
    # JSON is YAML.
    return json.dumps({
        "assay": 1, "name": "bench", "about": "A cell of scripts/bench.",
        "systems": {"target": system}, "workloads": {"cell": {"storage": workload}},
        "design": {"blocks": 1}})

  def run(self, system, keys, duration):
    with tempfile.TemporaryDirectory(dir=self.results) as folder:
      text, usage = execute(
          [self.path, "run", "-", "--json", "--results", folder],
          self.scenario(system, keys, duration))
      result = json.loads(text)
      metrics = result["cases"][0]["metrics"]
      ios = self.count(pathlib.Path(result["record"]))
    return Cell(
        ios, metrics["worker cpu per io"]["value"], metrics["cpu per io"]["value"],
        usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)

  @staticmethod
  def count(record):
    """The exact number of reads of the only trial; the JSON result has rates."""
    for line in (record / "events.jsonl").read_text().splitlines():
      reads = find(json.loads(line), "read")
      if reads and "ios" in reads:
        return reads["ios"]
    raise CellError(f"no count of I/Os in {record}")


def find(tree, key):
  """The first object under a key, anywhere in a JSON document."""
  if isinstance(tree, dict):
    if isinstance(tree.get(key), dict):
      return tree[key]
    tree = list(tree.values())
  if isinstance(tree, list):
    for part in tree:
      found = find(part, key)
      if found:
        return found
  return None
