// Documentation/ABI/stable/sysfs-block, Documentation/block/switching-sched.rst.

extension Examination {
  mutating func addDisks() {
    // Virtual disks (loop, zram, dm) have no device beneath and queue nothing themselves.
    let disks = machine.names(in: "/sys/block").filter {
      machine.exists("/sys/block/\($0)/device")
    }
    if disks.isEmpty { add(.scheduler, .notApplicable, "no disk on this host") }
    for disk in disks { addDisk(disk) }
    addRing()
  }

  private mutating func addDisk(_ name: String) {
    let queue = "/sys/block/\(name)/queue/"
    // virtio_blk calls every disk rotating: the hypervisor does not say.
    let isVirtio = machine.linkName("/sys/block/\(name)/device/driver") == "virtio_blk"
    let isRotating = machine.integer(queue + "rotational") == 1 && !isVirtio
    let scheduler = machine.choice(queue + "scheduler")
    if let scheduler {
      // A disk that turns gains from reordering; bfq and kyber measure themselves.
      let isRight = scheduler == "none" || (isRotating && scheduler == "mq-deadline")
      add(
        .scheduler, name, isRight ? .ok : .advice, scheduler + (isRotating ? ", rotating" : ""),
        remedy: "echo \(isRotating ? "mq-deadline" : "none") > \(queue)scheduler")
    } else {
      add(.scheduler, name, .unknown, "not told")
    }
    guard let requests = machine.integer(queue + "nr_requests") else { return }
    let isSmall = requests < 128 && scheduler != "none"
    add(
      .requests, name, isSmall ? .advice : .ok,
      "\(requests) requests a queue" + (scheduler == "none" ? ", the device's own depth" : ""),
      remedy: "echo 256 > \(queue)nr_requests")
  }

  private mutating func addRing() {
    let path = "/proc/sys/kernel/io_uring_disabled"
    if let reason = process.ringRefusal {
      let setting = machine.value(path).map { "kernel.io_uring_disabled = \($0); " } ?? ""
      let isSwitched = (machine.integer(path) ?? 0) > 0
      return add(
        .ring, .warning, "\(setting)io_uring_setup says: \(reason)",
        remedy: isSwitched ? "sysctl -w kernel.io_uring_disabled=0" : nil)
    }
    switch machine.integer(path) {
    case nil: add(.ring, .ok, "allowed; this kernel has no switch for it (before Linux 6.6)")
    case 0?: add(.ring, .ok, "allowed")
    case let value?:
      add(.ring, .ok, "allowed to this process (kernel.io_uring_disabled = \(value))")
    }
  }
}
