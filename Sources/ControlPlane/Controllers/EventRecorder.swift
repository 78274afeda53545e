internal import Measure
internal import Simulation

/// What a controller tells of its objects as Events, one after the other, by its own client.
///
/// client-go, tools/record: a queue of 1000 that drops what comes when it is full; 25 events of an
/// object, and one more every 5 minutes (`EventSourceObjectSpamFilter`); from the tenth alike
/// within 10 minutes on, one Event that counts them is patched (`EventAggregator`).
struct EventRecorder: ~Copyable {
  private static let longest = 1000
  private static let burst: Int64 = 25
  private static let interval = Nanoseconds.seconds(300)
  private static let alike: UInt8 = 10
  private static let window = Nanoseconds.seconds(600)

  private let client: UInt32
  private var waiting = Ring<UInt32>(capacity: 64)
  private var isSending = false
  private var objects = Table<Object>(capacity: 64)

  /// What is remembered of an object that events are told of.
  struct Object: BitwiseCopyable {
    /// When its bucket will be full again.
    var full = Nanoseconds.zero
    var last = Nanoseconds.zero
    var similar: UInt8 = 0
  }

  init(client: UInt32) { self.client = client }

  /// Tells of `object`, numbered as the recorder's controller does.
  mutating func record(_ object: UInt32, _ world: inout World, _ loop: inout Loop) {
    guard waiting.count < Self.longest else { return }
    waiting.append(object)
    if !isSending { send(&world, &loop) }
  }

  /// The last event was answered; the next one goes.
  mutating func answered(_ world: inout World, _ loop: inout Loop) {
    isSending = false
    send(&world, &loop)
  }

  private mutating func send(_ world: inout World, _ loop: inout Loop) {
    while waiting.count > 0 {
      let object = waiting.removeFirst()
      guard let verb = verb(for: Int(object), at: loop.now) else { continue }
      isSending = true
      var request = Request(verb, .event, client: client, object: object)
      request.bytes = UInt32(Resource.event.objectBytes)
      world.submit(request, in: &loop)
      return
    }
  }

  /// How an event of an object is written; nil if it is not.
  private mutating func verb(for object: Int, at now: Nanoseconds) -> Verb? {
    while objects.count <= object { objects.append(Object()) }
    if now - objects[object].last > Self.window { objects[object].similar = 0 }
    objects[object].last = now
    if objects[object].similar < .max { objects[object].similar += 1 }
    let full = max(objects[object].full, now) + Self.interval
    guard full - now <= Self.interval * Self.burst else { return nil }
    objects[object].full = full
    return objects[object].similar > Self.alike ? .patch : .create
  }

  /// Forgets everything: its process has ended.
  mutating func reset() {
    while waiting.count > 0 { _ = waiting.removeFirst() }
    isSending = false
    objects.removeAll()
  }
}
