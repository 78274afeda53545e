internal import CLinux
internal import Glibc
internal import Measure

/// The kernel's events of block devices, stamped when they are received.
struct UeventSocket: ~Copyable {
  /// An event of a block device.
  struct Event {
    /// `add`, `remove`, `change` ...
    var action: String
    /// The device's name without /dev.
    var device: String
    /// CLOCK_MONOTONIC at receipt.
    var at: Nanoseconds
  }

  private let descriptor: Int32

  /// Opens the socket; without one, as in another network namespace, nothing is ever received.
  init() { descriptor = cl_open_uevents() }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Whether events can be received.
  var isOpen: Bool { descriptor >= 0 }

  /// Waits for events until `deadline` at most, and gives those that are there.
  func events(until deadline: Nanoseconds) -> [Event] {
    guard descriptor >= 0 else {
      MonotonicClock.sleep(until: deadline)
      return []
    }
    let left = max(deadline - MonotonicClock.now(), .zero)
    guard cl_wait_readable(descriptor, left.count) > 0 else { return [] }
    let now = MonotonicClock.now()
    var events: [Event] = []
    var buffer = [UInt8](repeating: 0, count: 8192)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return events }
      if let event = Self.event(buffer[..<count], at: now) { events.append(event) }
    }
  }

  /// Reads `add@/devices/...`, then `KEY=value` behind zeros (lib/kobject_uevent.c).
  static func event(_ message: ArraySlice<UInt8>, at moment: Nanoseconds) -> Event? {
    var values: [Substring: Substring] = [:]
    for part in message.split(separator: 0) {
      let text = Substring(decoding: part, as: UTF8.self)
      guard let equals = text.firstIndex(of: "=") else { continue }
      values[text[..<equals]] = text[text.index(after: equals)...]
    }
    guard values["SUBSYSTEM"] == "block", let action = values["ACTION"],
      let device = values["DEVNAME"]
    else { return nil }
    return Event(action: String(action), device: String(device), at: moment)
  }
}
