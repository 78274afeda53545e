public import Measure
internal import Simulation

/// Writes a trace in the JSON Object Format of Chrome's Trace Event Format, which Perfetto and
/// about:tracing read.
///
/// A request is a nestable asynchronous slice of its client with its parts in it; the parts that it
/// spent with a server or etcd are slices of theirs under the same id. A track is a process and an
/// id (`id2.local`): on it times never fall, and each begin has its end. Times are in microseconds
/// with three decimals ("Trace Event Format", Google 2016, sections Async Events and More about
/// IDs).
struct TraceEvents {
  private var numbers: [ClusterTrace.Process: Int] = [:]
  private var isFirst = true
  /// What is to be written, without its end.
  private var text = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"

  /// What has been put since this was asked last.
  mutating func take() -> String {
    defer { text = "" }
    return text
  }

  private mutating func put(_ event: String) {
    text += isFirst ? event : ",\n" + event
    isFirst = false
  }

  private mutating func number(of process: ClusterTrace.Process) -> Int {
    if let number = numbers[process] { return number }
    let number = numbers.count + 1
    numbers[process] = number
    put(
      "{\"ph\":\"M\",\"pid\":\(number),\"tid\":0,\"name\":\"process_name\","
        + "\"args\":{\"name\":\"\(process.name)\"}}")
    return number
  }

  /// A request, the first of the slices, with its parts in their order.
  mutating func put(_ slices: [ClusterTrace.Slice]) {
    guard let whole = slices.first else { return }
    put("b", whole, at: whole.begin)
    for part in slices.dropFirst() {
      put("b", part, at: part.begin)
      put("e", part, at: part.begin + part.length)
    }
    put("e", whole, at: whole.begin + whole.length)
  }

  private mutating func put(_ phase: String, _ slice: ClusterTrace.Slice, at time: Nanoseconds) {
    let process = number(of: slice.process)
    put(
      "{\"ph\":\"\(phase)\",\"cat\":\"request\",\"id2\":{\"local\":\"\(slice.request)\"},"
        + "\"pid\":\(process),\"tid\":0,\"name\":\"\(slice.name)\","
        + "\"ts\":\(Self.microseconds(time))}")
  }

  /// A moment without length, drawn across all.
  mutating func put(_ moment: ClusterTrace.Moment) {
    put(
      "{\"ph\":\"i\",\"s\":\"g\",\"pid\":0,\"tid\":0,\"name\":\"\(moment.name)\","
        + "\"ts\":\(Self.microseconds(moment.at))}")
  }

  /// Gauges of the series between two instants, as counters; `origin` is where their time begins.
  mutating func put(
    _ series: ClusterSeries, origin: Nanoseconds, from begin: Nanoseconds, to end: Nanoseconds
  ) {
    for column in series.columns where column.kind == .gauge {
      let labels = column.labels.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
      let name = column.name + (labels.isEmpty ? "" : " \(labels)")
      for (time, value) in zip(series.times, column.values) {
        let at = origin + time
        guard let value, at >= begin, at <= end else { continue }
        put(
          "{\"ph\":\"C\",\"pid\":0,\"tid\":0,\"name\":\"\(name)\","
            + "\"ts\":\(Self.microseconds(at)),\"args\":{\"value\":\(value)}}")
      }
    }
  }

  /// The end of the document, with facts of the whole.
  mutating func end(_ facts: KeyValuePairs<String, String>) {
    let pairs = facts.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",")
    text += "\n],\"otherData\":{\(pairs)}}\n"
  }

  private static func microseconds(_ time: Nanoseconds) -> String {
    let (whole, rest) = time.count.quotientAndRemainder(dividingBy: 1000)
    let digits = String(rest)
    return "\(whole)." + String(repeating: "0", count: 3 - digits.count) + digits
  }
}

extension ClusterTrial {
  /// What came to stand in a written trace.
  public struct TraceExtent: Hashable, Codable, Sendable {
    /// Requests that are in it.
    public var requests: Int
    /// Requests that were left out because there were more than the limit.
    public var leftOut: UInt64
    /// When the first of those was wished for; nil if none was.
    public var cutAtNs: Nanoseconds?
    /// Where it ends: the end that was asked for, or that of the trial.
    public var endNs: Nanoseconds
  }

  /// Simulates it up to `end` and writes what was wished for from `begin` on, for Perfetto.
  ///
  /// As ``trace(from:to:limit:)``, but a request at a time: pieces of the text go to `write` in
  /// order, of some 64 KiB. Requests, moments and the series' gauges are in it. Throws what `write`
  /// throws. O(events), and memory of O(limit).
  public func writeTrace(
    from begin: Nanoseconds, to end: Nanoseconds, limit: Int,
    _ write: (String) throws -> Void
  ) rethrows -> TraceExtent {
    let traced = traced(from: begin, to: end, limit: limit)
    var events = TraceEvents()
    var text = events.take()
    for moment in ClusterTrace.moments(in: traced) { events.put(moment) }
    events.put(traced.sampler.sheet.series, origin: load.warmUp, from: begin, to: end)
    text += events.take()
    let requests = traced.world.observations.tracer.requests.count
    for number in 0..<requests {
      events.put(ClusterTrace.slices(of: number, in: traced))
      text += events.take()
      guard text.utf8.count >= 1 << 16 else { continue }
      try write(text)
      text = ""
    }
    let leftOut = traced.world.observations.tracer.leftOut
    events.end(["seed": String(seed), "requestsLeftOut": String(leftOut)])
    text += events.take()
    try write(text)
    return TraceExtent(
      requests: requests, leftOut: leftOut, cutAtNs: traced.world.observations.tracer.cutAt,
      endNs: min(end, load.warmUp + load.duration))
  }
}
