internal import CLinux
internal import Glibc

/// The CPUs of this machine: cores, sockets, NUMA nodes, and which of them this process may use.
public struct Topology: Hashable, Codable, Sendable {
  /// One logical CPU.
  public struct CPU: Hashable, Codable, Sendable {
    /// The kernel's number.
    public var number: Int
    /// Number of its physical core, unique within the socket only.
    public var core: Int?
    /// Number of its socket.
    public var socket: Int?
    /// Its NUMA node; nil on machines without.
    public var node: Int?
    /// All logical CPUs of its physical core, itself among them, lowest first.
    public var siblings: [Int]
  }

  /// Online CPUs, lowest number first.
  public var cpus: [CPU]
  /// CPUs this process may run on (affinity and cpuset), lowest number first.
  public var allowed: [Int]
  /// Distances between NUMA nodes, from firmware (ACPI SLIT): 10 is local.
  public var distances: [Int: [Int: Int]]

  /// Reads the topology from sysfs, and what is allowed from /proc/self/status (main thread).
  public static func current() -> Topology {
    let base = "/sys/devices/system/cpu"
    let online = Files.numbers(inList: Files.text(base + "/online") ?? "")
    let cpus = online.map { number in
      let folder = "\(base)/cpu\(number)"
      let siblings =
        Files.text(folder + "/topology/core_cpus_list")
        ?? Files.text(folder + "/topology/thread_siblings_list")
      let node = Files.names(in: folder).lazy
        .filter { $0.hasPrefix("node") }
        .compactMap { Int($0.dropFirst(4)) }.first
      return CPU(
        number: number,
        core: Files.integer(folder + "/topology/core_id").map { Int($0) },
        socket: Files.integer(folder + "/topology/physical_package_id").map { Int($0) },
        node: node,
        siblings: siblings.map { Files.numbers(inList: $0) } ?? [number])
    }
    let list = Files.field(
      "Cpus_allowed_list", in: Files.text("/proc/self/status") ?? "", separator: ":")
    let allowed = Set(list.map { Files.numbers(inList: $0) } ?? online)
    return Topology(
      cpus: cpus, allowed: online.filter(allowed.contains), distances: readDistances())
  }

  private static func readDistances() -> [Int: [Int: Int]] {
    let base = "/sys/devices/system/node"
    let nodes = Files.numbers(inList: Files.text(base + "/online") ?? "")
    var distances: [Int: [Int: Int]] = [:]
    for node in nodes {
      let row = (Files.text("\(base)/node\(node)/distance") ?? "")
        .split(separator: " ").compactMap { Int($0) }
      distances[node] = Dictionary(zip(nodes, row)) { first, _ in first }
    }
    return distances
  }

  /// NUMA nodes that have CPUs online, lowest first.
  public var nodes: [Int] { Set(cpus.compactMap(\.node)).sorted() }

  /// NUMA node of a CPU; nil for an unknown CPU or a machine without nodes.
  public func node(ofCPU number: Int) -> Int? { cpus.first { $0.number == number }?.node }

  /// Chooses a CPU for each of `workers`, near the NUMA node of what they work on.
  ///
  /// Only allowed CPUs are chosen, in this order: the node's physical cores, one logical CPU each;
  /// the node's remaining SMT siblings; then the same of the other nodes, nearest first. Among
  /// equals the lowest number. With more workers than CPUs the order starts over.
  ///
  /// - Parameters:
  ///   - workers: how many CPUs to give; the same CPU more than once if they are too few.
  ///   - node: the node to be near; nil for any.
  /// - Returns: one CPU number a worker; empty when no CPU is known.
  public func placement(workers: Int, near node: Int?) -> [Int] {
    let usable = Set(allowed)
    let candidates = cpus.filter { usable.contains($0.number) }
    let order = candidates.sorted { rank($0, node, usable) < rank($1, node, usable) }
    guard !order.isEmpty, workers > 0 else { return [] }
    return (0..<workers).map { order[$0 % order.count].number }
  }

  /// Distance of the node, how many allowed siblings come before the CPU on its core, its number.
  private func rank(_ cpu: CPU, _ node: Int?, _ usable: Set<Int>) -> (Int, Int, Int) {
    var distance = 0
    if let node, let own = cpu.node, own != node {
      distance = distances[node]?[own] ?? 20  // ACPI 5.2.17: remote is 20 unless said otherwise.
    }
    let before = cpu.siblings.filter { $0 < cpu.number && usable.contains($0) }.count
    return (distance, before, cpu.number)
  }
}
