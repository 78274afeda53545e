// Documentation/admin-guide/mm/transhuge.rst and hugetlbpage.rst, admin-guide/sysctl/kernel.rst.

extension Examination {
  mutating func addMemory() {
    let folder = "/sys/kernel/mm/transparent_hugepage/"
    for (id, file) in [
      (ReadinessID.hugePagesTransparent, "enabled"), (.hugePagesDefrag, "defrag"),
    ] {
      guard let choice = machine.choice(folder + file) else {
        add(id, .notApplicable, "this kernel has no transparent huge pages")
        continue
      }
      add(
        id, choice == "always" ? .advice : .ok, choice,
        remedy: "echo madvise > \(folder)\(file)")
    }
    addHugePages()
    addNUMABalancing()
  }

  private mutating func addHugePages() {
    let wanted = HostTuning.hugePages
    let folder = "/sys/kernel/mm/hugepages/hugepages-\(wanted.sizeKiB)kB/"
    guard let count = machine.integer(folder + "nr_hugepages") else {
      return add(.hugePages, .unknown, "this kernel has no pages of \(wanted.sizeKiB) KiB")
    }
    let free = machine.integer(folder + "free_hugepages").map { ", \($0) of them free" } ?? ""
    add(
      .hugePages, count >= wanted.count ? .ok : .advice,
      "\(count) pages of \(wanted.sizeKiB) KiB\(free); \(wanted.count) recommended by "
        + "\(wanted.source.rawValue)",
      remedy: "echo \(wanted.count) > \(folder)nr_hugepages")
  }

  private mutating func addNUMABalancing() {
    let nodes = machine.names(in: "/sys/devices/system/node").filter {
      $0.hasPrefix("node") && $0.dropFirst(4).allSatisfy(\.isNumber)
    }
    guard nodes.count > 1 else {
      return add(.numaBalancing, .notApplicable, "one NUMA node")
    }
    switch machine.integer("/proc/sys/kernel/numa_balancing") {
    case nil: add(.numaBalancing, .unknown, "this kernel does not tell")
    case 0?: add(.numaBalancing, .ok, "off, \(nodes.count) nodes")
    default:
      add(
        .numaBalancing, .advice, "on, \(nodes.count) nodes",
        remedy: "sysctl -w kernel.numa_balancing=0")
    }
  }
}
