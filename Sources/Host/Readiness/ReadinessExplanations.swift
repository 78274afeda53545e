internal import Measure

// The texts of the checks, in the order of ``ReadinessID``: what is looked at, why it matters for
// measurements (one sentence, shown beside each result), what to do.

// CPU and noise.
extension Explanation {
  static let governor = Explanation(
    seen: "The cpufreq governor of every CPU (scaling_governor).",
    meaning: """
      With any governor but performance the frequency follows the load, so that a light load is \
      measured on a slow CPU.
      """,
    remedy: "Set the governor performance; `cpupower frequency-set -g performance` does the same.")

  static let energyPreference = Explanation(
    seen: "The energy_performance_preference of every CPU (intel_pstate and amd_pstate).",
    meaning: "A preference for saving energy delays the rise of the frequency after idle times.",
    remedy: "Set it to performance.")

  static let turbo = Explanation(
    seen: "Whether frequencies above the nominal one are allowed (no_turbo, boost).",
    meaning: """
      Turbo depends on temperature and on what other cores do, which makes runs differ from each \
      other.
      """,
    remedy: """
      Switch it off to compare; leave it on to qualify what a server will do in service, and \
      interleave.
      """)

  static let idleStates = Explanation(
    seen: "The deepest idle state that a CPU may enter, with the kernel's figure for leaving it.",
    meaning: """
      A CPU that sleeps deeply wakes late, and its wake-up time is added to the latency of I/O \
      that completes by interrupt.
      """,
    remedy: """
      Disable states that take longer than some 10 us to leave, or hold /dev/cpu_dma_latency open \
      with a bound.
      """)

  static let idleLatencyBound = Explanation(
    seen: "The bound in /dev/cpu_dma_latency, which some program may hold open.",
    meaning:
      "A bound set by another program keeps CPUs out of deep idle states only while it runs.",
    remedy: "Nothing; make sure that the same program (tuned, say) runs in every run compared.")

  static let smt = Explanation(
    seen: "Whether cores run more than one hardware thread (smt/active).",
    meaning: "Two threads of one core share its units, so a worker's speed depends on its sibling.",
    remedy: "Switch SMT off for qualification, or place workers on distinct cores.")

  static let isolation = Explanation(
    seen: "CPUs isolated from the scheduler and from the timer tick (isolcpus, nohz_full).",
    meaning: "On CPUs that others use too, the far tail of latencies is of the scheduler.",
    remedy: "For tails beyond p99.9 isolate the CPUs that the scenario's placement names.")

  static let realTimeThrottling = Explanation(
    seen: "kernel.sched_rt_runtime_us and sched_rt_period_us.",
    meaning: """
      A real-time thread that polls is stopped for the rest of every period, by default 50 ms in \
      each second.
      """,
    remedy: "Set kernel.sched_rt_runtime_us=-1 only where pollers run with real-time priority.")

  static let irqbalance = Explanation(
    seen: "Whether a process named irqbalance runs.",
    meaning: "It moves interrupts between CPUs during a run, which shifts latency midway.",
    remedy: "Stop it while measuring, and set affinities once.")

  static let steal = Explanation(
    seen: "The steal column of /proc/stat over the sample.",
    meaning: "Stolen time went to other virtual machines, and no figure of this one tells when.",
    remedy: "Move to a dedicated host, or use dedicated virtual CPUs.")

  static let load = Explanation(
    seen: "CPU time of everything but this process over the sample.",
    meaning: "What else runs competes for CPUs, caches and the device under test.",
    remedy: "Stop it, or move it to CPUs that the workers do not use.")

  static let runQueue = Explanation(
    seen: "procs_running of /proc/stat just before the sample.",
    meaning: "Threads that wait for a CPU will take turns with the workers.",
    remedy: "Stop them, or wait until they are done.")

  static let gaps = Explanation(
    seen: """
      A thread pinned to each allowed CPU read the clock without pause for the length of the \
      sample; a step of 10 us or more counts as a gap.
      """,
    meaning: "Time that a spinning thread misses is missed by workers too, and ends in the tail.",
    remedy: """
      Gaps by the scheduler are other programs; the others are interrupts, firmware (SMI) or the \
      hypervisor. `cat /proc/interrupts` before and after, and the kernel's osnoise tracer, tell \
      which.
      """)
}

// Clock and memory.
extension Explanation {
  static let clockSource = Explanation(
    seen: "The kernel's current_clocksource and what else it offers.",
    meaning: """
      The tsc is read in user space within some 10 ns, whereas hpet and acpi_pm cost about a \
      microsecond and would be part of every latency.
      """,
    remedy: """
      Where the kernel left the tsc, `dmesg` says why (often firmware). In virtual machines \
      kvm-clock is right: it is the counter, scaled by the hypervisor.
      """)

  static let clockCost = Explanation(
    seen: "The time of a reading of CLOCK_MONOTONIC: the least mean of 100 batches of 1000.",
    meaning: "Each I/O is stamped at least twice, so a slow clock costs rate and adds to latency.",
    remedy: "See clock-source; a reading of 200 ns and more enters the kernel every time.")

  static let hugePagesTransparent = Explanation(
    seen: "/sys/kernel/mm/transparent_hugepage/enabled.",
    meaning: "With always, the kernel merges and splits pages at times that no run controls.",
    remedy: "Set madvise: programs that want huge pages ask for them.")

  static let hugePagesDefrag = Explanation(
    seen: "/sys/kernel/mm/transparent_hugepage/defrag.",
    meaning: "With always, a page fault may stop to compact memory, for milliseconds.",
    remedy: "Set madvise, or defer+madvise.")

  static let hugePages = Explanation(
    seen: "Reserved huge pages of 2 MiB.",
    meaning: "DPDK and SPDK take their buffers from reserved huge pages and do not start without.",
    remedy: """
      Reserve them early, while memory is whole: on the kernel command line, or by sysctl at boot.
      """)

  static let numaBalancing = Explanation(
    seen: "kernel.numa_balancing, on machines with several NUMA nodes.",
    meaning: "It unmaps pages to see who uses them, which costs faults and moves buffers midway.",
    remedy: "Switch it off while measuring; Assay places buffers on the device's node itself.")
}

// Kernel settings, storage, process.
extension Explanation {
  static let sysctl = Explanation(
    seen: """
      The kernel settings that two published guides recommend: S0, "Bare metal into Kubernetes: \
      extension and performance guide" (2025-09), and S2, "Kubernetes on small cloud servers" \
      (2025-10). Buffers are held against them as a floor, dirty pages and swappiness as a \
      ceiling; settings with several fields are compared field by field.
      """,
    meaning: """
      Socket buffers bound the rate of a single connection, dirty pages decide when buffered \
      writes stall, and forwarding decides whether pods are reached at all.
      """,
    remedy: "Set them in a file of /etc/sysctl.d, so that they hold after a reboot.")

  static let scheduler = Explanation(
    seen: "The I/O scheduler of each disk with hardware, or a hypervisor, beneath.",
    meaning: "A scheduler reorders and holds requests, which costs CPU and hides the device.",
    remedy: "none for flash and virtual disks, mq-deadline for disks that turn.")

  static let requests = Explanation(
    seen: "nr_requests of each disk.",
    meaning: "A queue deeper than this waits in the kernel, where the device cannot see it.",
    remedy: "Raise it above the deepest queue of the scenario.")

  static let ring = Explanation(
    seen: "Whether the kernel gives this process an io_uring, and kernel.io_uring_disabled.",
    meaning: "Without io_uring, its engines cannot run and another engine has another cost.",
    remedy: """
      Set kernel.io_uring_disabled=0 (Linux 6.6 and later), or let the container's seccomp \
      profile pass io_uring_setup.
      """)

  static let lockedMemory = Explanation(
    seen: "RLIMIT_MEMLOCK of this process.",
    meaning: "Registered buffers and RDMA memory regions are locked, and fail beyond this limit.",
    remedy: "Raise memlock in /etc/security/limits.conf, or LimitMEMLOCK= of the service.")

  static let openFiles = Explanation(
    seen: "RLIMIT_NOFILE of this process.",
    meaning: "Every job opens its target, and every connection is a file.",
    remedy: "Raise nofile in /etc/security/limits.conf, or LimitNOFILE= of the service.")

  static let capabilities = Explanation(
    seen: "Capabilities in force for this process (CapEff).",
    meaning: "What needs a missing capability is refused before a run, and cannot be measured.",
    remedy: "Run as root, or give the program the capability with setcap.")
}

// Platform and PCI.
extension Explanation {
  static let virtualisation = Explanation(
    seen: "Whether the processor or the kernel tells of a hypervisor.",
    meaning: """
      In a virtual machine, figures are of its virtual devices and of the cache of its \
      hypervisor, and depend on its neighbours.
      """,
    remedy: "Qualify hardware on bare metal; within a virtual machine compare, and disclose it.")

  static let secureBoot = Explanation(
    seen: "The UEFI variable SecureBoot.",
    meaning: """
      It changes no figure, but the published hardware requirements (S0) name it, and it forbids \
      unsigned drivers.
      """,
    remedy: "Switch it on in the firmware's setup.")

  static let tpm = Explanation(
    seen: "The version of the trusted platform module in /sys/class/tpm.",
    meaning: "It changes no figure, but the published hardware requirements (S0) name TPM 2.0.",
    remedy: "Switch it on in the firmware's setup.")

  static let firmware = Explanation(
    seen: "Vendor, version and date of the firmware (DMI).",
    meaning: "Firmware sets power limits, link training and SMIs, so figures hold for one version.",
    remedy: "Compare with the vendor's list; every record keeps the version.")

  static let iommu = Explanation(
    seen: "IOMMU groups, their type, and the kernel's command line.",
    meaning: """
      Translation costs CPU for every buffer of the host's own devices, and without an IOMMU no \
      device can be given to a virtual machine or to user space.
      """,
    remedy: "iommu=pt keeps the IOMMU for VFIO and passes the host's own devices through.")

  static let sriov = Explanation(
    seen: "Devices with SR-IOV, and how many virtual functions they have.",
    meaning: "Packet rates of virtual functions can only be measured where there are some.",
    remedy: "echo N > /sys/bus/pci/devices/ADDRESS/sriov_numvfs makes N of them.")

  static let link = Explanation(
    seen: "The trained speed and width of every PCI Express link, against the device's best.",
    meaning: "A link that trained low bounds bandwidth, whatever the device could do.",
    remedy: """
      Reseat the card, try another slot, look for bifurcation and speed limits in the firmware's \
      setup; a device in a slot of an older generation stays below its best.
      """)

  static let listed = Explanation(
    seen: "Devices that the published hardware list (S0) names, with their drivers.",
    meaning: "Figures of a blocked device or an unlisted driver are not of a supported system.",
    remedy: """
      Replace the device or bind the listed driver. For 14e4:165f (BCM5720) the list names \
      bnxt_en, while Linux drives it with tg3: there the list is to be corrected.
      """)
}
