import CLinux
import Foundation
import Measure
import TestSupport
import Testing

@testable import Host

@Suite struct MachineTests {
  @Test(Requires.tool("nproc")) func topologyIsThatOfNproc() throws {
    let topology = Topology.current()
    let all = try Command.run(["nproc", "--all"]).checked().stdout
    #expect("\(topology.cpus.count)" == Files.trimmed(all))
    let one = try Command.run([
      "taskset", "-c", "0", "grep", "Cpus_allowed_list", "/proc/self/status",
    ])
    #expect(one.stdout.hasSuffix("\t0\n"))
    #expect(Set(topology.allowed).isSubset(of: Set(topology.cpus.map(\.number))))
    #expect(topology.cpus.allSatisfy { $0.siblings.contains($0.number) })
  }

  /// Two nodes of two cores with two threads each, numbered as Intel machines do.
  private var twoSockets: Topology {
    let cpus = (0..<8).map { number in
      let core = number % 4
      return Topology.CPU(
        number: number, core: core % 2, socket: core / 2, node: core / 2,
        siblings: [core, core + 4])
    }
    return Topology(
      cpus: cpus, allowed: Array(0..<8), distances: [0: [0: 10, 1: 21], 1: [0: 21, 1: 10]])
  }

  @Test func placementTakesCoresBeforeSiblingsAndNearBeforeFar() {
    var machine = twoSockets
    #expect(machine.placement(workers: 8, near: 1) == [2, 3, 6, 7, 0, 1, 4, 5])
    #expect(machine.placement(workers: 4, near: nil) == [0, 1, 2, 3])
    #expect(machine.placement(workers: 10, near: 0).suffix(2) == [0, 1])
    #expect(machine.placement(workers: 0, near: 0).isEmpty)
    machine.allowed = [4, 6, 7]
    #expect(machine.placement(workers: 3, near: 1) == [6, 7, 4])
    #expect(machine.node(ofCPU: 6) == 1 && machine.node(ofCPU: 99) == nil)
    #expect(machine.nodes == [0, 1])
  }

  @Test(arguments: [nil, 0], [false, true])
  func memoryIsAlignedAndFaultedIn(node: Int?, huge: Bool) throws {
    let memory = try NUMAMemory(size: ByteCount((64 << 20) - 5), node: node, hugePages: huge)
    let page = Int(memory.placement.pageSize.count)
    #expect(Int(bitPattern: memory.base) % page == 0)
    #expect(memory.placement.size == .mebibytes(64))
    #expect(memory.placement.requestedNode == node)
    let actual = memory.placement.actualNode
    #expect(node == nil || actual == nil || actual == node)
    #expect(!memory.placement.method.contains("huge") || huge)
    #expect(memory.base.load(fromByteOffset: (64 << 20) - 6, as: UInt8.self) == 0)
    var resident = [UInt8](repeating: 0, count: (64 << 20) / 4096)
    #expect(mincore(memory.base, 64 << 20, &resident) == 0)
    #expect(resident.allSatisfy { $0 & 1 == 1 })
  }

  @Test(arguments: [nil, 0]) func memoryIsGivenBack(node: Int?) throws {
    let before = residentBytes()
    for _ in 0..<100 {
      _ = try NUMAMemory(size: .mebibytes(8), node: node).placement
    }
    // Other tests run beside this one, but none of them keeps so much.
    #expect(residentBytes() - before < 400 << 20)
  }

  private func residentBytes() -> Int {
    let line = Files.field("VmRSS", in: Files.text("/proc/self/status") ?? "", separator: ":") ?? ""
    return (line.split(separator: " ").first.flatMap { Int($0) } ?? 0) << 10
  }

  @Test func unknownNodeIsRefused() {
    #expect(throws: HostError.self) {
      _ = try NUMAMemory(size: .mebibytes(1), node: 4000).placement
    }
  }

  @Test func environmentTellsTheMachine() throws {
    let first = Environment.capture(toolVersion: "1.2.3")
    let second = Environment.capture(toolVersion: "1.2.3")
    #expect(first["assay.version"] == "1.2.3")
    let release = try Command.run(["uname", "-r"]).checked().stdout
    #expect(first["kernel.release"] == Files.trimmed(release))
    for key in ["cpu.threads", "memory.total", "machine.hostname", "machine.architecture"] {
      #expect(first[key] != nil, "\(key)")
    }
    let keys = first.facts.map(\.key)
    #expect(keys == keys.sorted() && Set(keys).count == keys.count)
    #expect(first.facts.allSatisfy { !$0.value.isEmpty })
    // Only what is meant to differ from moment to moment does.
    for kind in [EnvironmentFact.Class.identity, .mustMatch, .shouldMatch] {
      #expect(first.facts(of: kind) == second.facts(of: kind))
    }
    let data = try JSONEncoder().encode(first)
    #expect(try JSONDecoder().decode(Environment.self, from: data) == first)
  }

  /// The order of the enum is the numbering of the kernel's header.
  @Test(.enabled(if: Files.exists("/usr/include/linux/capability.h"), "needs linux-libc-dev"))
  func capabilitiesAreNumberedAsInTheKernel() throws {
    let header = try #require(Files.text("/usr/include/linux/capability.h"))
    for (number, capability) in Capability.allCases.enumerated() {
      let found = header.split(separator: "\n").contains { line in
        let words = line.split(whereSeparator: \.isWhitespace)
        return words.count >= 3 && words[0] == "#define" && words[1] == capability.kernelName
          && words[2] == "\(number)"
      }
      #expect(found, "\(capability.kernelName) is not \(number)")
    }
    #expect(Capabilities(mask: 1 << 21).effective == [.sysAdmin])
  }

  @Test func missingPrivilegeIsNamed() throws {
    let error = #expect(throws: HostError.self) {
      try Capabilities(mask: 0).require(.sysAdmin, for: "NVMe passthrough")
    }
    #expect(error?.description.contains("NVMe passthrough: needs CAP_SYS_ADMIN") == true)
    try Capabilities(mask: .max).require(.ipcLock, for: "anything")
  }

  @Test func limitsAreThoseOfTheShell() throws {
    let limits = ResourceLimits.current()
    let shell = try Command.run(["sh", "-c", "ulimit -n; ulimit -Hn; ulimit -l"]).checked()
    let lines = shell.stdout.split(separator: "\n").map(String.init)
    #expect(lines[0] == limits.openFiles.map { "\($0)" } ?? "unlimited")
    #expect(lines[1] == limits.openFilesCeiling.map { "\($0)" } ?? "unlimited")
    #expect(lines[2] == limits.lockedMemory.map { "\($0.count / 1024)" } ?? "unlimited")
  }
}
