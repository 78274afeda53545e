import Testing

@testable import Storage

/// Bytes on the wire, by offset: NVMe Base Specification 2.0 and NVM Command Set 1.0.
struct FabricsWireTests {
  /// Encodes into memory that was not zero.
  private func command(
    _ opcode: UInt8, id: UInt16 = 0x3005, namespace: UInt32 = 0, _ fill: (NVMeCommand) -> Void
  ) -> [UInt8] {
    withUnsafeTemporaryAllocation(byteCount: NVMeCommand.bytes, alignment: 8) { space in
      guard let base = space.baseAddress else { return [] }
      space.initializeMemory(as: UInt8.self, repeating: 0xEE)
      fill(NVMeCommand(at: base, opcode: opcode, id: id, namespace: namespace))
      return Array(space)
    }
  }

  /// 64 bytes that are zero but for what is given by offset.
  private func bytes(_ parts: [Int: [UInt8]]) -> [UInt8] {
    var all = [UInt8](repeating: 0, count: 64)
    for (offset, part) in parts { all.replaceSubrange(offset..<offset + part.count, with: part) }
    return all
  }

  @Test func aReadNamesMemoryByKey() {
    let encoded = command(NVMeCommand.Opcode.read, namespace: 0x0102_0304) {
      $0.blocks(first: 0x1122_3344_5566_7788, count: 8)
      $0.keyed(address: 0xA1A2_A3A4_A5A6_A7A8, bytes: 0x01_2345, key: 0xB1B2_B3B4)
    }
    #expect(
      encoded
        == bytes([
          0: [0x02, 0x40, 0x05, 0x30], 4: [4, 3, 2, 1],
          24: [0xA8, 0xA7, 0xA6, 0xA5, 0xA4, 0xA3, 0xA2, 0xA1], 32: [0x45, 0x23, 0x01],
          35: [0xB4, 0xB3, 0xB2, 0xB1], 39: [0x40],
          40: [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11], 48: [7, 0],
        ]))
  }

  @Test func aSmallWriteCarriesItsData() {
    let encoded = command(NVMeCommand.Opcode.write, namespace: 1) {
      $0.blocks(first: 5, count: 1)
      $0.inCapsule(bytes: 0x1200)
    }
    #expect(
      encoded
        == bytes([
          0: [0x01, 0x40, 0x05, 0x30, 1], 32: [0x00, 0x12, 0, 0], 39: [0x01], 40: [5],
        ]))
  }

  @Test func aFlushHasAnEmptyDescriptor() {
    let encoded = command(NVMeCommand.Opcode.flush, namespace: 1) { _ in }
    #expect(encoded == bytes([0: [0x00, 0x40, 0x05, 0x30, 1], 39: [0x40]]))
  }

  @Test func theMostBlocksOfACommandFitTheField() {
    let encoded = command(NVMeCommand.Opcode.read) { $0.blocks(first: 0, count: 65_536) }
    #expect(encoded[48...49] == [0xFF, 0xFF])
  }

  @Test func aTrimIsOneRangeToDeallocate() {
    let encoded = command(NVMeCommand.Opcode.datasetManagement, namespace: 1) {
      $0.deallocateOneRange()
    }
    #expect(encoded == bytes([0: [0x09, 0x40, 0x05, 0x30, 1], 39: [0x40], 44: [4]]))
  }

  @Test func connectNamesQueueSizeAndKeepAlive() {
    let encoded = command(NVMeCommand.Opcode.fabrics) {
      $0.connect(queue: 3, lastEntry: 127, keepAliveMilliseconds: 30_000)
    }
    #expect(
      encoded
        == bytes([
          0: [0x7F, 0x40, 0x05, 0x30, 0x01], 39: [0x40], 42: [3, 0], 44: [127, 0],
          48: [0x30, 0x75, 0, 0],
        ]))
  }

  @Test func propertiesAreReadAndSetByOffset() {
    #expect(
      command(NVMeCommand.Opcode.fabrics) { $0.propertyGet(.capabilities) }
        == bytes([0: [0x7F, 0x40, 0x05, 0x30, 0x04], 39: [0x40], 40: [1], 44: [0]]))
    #expect(
      command(NVMeCommand.Opcode.fabrics) { $0.propertyGet(.status) }
        == bytes([0: [0x7F, 0x40, 0x05, 0x30, 0x04], 39: [0x40], 44: [0x1C]]))
    #expect(
      command(NVMeCommand.Opcode.fabrics) { $0.propertySet(.configuration, to: 0x46_0001) }
        == bytes([
          0: [0x7F, 0x40, 0x05, 0x30, 0x00], 39: [0x40], 44: [0x14], 48: [1, 0, 0x46],
        ]))
  }

  @Test func queuesAreAskedForCountingFromZero() {
    let encoded = command(NVMeCommand.Opcode.setFeatures) { $0.setQueueCount(4) }
    #expect(encoded == bytes([0: [0x09, 0x40, 0x05, 0x30], 39: [0x40], 40: [7], 44: [3, 0, 3]]))
  }

  @Test func aResponseGivesResultIdentifierAndStatus() {
    let entry: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0x05, 0x30, 0x09, 0x43]
    let response = entry.withUnsafeBytes { NVMeResponse(at: $0.baseAddress!) }
    #expect(response.result == 0x0807_0605_0403_0201)
    #expect(response.id == 0x3005)
    // Without the phase bit: do not retry, type 1, code 84h.
    #expect(response.status == 0x2184)
    #expect(response.status & 0x7FF == 0x184)
  }

  @Test func theHandshakeIsThatOfTheTransport() {
    let request = FabricsHandshake.request(queue: 2, entries: 33, controller: 0x0105)
    #expect(request.count == 32)
    #expect(request.prefix(10) == [0, 0, 2, 0, 33, 0, 32, 0, 5, 1])
    #expect(request.dropFirst(10).allSatisfy { $0 == 0 })
    #expect(
      FabricsHandshake.receiveQueueSize([0, 0, 128, 0] + [UInt8](repeating: 0, count: 28)) == 128)
    #expect(FabricsHandshake.receiveQueueSize([1, 0, 128, 0]) == nil)
    #expect(FabricsHandshake.receiveQueueSize([]) == nil)
    #expect(FabricsHandshake.refusal([0, 0, 6, 0]) == "no resources left")
    #expect(FabricsHandshake.refusal([0, 0, 99, 0]) == nil)
    #expect(FabricsHandshake.refusal([0]) == nil)
  }

  @Test func connectCarriesWhoAndWhat() {
    let data = FabricsHandshake.connectData(
      hostIdentifier: "00112233-4455-6677-8899-aabbccddeeff", controller: 0xFFFF,
      subsystem: "nqn.a", host: "nqn.b")
    #expect(data.count == 1024)
    #expect(
      data.prefix(18)
        == [
          0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE,
          0xFF, 0xFF, 0xFF,
        ])
    #expect(data[256..<262] == [0x6E, 0x71, 0x6E, 0x2E, 0x61, 0])
    #expect(data[512..<518] == [0x6E, 0x71, 0x6E, 0x2E, 0x62, 0])
    let long = FabricsHandshake.connectData(
      hostIdentifier: "x", controller: 1, subsystem: String(repeating: "n", count: 300), host: "")
    #expect(long[510] == 0x6E && long[511] == 0 && long[512] == 0)
  }

  @Test func aControllerTellsItsLimits() {
    var data = [UInt8](repeating: 0, count: 4096)
    data[77] = 8
    data.replaceSubrange(514..<516, with: [0, 4])
    data[520] = 0x0C
    data.replaceSubrange(536..<540, with: [0x05, 0, 0x10, 0])
    data.replaceSubrange(1792..<1796, with: [0x04, 0x04, 0, 0])
    let limits = ControllerLimits(data: data)
    #expect(limits.transferExponent == 8 && limits.commandsPerQueue == 1024)
    #expect(limits.deallocates && limits.takesKeyedDescriptors)
    #expect(limits.inCapsuleBytes == 16_384)
    // Data that has to lie at an offset, or nowhere in a capsule, is not sent there.
    data[1800] = 1
    #expect(ControllerLimits(data: data).inCapsuleBytes == 0)
    data[1800] = 0
    data[538] = 0
    #expect(ControllerLimits(data: data).inCapsuleBytes == 0)
  }
}
