import Foundation
import Measure
import Testing

@testable import RDMA

/// Both sides in one process, over the soft-RoCE device of the lab's guest.
@Suite(.serialized, .enabled("runs in the lab's guest, from LabTests") { labAddress != nil })
struct LoopbackTests {
  private let options = QueuePair.Options(sendEntries: 16, receiveEntries: 16, inlineBytes: 32)

  private var deadline: Nanoseconds { MonotonicClock.now() + .seconds(10) }

  /// Runs the other side on a thread of its own, until it ends.
  private func beside(_ side: @escaping @Sendable () throws -> Void) -> Thread {
    let thread = Thread {
      do { try side() } catch { Issue.record("\(error)") }
    }
    thread.start()
    return thread
  }

  /// Waits for one completion; sleeping and polling take turns.
  private func completion(_ pair: inout QueuePair) throws -> WorkCompletion {
    let end = deadline
    let space = UnsafeMutablePointer<WorkCompletion>.allocate(capacity: 1)
    defer { space.deallocate() }
    while MonotonicClock.now() < end {
      if pair.poll(into: space, capacity: 1) == 1 { return space[0] }
      pair.sleep(atMost: 100_000_000)
    }
    throw RDMAError("nothing completed", hint: "", cause: .unreachable)
  }

  @Test func aMessageAWriteAndAReadReachTheOtherSide() throws {
    var listener = try Listener(on: RDMAAddress(host: try #require(labAddress), port: 0))
    let address = try RDMAAddress(host: try #require(labAddress), port: listener.port)
    let client = beside { [options, deadline] in
      var pair = try QueuePair(to: address, options: options, deadline: deadline)
      let memory = try pair.allocate(bytes: 8192)
      pair.prepareReceive(
        id: 7, address: UInt64(UInt(bitPattern: memory.base)), bytes: 64, key: memory.keys.local)
      let refused = pair.postReceives()
      #expect(refused == 0)
      try pair.connect(privateData: [1, 2, 3], deadline: deadline)
      let (answer, mtu, problem) = (pair.peerData, pair.pathMTU(), pair.portProblem())
      #expect(answer.prefix(2) == [9, 8] && mtu == 1024 && problem == nil)
      let received = try completion(&pair)
      #expect(received.isSuccess && received.isReceive && received.id == 7 && received.bytes == 12)
      // The other side's address and key: its memory is written, then read back elsewhere.
      let remote = memory.base.loadUnaligned(as: UInt64.self)
      let key = memory.base.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
      (memory.base + 1024).initializeMemory(as: UInt8.self, repeating: 0x5A, count: 1024)
      for (id, operation, place) in [
        (UInt64(1), WorkRequest.Operation.write, 1024), (2, .read, 4096),
      ] {
        var request = WorkRequest(
          id: id, operation: operation, address: UInt64(UInt(bitPattern: memory.base + place)),
          bytes: 1024, key: memory.keys.local)
        request.remoteAddress = remote
        request.remoteKey = key
        pair.prepare(request)
        let refused = pair.post()
        #expect(refused == 0)
        let done = try completion(&pair)
        #expect(done.isSuccess && done.id == id, "\(done.reason)")
      }
      #expect((memory.base + 4096).loadUnaligned(as: UInt64.self) == 0x5A5A_5A5A_5A5A_5A5A)
    }
    var pair = try asking(&listener).queuePair(options)
    let asked = pair.peerData
    #expect(asked.prefix(3) == [1, 2, 3])
    let memory = try pair.allocate(bytes: 4096, access: [.read, .write])
    try pair.accept(privateData: [9, 8], deadline: deadline)
    let target = UInt64(UInt(bitPattern: memory.base + 1024))
    memory.base.storeBytes(of: target, as: UInt64.self)
    memory.base.storeBytes(of: memory.keys.remote, toByteOffset: 8, as: UInt32.self)
    // Two pieces in one message, and sent from within the work request.
    var request = WorkRequest(
      id: 5, operation: .send, address: UInt64(UInt(bitPattern: memory.base)), bytes: 8,
      key: memory.keys.local)
    request.tailAddress = UInt64(UInt(bitPattern: memory.base + 8))
    request.tailBytes = 4
    request.tailKey = memory.keys.local
    request.isInline = pair.inlineBytes >= 12
    pair.prepare(request)
    let refused = pair.post()
    let sent = try completion(&pair)
    #expect(refused == 0 && sent.id == 5)
    let end = deadline
    while !client.isFinished && MonotonicClock.now() < end { usleep(1000) }
    #expect(client.isFinished)
    #expect((memory.base + 1024).loadUnaligned(as: UInt64.self) == 0x5A5A_5A5A_5A5A_5A5A)
    while pair.isConnected && MonotonicClock.now() < end {
      _ = pair.checkConnection()
      usleep(1000)
    }
    let isConnected = pair.isConnected
    #expect(!isConnected, "the other side has ended the connection")
  }

  private func asking(_ listener: inout Listener) throws -> ConnectionRequest {
    guard let request = try listener.next(deadline: deadline) else {
      throw RDMAError("nobody asks", hint: "see the client", cause: .unreachable)
    }
    return request
  }

  @Test func aRefusalCarriesItsReasonAndSilenceEnds() throws {
    var listener = try Listener(on: RDMAAddress(host: try #require(labAddress), port: 0))
    let address = try RDMAAddress(host: try #require(labAddress), port: listener.port)
    let client = beside { [options, deadline] in
      var pair = try QueuePair(to: address, options: options, deadline: deadline)
      do throws(RDMAError) {
        try pair.connect(deadline: deadline)
        Issue.record("the listener refuses")
      } catch {
        guard case .rejected(28, let data) = error.cause else {
          Issue.record("\(error)")
          return
        }
        #expect(data.prefix(2) == [4, 2])
      }
    }
    try asking(&listener).reject(privateData: [4, 2])
    while !client.isFinished { usleep(1000) }
    let began = MonotonicClock.now()
    let somebody = try listener.next(deadline: began + .milliseconds(300))
    let isSilent = somebody == nil
    #expect(isSilent, "nobody asks")
    #expect(MonotonicClock.now() - began < .seconds(3))
    // The port is taken while the listener lives.
    let taken = #expect(throws: RDMAError.self) { _ = try Listener(on: address) }
    #expect(taken?.message.hasSuffix("is in use") == true, "\(String(describing: taken))")
  }

  @Test func theDeviceAndItsAddressAreListed() throws {
    let device = try #require(try RDMADevice.all().first)
    #expect(device.name == "rxe0" && device.ports.first?.state == "active")
    let gids = try #require(device.ports.first?.gids)
    #expect(gids.contains { $0.text == "::ffff:\(labAddress ?? "")" && $0.kind == "RoCE v2" })
  }

  @Test func aQueueBeyondTheDeviceIsRefusedWithItsLimit() throws {
    let address = try RDMAAddress(host: try #require(labAddress), port: 1)
    let error = #expect(throws: RDMAError.self) {
      _ = try QueuePair(
        to: address, options: .init(sendEntries: 40_000, receiveEntries: 1), deadline: deadline)
    }
    #expect(error?.message.contains("is more than the 32767 possible") == true)
  }
}

private let labAddress = ProcessInfo.processInfo.environment["ASSAY_LAB_RDMA"]
