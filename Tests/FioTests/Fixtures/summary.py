#!/usr/bin/env python3
# A script as users of fio have them: knows nothing of Assay.
import json
import sys

with open(sys.argv[1]) as source:
    text = source.read()
data = json.loads(text[text.index("{"):])
for job in data["jobs"]:
    read = job["read"]
    write = job["write"]
    print(
        job["jobname"], job["error"],
        "iops=%.2f" % (read["iops"] + write["iops"]),
        "bw=%d" % (read["bw"] + write["bw"]),
        "ios=%d" % (read["total_ios"] + write["total_ios"]),
        "clat99=%d" % read["clat_ns"].get("percentile", {}).get("99.000000", 0),
        "wclat99=%d" % write["clat_ns"].get("percentile", {}).get("99.000000", 0),
        "lat=%.3f" % (read["lat_ns"]["mean"] / 1000.0),
        "dev=%.3f" % (write["lat_ns"]["stddev"] / 1000.0),
        "cpu=%.2f/%.2f" % (job["usr_cpu"], job["sys_cpu"]),
        "depth=%.1f" % sum(job["iodepth_level"].values()),
        "us=%.1f" % sum(job["latency_us"].values()),
        "rt=%d" % job["job_runtime"], "bwmax=%d" % write["bw_max"],
    )
