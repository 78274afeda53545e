"""The machine: what it is, how busy it was, and the targets made on it."""
import contextlib
import os
import pathlib
import platform
import sys
import tempfile
import time

from .cells import CellError

CONTROL = pathlib.Path("/sys/class/zram-control")
SIZE = 1 << 30


class Machine:
  """Facts of the machine, with its load from here to `facts()`."""

  def __init__(self):
    self.before = os.getloadavg()
    self.times = self.cpu_times()

  @staticmethod
  def cpu_times():
    # proc_stat(5): user nice system idle iowait irq softirq steal, in ticks; guest is in user.
    return [int(word) for word in pathlib.Path("/proc/stat").read_text().split()[1:9]]

  @staticmethod
  def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
      if line.startswith("model name"):
        return line.partition(":")[2].strip()
    return platform.machine()

  def facts(self):
    spent = [after - before for before, after in zip(self.times, self.cpu_times())]
    total = max(sum(spent), 1)
    return {
        "cpu": self.cpu_model(), "cpus": os.cpu_count(), "kernel": platform.release(),
        "loadavgBefore": list(self.before), "loadavgAfter": list(os.getloadavg()),
        "stealPercent": round(100 * spent[7] / total, 2),
        "idlePercent": round(100 * (spent[3] + spent[4]) / total, 1)}


class Zram:
  """A compressed RAM disk of its own; never written, so that reads are filled with zeros."""

  label = "zram, never written"

  def __init__(self, number):
    self.number = number
    self.path = f"/dev/zram{number}"
    self.size = SIZE
    self.system = {"device": self.path}
    self.folder = pathlib.Path(f"/sys/block/zram{number}")

  def reads(self):
    """Reads that the kernel completed on it (Documentation/block/stat.rst, first field)."""
    return int((self.folder / "stat").read_text().split()[0])

  def remove(self):
    for _ in range(50):  # Someone may have it open still, a prober for instance.
      try:
        (CONTROL / "hot_remove").write_text(str(self.number))
        return
      except OSError:
        time.sleep(0.1)
    print(f"bench: {self.path} is busy; remove it with: echo {self.number} "
          f"> {CONTROL}/hot_remove", file=sys.stderr)


class SharedMemory:
  """A file in RAM, for who may not make a zram device: no block layer, and fewer rows count."""

  label = "a file on tmpfs"
  size = 64 << 20

  def __init__(self, path):
    self.path = path
    self.system = {"file": path}

  def reads(self):
    return None


def may_use_zram():
  return os.geteuid() == 0 and (CONTROL / "hot_add").exists()


@contextlib.contextmanager
def target():
  """A zram device, or a file on tmpfs where that may not be made; gone at the end."""
  if may_use_zram():
    disk = Zram(int((CONTROL / "hot_add").read_text()))  # Reading adds one.
    try:
      (disk.folder / "disksize").write_text(str(SIZE))
      yield disk
    finally:
      disk.remove()
    return
  if not os.path.isdir("/dev/shm"):
    raise CellError("neither zram (root, modprobe zram) nor /dev/shm is there", status=69)
  with tempfile.NamedTemporaryFile(dir="/dev/shm", prefix="assay-bench-") as file:
    for _ in range(SharedMemory.size >> 20):
      file.write(bytes(1 << 20))
    file.flush()
    yield SharedMemory(file.name)
