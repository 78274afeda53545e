import CLinux
import Foundation
import Measure
import TestSupport
import Testing

@testable import Host

@Suite struct NVMeDataTests {
  private static func put(_ value: UInt64, _ size: Int, at offset: Int, in data: inout [UInt8]) {
    for index in 0..<size { data[offset + index] = UInt8(truncatingIfNeeded: value >> (index * 8)) }
  }

  private static func put(_ text: String, _ size: Int, at offset: Int, in data: inout [UInt8]) {
    for index in 0..<size { data[offset + index] = 0x20 }
    for (index, byte) in text.utf8.enumerated() { data[offset + index] = byte }
  }

  @Test func aControllerIsDecoded() {
    var data = [UInt8](repeating: 0, count: 4096)
    Self.put(0x144D, 2, at: 0, in: &data)
    Self.put("S4YN", 20, at: 4, in: &data)
    Self.put("EXAMPLE DISK", 40, at: 24, in: &data)
    Self.put("1.0", 8, at: 64, in: &data)
    data[76] = 0b110
    data[77] = 5
    Self.put(7, 2, at: 78, in: &data)
    Self.put(0x0001_0400, 4, at: 80, in: &data)
    data[111] = 1
    Self.put(273 + 81, 2, at: 266, in: &data)
    Self.put(1_000_000_000_000, 8, at: 280, in: &data)
    Self.put(32, 4, at: 516, in: &data)
    data[525] = 1
    Self.put("nqn.2026-01.example:vol1", 24, at: 768, in: &data)
    Self.put(1028, 4, at: 1792, in: &data)
    data[1803] = 1
    let identity = NVMeIdentity(data: data)
    #expect(identity.vendor == 0x144D && identity.serial == "S4YN")
    #expect(identity.model == "EXAMPLE DISK" && identity.firmware == "1.0")
    #expect(!identity.hasSeveralPorts && identity.hasSeveralControllers)
    #expect(identity.isVirtualFunction)
    #expect(identity.largestTransfer == .kibibytes(128))
    #expect(identity.controllerID == 7 && identity.version == "1.4" && identity.kind == "I/O")
    #expect(identity.warningTemperature == 81 && identity.criticalTemperature == nil)
    #expect(identity.totalCapacity == ByteCount(1_000_000_000_000) && identity.namespaces == 32)
    #expect(identity.hasWriteCache)
    #expect(identity.subsystemNQN == "nqn.2026-01.example:vol1")
    // 1028 units of 16 bytes are a capsule of 16 448: 64 of the command, 16 KiB of data.
    #expect(identity.inCapsule == .kibibytes(16) && identity.descriptors == 1)
  }

  @Test func nothingIsToldOfAnEmptyStructure() {
    let identity = NVMeIdentity(data: [UInt8](repeating: 0, count: 4096))
    #expect(identity.serial == nil && identity.largestTransfer == nil)
    #expect(identity.inCapsule == nil && identity.totalCapacity == nil && identity.kind == nil)
  }

  @Test func aNamespaceIsCountedInItsBlocks() {
    var data = [UInt8](repeating: 0, count: 4096)
    Self.put(1000, 8, at: 0, in: &data)
    Self.put(900, 8, at: 8, in: &data)
    Self.put(500, 8, at: 16, in: &data)
    data[24] = 1
    data[25] = 2
    data[26] = 1
    data[30] = 1
    data[104] = 0xAB
    data[119] = 0x01
    Self.put(9 << 16 | 2 << 24, 4, at: 128, in: &data)
    Self.put(12 << 16, 4, at: 132, in: &data)
    Self.put(12 << 16 | 64 | 1 << 24, 4, at: 136, in: &data)
    let namespace = NVMeNamespace(number: 3, data: data)
    #expect(namespace.size == ByteCount(4_096_000) && namespace.capacity == ByteCount(3_686_400))
    #expect(namespace.utilisation == ByteCount(2_048_000))
    #expect(namespace.isThin && namespace.isShared && namespace.format == 1)
    #expect(
      namespace.formats == [
        .init(block: ByteCount(512), metadata: .zero, performance: "good"),
        .init(block: .kibibytes(4), metadata: .zero, performance: "best"),
        .init(block: .kibibytes(4), metadata: ByteCount(64), performance: "better"),
      ])
    #expect(namespace.layout == namespace.formats[1])
    #expect(namespace.nguid == "ab000000000000000000000000000001" && namespace.eui64 == nil)
  }

  @Test func nonsenseDoesNotTrap() {
    var data = [UInt8](repeating: 0xFF, count: 4096)
    let namespace = NVMeNamespace(number: 1, data: data)
    #expect(namespace.formats.count == 64 && namespace.size == .zero)
    data[25] = 0
    #expect(NVMeNamespace(number: 1, data: data).layout == nil)
    #expect(NVMeIdentity(data: data).controllerID == 0xFFFF)
    #expect(NVMeHealth(data: data).reads == .max)
    #expect(NVMeHealth(data: []).reads == 0)
  }

  private static func health(_ change: (inout [UInt8]) -> Void) -> NVMeHealth {
    var data = [UInt8](repeating: 0, count: 512)
    put(273 + 40, 2, at: 1, in: &data)
    data[3] = 100
    data[4] = 10
    data[5] = 2
    put(100, 8, at: 32, in: &data)
    put(200, 8, at: 48, in: &data)
    put(5, 8, at: 144, in: &data)
    put(273 + 45, 2, at: 200, in: &data)
    change(&data)
    return NVMeHealth(data: data)
  }

  @Test func healthIsDecoded() {
    let health = Self.health { $0[0] = 0b100010 }
    #expect(health.warnings == [.temperature, .persistentMemory])
    #expect(health.temperature == 40 && health.sensors.prefix(2) == [45, nil])
    #expect(health.spare == .percent(100) && health.spareThreshold == .percent(10))
    #expect(health.used == .percent(2))
    #expect(health.unitsRead == 100 && health.unitsWritten == 200 && health.unsafeShutdowns == 5)
  }

  @Test func onlyWhatMovedIsInTheDifference() {
    let before = Self.health { _ in }
    let after = Self.health { data in
      data[0] = 1
      data[5] = 3
      Self.put(273 + 47, 2, at: 1, in: &data)
      Self.put(160, 8, at: 32, in: &data)
      Self.put(2, 4, at: 228, in: &data)
      Self.put(4, 8, at: 144, in: &data)
    }
    let change = after.since(before)
    #expect(
      change.counters == [
        "unitsOf512000BytesRead": 60, "heavyThrottleSeconds": 2, "unsafeShutdowns": -1,
      ])
    #expect(change.temperatureRise == 7 && change.usedMore == .percent(1))
    #expect(change.newWarnings == [.spare])
    #expect(before.since(before).counters.isEmpty)
  }

  /// Nothing but Identify and Get Log Page gets past the shim, whatever it is called with.
  @Test func otherCommandsAreNeverSent() throws {
    let file = cl_open("/dev/null", O_RDONLY, 0)
    defer { close(file) }
    for opcode in UInt8.min...UInt8.max {
      errno = 0
      var byte: UInt8 = 0
      #expect(cl_nvme_admin_read(file, opcode, 0, 0, 0, &byte, 1, 1000) == -1)
      // ENOTTY is /dev/null's answer to what was sent.
      #expect(errno == ([0x02, 0x06].contains(opcode) ? ENOTTY : EPERM), "opcode \(opcode)")
    }
  }
}

@Suite struct RDMACountersTests {
  @Test func onlyWhatMovedIsToldByPort() throws {
    let tree = try MachineTree()
    let port = "/sys/class/infiniband/mlx5_0/ports/1"
    try tree.write("\(port)/counters/port_xmit_data", "100\n")
    try tree.write("\(port)/counters/symbol_error", "0\n")
    try tree.write("\(port)/counters/VL15_dropped", "N/A (no PMA)\n")
    try tree.write("\(port)/hw_counters/out_of_sequence", "3\n")
    try tree.write("\(port)/hw_counters/lifespan", "12\n")
    let before = RDMACounters.current(tree.machine)
    #expect(
      before.ports.first?.counters
        == ["port_xmit_data": 100, "symbol_error": 0, "out_of_sequence": 3])
    try tree.write("\(port)/counters/port_xmit_data", "350\n")
    let moved = RDMACounters.current(tree.machine).since(before)
    #expect(
      moved.ports == [.init(device: "mlx5_0", port: 1, counters: ["port_xmit_data": 250])])
    #expect(before.since(before).ports.isEmpty)
  }
}
