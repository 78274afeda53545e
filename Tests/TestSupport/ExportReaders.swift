/// Programs of python that read what Assay exports, and stop at whatever its format forbids.
public enum ExportReaders {
  /// Reads the lines as a fleet would; prints how the run ends, then a line a step.
  public static let ocp = """
    import json, sys
    lines = [json.loads(line) for line in sys.stdin]
    assert [line["sequenceNumber"] for line in lines] == list(range(len(lines)))
    assert lines[0]["schemaVersion"] == {"major": 2, "minor": 0}
    start = lines[1]["testRunArtifact"]["testRunStart"]
    assert set(start) == {"name", "version", "commandLine", "parameters", "dutInfo"}
    device = start["dutInfo"]
    hardware = [part["hardwareInfoId"] for part in device["hardwareInfos"]]
    software = [part["softwareInfoId"] for part in device["softwareInfos"]]
    assert len(set(hardware)) == len(hardware) and len(set(software)) == len(software)
    end = lines[-1]["testRunArtifact"]["testRunEnd"]
    pair = (end["status"], end["result"])
    assert pair in [("COMPLETE", "PASS"), ("COMPLETE", "FAIL"), ("ERROR", "NOT_APPLICABLE"),
      ("SKIP", "NOT_APPLICABLE")], pair
    print(*pair)
    steps, series, open_step = {}, {}, None
    for line in lines[2:-1]:
      assert len(set(line) - {"sequenceNumber", "timestamp"}) == 1
      if "testRunArtifact" in line:
        assert set(line["testRunArtifact"]) <= {"log", "error"}
        continue
      step = line["testStepArtifact"]
      (kind,) = set(step) - {"testStepId"}
      value = step[kind]
      if kind == "testStepStart":
        assert open_step is None and step["testStepId"] not in steps
        open_step = step["testStepId"]
        steps[open_step] = [value["name"]]
        continue
      assert step["testStepId"] == open_step
      for reference in [value.get("hardwareInfoId")]:
        assert reference is None or reference in hardware, reference
      assert all(one in software for one in value.get("softwareInfoIds", []))
      if kind == "testStepEnd":
        steps[open_step].append(value["status"])
        open_step = None
      elif kind == "measurementSeriesStart":
        series[value["measurementSeriesId"]] = []
      elif kind == "measurementSeriesElement":
        series[value["measurementSeriesId"]].append(value["index"])
      elif kind == "measurementSeriesEnd":
        assert series[value["measurementSeriesId"]] == list(range(value["totalCount"]))
      elif kind == "measurement":
        for one in value.get("validators", []):
          steps[open_step].append(f'{value["name"]}={value["value"]} {one["type"]} {one["value"]}')
      elif kind == "diagnosis":
        assert value["type"] in ["PASS", "FAIL", "UNKNOWN"]
        steps[open_step].append(f'{value["type"]} {value["verdict"]}')
      elif kind == "error":
        steps[open_step].append("error " + value["symptom"])
      else:
        assert kind == "log" and value["severity"] in ["INFO", "WARNING", "ERROR"], kind
    assert open_step is None
    for step in steps.values(): print(" | ".join(step))
    """

  /// Reads a gate's JUnit XML as a build server would; prints how many cases ended how, then the
  /// kinds of all that did not pass.
  public static let junit = """
    import sys, xml.etree.ElementTree as tree
    root = tree.fromstring(sys.stdin.buffer.read())
    assert root.tag == "testsuites", root.tag
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    def check(part, cases):
      assert int(part.get("tests")) == len(cases)
      for count, kind in kinds.items():
        assert int(part.get(count)) == sum(case.find(kind) is not None for case in cases), count
    check(root, list(root.iter("testcase")))
    for suite in root:
      assert suite.tag == "testsuite" and suite.get("name")
      assert {part.tag for part in suite} <= {"properties", "testcase"}
      check(suite, suite.findall("testcase"))
      for case in suite.findall("testcase"):
        assert case.get("name") and case.get("classname")
        ends = [part for part in case if part.tag in kinds.values()]
        assert {part.tag for part in case} <= {"properties", *kinds.values()} and len(ends) <= 1
        assert all(end.get("type") and end.get("message") for end in ends)
    print(*(root.get(key) for key in ("tests", *kinds)))
    print(*sorted({end.get("type") for kind in kinds.values() for end in root.iter(kind)}))
    """
}
