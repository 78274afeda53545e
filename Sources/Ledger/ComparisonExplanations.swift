internal import Measure

// The texts of `assay explain` for the findings of comparisons, in the order of ``FindingCode``.

extension Explanation {
  static let armIncomplete = Explanation(
    seen: "A record that is compared did not finish its plan.",
    meaning: """
      Cases late in the plan have fewer trials or none, so their intervals are wider, and blocks \
      without a counterpart are left out.
      """,
    remedy: "Finish it with `assay run --resume RECORD` and compare again.")

  static let environmentUnknown = Explanation(
    seen: """
      A record that is compared does not tell on which machine it was made, as published and \
      imported figures do not.
      """,
    meaning: "Nobody can check whether the machines are alike: the whole difference may be theirs.",
    remedy: "Take the comparison as a lead to measure both on one machine.")

  static let otherMachine = Explanation(
    seen: "Serial number, UUID or host name tell that two records were made on different machines.",
    meaning: """
      The difference between two machines of one kind is part of every ratio, and no interval \
      holds it.
      """,
    remedy: """
      Measure both on one machine, or several machines of each kind, before a conclusion about \
      what runs on them.
      """)

  static let despite = Explanation(
    seen: """
      Records are compared although a fact differs that decides figures, since `--despite` names \
      it.
      """,
    meaning: "The ratios are of all that differs together, the named fact among it.",
    remedy: "Keep every other fact the same, so that one cause is left.")

  static let environmentDiffers = Explanation(
    seen: """
      Facts that can shift figures, such as the governor, a mitigation or the kernel, are not the \
      same in two records.
      """,
    meaning: "Part of a ratio may be theirs.",
    remedy: """
      Set both alike (`assay doctor` names the settings) and measure again, or name the fact as \
      meant with `--despite`.
      """)

  static let factUnknown = Explanation(
    seen: "One of two records does not hold a fact of the machine that the other holds.",
    meaning: """
      Whether it differs cannot be checked; another version of Assay or a container that hides it \
      are the usual reasons.
      """,
    remedy: "Record both with the same version of Assay, in the same kind of environment.")

  static let otherSession = Explanation(
    seen: "Two records that are compared were not made in one run.",
    meaning: """
      Placement, temperature, neighbours and the state of a disk differ from session to session, \
      and this is not in the intervals: two sessions of the same thing often differ by more than \
      either interval says.
      """,
    remedy: """
      To tell a small difference, run both as systems of one scenario in ABBA order; or compare \
      several sessions of each.
      """)

  static let evidenceDiffers = Explanation(
    seen: "One side was measured, and the other imported, published or computed by a model.",
    meaning: "They were not obtained in the same way, so a ratio is a lead and no finding.",
    remedy: "Measure both with one scenario.")

  static let notHardware = Explanation(
    seen: """
      The record says why its figures are not of hardware: a memory disk, a loop device, an \
      emulated link.
      """,
    meaning: "Such figures tell whether things work and not how fast hardware is.",
    remedy: "Compare them with each other only.")

  static let orderSequential = Explanation(
    seen: "All trials of one system ran before those of the other.",
    meaning: """
      Whatever changed with time (temperature, garbage collection, a neighbour) looks like a \
      difference between the systems, and nothing in the numbers can tell the two apart.
      """,
    remedy: "Run with `design: {order: abba}`.")

  static let driftSeen = Explanation(
    seen: """
      Values rise or fall over the trials of a case by more than chance explains (Mann and \
      Kendall's test with Holm's correction; the size by Theil and Sen's slope).
      """,
    meaning: """
      Pairs of one block are hit alike and stay right. Trials of different blocks, orders or \
      sessions are not.
      """,
    remedy: """
      Look for warming, garbage collection or a filling cache in the series; precondition, or wait \
      for steady state.
      """)

  static let shapeDiffers = Explanation(
    seen: """
      Two cases come out the same, and yet their trials scatter differently by more than chance \
      and the tolerance explain (Smirnov's test of the trials' values, one side divided by the \
      ratio, with Holm's correction over the rows that came out the same).
      """,
    meaning: """
      A ratio tells of the middle: one side may have a second mode, or trials that fall out, which \
      its users meet.
      """,
    remedy: """
      Look at the values of the single trials in the report, and at what happened at those that \
      lie apart.
      """)

  static let trialsLeftOut = Explanation(
    seen: "Trials of a compared case are invalid or failed.",
    meaning: "They count for nothing, and their counterparts in the same block neither.",
    remedy: "See in `assay report RECORD` why; run again if few are left.")

  static let undisclosed = Explanation(
    seen: """
      The source of published figures does not tell what must stand beside a number, for none of \
      the systems that it compares.
      """,
    meaning: """
      Their ratio holds for what was measured there, whatever it was; neither number may be held \
      against one of another source.
      """,
    remedy: "Ask the source, or measure.")

  static let manyIntervals = Explanation(
    seen: "The comparison has so many rows that some intervals miss the truth by chance.",
    meaning: "A single row that stands out among many may be one of those.",
    remedy: """
      Choose the metrics that matter beforehand (`--metric`), or repeat the run and see whether it \
      stands out again.
      """)

  static let unmatched = Explanation(
    seen: """
      A case of one side has no counterpart with the same system, workload and point on the other.
      """,
    meaning: "It is not compared, and the comparison says nothing of it.",
    remedy: """
      Give both scenarios the same workloads and sweeps; `RECORD:SYSTEM` sets systems of different \
      names beside each other.
      """)
}
