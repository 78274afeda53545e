"""Large records of the real format: a real run, cut short, is filled up with copies of its trials.

Assay plans the whole run, runs some trials of each case and is stopped; the trials that it did not
come to are made of those of the same case, with their metrics jittered from a seed. Then Assay
itself resumes the run, finds nothing left to run, and writes summary, page and manifest.
"""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

from .cells import CellError, execute

TRIAL_MILLISECONDS = 20
PATIENCE = 120  # Seconds until a run must have had a trial of each case.


def scenario(cases, blocks):
  # JSON is YAML. Each depth is a case.
  return json.dumps({
      "assay": 1, "name": "bench", "about": "Trials that scripts/bench multiplies.",
      "systems": {"target": {"none": {"size": "1GiB"}}},
      "workloads": {"cell": {
          "storage": {"engine": "io_uring_nop", "pattern": "random-read", "block-size": "4KiB",
                      "duration": f"{TRIAL_MILLISECONDS}ms"},
          "sweep": {"queue-depth": list(range(1, cases + 1))}}},
      "design": {"blocks": blocks}})


def record(assay, folder, name, cases, blocks, jitter):
  """A sealed record of cases x blocks trials; gives its folder.

  jitter is the relative spread of the copies' metrics; at 0 all agrees with histograms and
  counters, as `assay verify` wants it.
  """
  results = pathlib.Path(folder) / name
  path = begun(assay, results, cases, blocks)
  fill(path, random.Random(name), jitter)
  execute([assay, "run", "--resume", str(path)])
  return path


def begun(assay, results, cases, blocks):
  """Runs until each case had a trial, then stops it as Ctrl-C does."""
  given = results.with_suffix(".yaml")
  given.write_text(scenario(cases, blocks))
  child = subprocess.Popen(
      [assay, "run", str(given), "--results", str(results)],
      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
  try:
    end = time.monotonic() + PATIENCE
    while child.poll() is None and ended(results) < cases:
      if time.monotonic() > end:
        raise CellError(f"a run did not get through {cases} cases in {PATIENCE} s")
      time.sleep(0.02)
  finally:
    if child.poll() is None:
      child.send_signal(signal.SIGINT)
    child.wait()
  return next(results.iterdir())


def ended(results):
  return sum(path.read_bytes().count(b'"trial-finished"')
             for path in results.glob("*/events.jsonl"))


def fill(path, chance, jitter):
  """Completes an interrupted record: lines, histograms and seconds."""
  log = path / "events.jsonl"
  events = [json.loads(line) for line in log.read_text().splitlines()]
  trials = [event["trial"] for event in events if "trial" in event]
  known = {}
  for trial in trials:
    known.setdefault(json.dumps(trial["key"]), []).append(trial)
  done = {trial["id"] for trial in trials}
  at, sequence = events[-1]["at"], len(events)
  with log.open("a") as lines:
    def append(event, **payload):
      nonlocal sequence
      sequence += 1
      json.dump({"at": at, "event": event, "sequence": sequence, **payload}, lines,
                sort_keys=True, separators=(",", ":"), ensure_ascii=False)
      lines.write("\n")
    for planned in json.loads((path / "plan.json").read_text())["trials"]:
      if planned["id"] not in done:
        source = chance.choice(known[json.dumps(planned["key"])])
        append("trial-started", trialID=planned["id"])
        append("trial-finished", trial=copied(path, source, planned, chance, jitter))
    append("run-finished")


def copied(path, source, planned, chance, jitter):
  trial = {**source, "id": planned["id"], "block": planned["block"]}
  for part, ending in (("histograms", "json"), ("series", "csv")):
    trial[part] = f"{part}/{planned['id']}.{ending}"
    shutil.copyfile(path / source[part], path / trial[part])
  if jitter > 0:
    trial["metrics"] = {
        name: {**metric, "value": metric["value"] * chance.lognormvariate(0, jitter)}
        for name, metric in source["metrics"].items()}
  return trial


def history(path, folder, count):
  """A folder of records with the files that a history is read from, a minute apart; gives it.

  Their level rises by a tenth after two thirds of them. environment.json is one file of many
  names.
  """
  results = pathlib.Path(folder) / "history"
  summary = json.loads((path / "summary.json").read_text())
  middles = [(metric, metric["median"]) for case in summary["cases"]
             for metric in case["metrics"].values()]
  chance = random.Random(count)
  for number in range(count):
    moment = time.gmtime(1_700_000_000 + 60 * number)
    name = time.strftime("%Y%m%dT%H%M%SZ-bench-", moment) + f"{number:05}"
    summary["run"]["id"] = name
    summary["run"]["startedAt"] = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", moment)
    level = 1.1 if number > count * 2 / 3 else 1
    for metric, median in middles:
      metric["median"] = median * level * chance.lognormvariate(0, 0.02)
    (results / name).mkdir(parents=True)
    (results / name / "summary.json").write_text(json.dumps(summary, indent=2, sort_keys=True))
    os.link(path / "environment.json", results / name / "environment.json")
  return results
