import Measure
import Simulation

@testable import ControlPlane

/// One priority level under a list of arrivals, with nothing around it.
struct FlowTrial: Encodable {
  struct Arrival: Encodable {
    var at: Int64
    var flow: Int
    var seats: Int
    var final: Int
    var linger: Int64
    var service: Int64
  }

  /// What became of a request, and when.
  struct Outcome: Codable, Equatable {
    var fate: String
    var at: Int64
    var arrived: Int64
  }

  struct Result {
    var outcomes: [Outcome]
    var mostSeats = 0
    var seatsLeft = 0
    var waitingLeft = 0
  }

  var rules: KubernetesProfile
  var seats: Int
  var queues: Int
  var hand: Int
  var length: Int
  var waitLimit: Int64 = 400_000_000
  var requestTimeout: Int64 = 900_000_000
  var requests: [Arrival] = []

  /// 600 requests of 20 flows, one of them large: at less than capacity, at it, above, and by tens
  /// at one instant, so that queues are level and their turn decides.
  static func drawn(
    _ rules: KubernetesProfile, load: Int, seed: UInt64 = 7
  ) -> FlowTrial {
    var trial = FlowTrial(rules: rules, seats: 8, queues: 16, hand: 3, length: 6)
    var stream = RandomStream(seed: seed, entity: 0, purpose: UInt16(load))
    var time: Int64 = 1
    for number in 0..<600 {
      if load < 3 || number % 10 == 0 {
        time += 1 + Int64(stream.below([9_000_000, 5_000_000, 1_500_000, 80_000_000][load]))
      }
      let flow = load < 3 && stream.below(2) == 0 ? 0 : Int(stream.below(20))
      let isWide = rules == .modern && stream.below(5) == 0
      trial.requests.append(
        Arrival(
          at: time, flow: flow, seats: isWide ? 1 + Int(stream.below(4)) : 1,
          final: isWide ? Int(stream.below(6)) : 0,
          linger: isWide ? 5_000_000 + Int64(stream.below(999)) : 0,
          service: 1_000_000 + Int64(stream.below(40_000_000))))
    }
    return trial
  }

  private var parameters: FlowControlParameters {
    var parameters = FlowControlParameters(rules)
    parameters.borrows = false
    parameters.waitLimit = Nanoseconds(waitLimit)
    parameters.requestTimeout = Nanoseconds(requestTimeout)
    parameters.levels = [
      PriorityLevel(.catchAll, shares: 1, queues: queues, handSize: hand, queueLength: length)
    ]
    return parameters
  }

  func run() -> Result {
    var control = FlowControl(parameters, seats: seats, servers: 1)
    var slab = Slab<Request>(capacity: 64)
    var result = Result(
      outcomes: requests.map { Outcome(fate: "", at: 0, arrived: $0.at) })
    // What is to happen: (when, arrival or end or release, of what).
    var agenda = requests.indices.map { (at: requests[$0].at, kind: 0, of: UInt32($0)) }
    agenda.reverse()
    func add(_ at: Int64, _ kind: Int, _ of: UInt32) {
      let place = agenda.firstIndex { $0.at <= at } ?? agenda.count
      agenda.insert((at: at, kind: kind, of: of), at: place)
    }
    func note(_ place: UInt32, _ fate: String, _ now: Nanoseconds) {
      result.outcomes[Int(slab[place].object)].fate = fate
      result.outcomes[Int(slab[place].object)].at = now.count
    }
    while let next = agenda.popLast() {
      let now = Nanoseconds(next.at)
      switch next.kind {
      case 0:
        var request = Request(.update, .pod, client: 0, object: next.of)
        let arrival = requests[Int(next.of)]
        request.seats = UInt16(arrival.seats)
        request.finalSeats = UInt16(arrival.final)
        request.linger = UInt32(arrival.linger)
        request.arrived = now
        let place = slab.insert(request)
        let hash = UInt64(arrival.flow &+ 1) &* 0x9E37_79B9_7F4A_7C15
        if control.admit(place, to: 0, hash: hash, &slab, at: now) == .refused {
          note(place, "full", now)
        }
      case 1:
        let (linger, ticket) = control.finish(next.of, slab, at: now)
        if linger > .zero { add(next.at + linger.count, 2, ticket) }
      case 2: control.release(next.of, at: now)
      default: control.expire(Int(next.of), &slab, at: now)
      }
      while let place = control.takeLate(slab) { note(place, "late", now) }
      while let place = control.dispatch(0, &slab, at: now) {
        note(place, "ran", now)
        add(next.at + requests[Int(slab[place].object)].service, 1, place)
      }
      result.mostSeats = max(result.mostSeats, control.levels[0].seatsInUse)
      for queue in 0..<queues {
        guard let deadline = control.deadline(ofQueue: queue, slab),
          control.armTimer(of: queue, true)
        else { continue }
        add(max(next.at, deadline.count), 3, UInt32(queue))
      }
      if next.kind == 3 {
        _ = control.armTimer(of: Int(next.of), false)
        if let deadline = control.deadline(ofQueue: Int(next.of), slab) {
          _ = control.armTimer(of: Int(next.of), true)
          add(deadline.count, 3, next.of)
        }
      }
    }
    result.seatsLeft = control.levels[0].seatsInUse
    result.waitingLeft = control.levels[0].waiting
    return result
  }

  /// The same level, written down again from the description of the technique (fairqueuing's
  /// doc.go, KEP-1040), over plain lists.
  static let oracle = """
    import heapq, math
    UNIT = 10  # ns of a seat in one unit of virtual work
    def whole(x): return int(math.copysign(math.floor(abs(x) + 0.5), x))

    class Job:
      def __init__(self, number, spec):
        self.number, self.arrived = number, spec["at"]
        self.seats, self.final, self.linger = spec["seats"], spec["final"], spec["linger"]
        self.service, self.flow = spec["service"], spec["flow"]
      def width(self): return max(self.seats, self.final)

    def answer(case):
      modern = case["rules"] == "modern"
      G = 3_000_000 if modern else 60_000_000_000
      C, N = case["seats"], case["queues"]
      queues = [dict(jobs=[], running=0, seats=0, start=0) for _ in range(N)]
      state = dict(R=0, at=0, robin=0, used=0, dealt=0)
      fates = [None] * len(case["requests"])
      agenda, serial = [], 0
      limit = case["waitLimit"] if modern else case["requestTimeout"]
      def later(at, kind, what):
        nonlocal serial
        serial += 1
        heapq.heappush(agenda, (at, serial, kind, what))
      def work(job): return whole(job.seats * G / UNIT) + whole(job.final * job.linger / UNIT)
      def used(): return state["used"]
      def pass_time(now):
        busy = [q for q in queues if q["jobs"] or q["running"]]
        if busy:
          wanted = sum(q["seats"] + sum(j.width() for j in q["jobs"]) for q in queues)
          state["R"] += whole(min(wanted, C) / len(busy) * (now - state["at"]) / UNIT)
        state["at"] = now
      def catch_up(q):
        if modern and q["jobs"]: q["start"] = max(q["start"], q["jobs"][0].R)
      def hand(flow):
        value, deck, dealt = ((flow + 1) * 0x9E3779B97F4A7C15) % 2**64, list(range(N)), []
        for _ in range(case["hand"]):
          value, place = divmod(value, len(deck))
          dealt.append(deck.pop(place))
        return dealt
      def expel(q, now, patience):
        while q["jobs"] and now - q["jobs"][0].arrived > patience:
          fates[q["jobs"].pop(0).number] = ("late", now)
      def come(job, now):
        dealt = hand(job.flow)
        if modern:
          turn = state["dealt"] % len(dealt)
          dealt = dealt[turn:] + dealt[:turn]
        state["dealt"] += 1
        measure = (lambda i: sum(work(j) for j in queues[i]["jobs"])) if modern else (
          lambda i: sum(j.width() for j in queues[i]["jobs"]))
        q = queues[min(dealt, key=measure)]
        expel(q, now, case["waitLimit"])
        if used() >= C and len(q["jobs"]) >= case["length"]:
          fates[job.number] = ("full", now)
        else:
          if not q["jobs"] and not q["running"]: q["start"] = state["R"]
          job.R = state["R"]
          q["jobs"].append(job)
          later(job.arrived + limit, "patience", q)
        catch_up(q)
      def serve(now):
        while used() < C and any(q["jobs"] for q in queues):
          turn = [(state["robin"] + 1 + i) % N for i in range(N)]
          turn = [i for i in turn if queues[i]["jobs"]]
          best = min(turn, key=lambda i: queues[i]["start"] + (
            work(queues[i]["jobs"][0]) if modern else whole(G / UNIT)))
          q = queues[best]
          job = q["jobs"][0]
          running = sum(x["running"] for x in queues)
          fits = running == 0 if job.width() > C else used() + job.width() <= C
          if not fits: return
          if job.final > C:
            job.linger, job.final = job.final * job.linger // C, C
          state["robin"] = best
          if not modern:
            before = whole(q["seats"] * G / UNIT)
            if state["R"] > q["start"] - before: q["start"] = state["R"] + before
          q["jobs"].pop(0)
          q["running"] += 1
          q["seats"] += job.width()
          state["used"] += job.width()
          q["start"] += work(job)
          catch_up(q)
          fates[job.number] = ("ran", now)
          job.began = now
          later(now + job.service, "end", (job, q))
      for number, spec in enumerate(case["requests"]): later(spec["at"], "come", Job(number, spec))
      while agenda:
        now, _, kind, what = heapq.heappop(agenda)
        if kind == "patience":
          if not (what["jobs"] and now - what["jobs"][0].arrived >= limit): continue
        pass_time(now)
        if kind == "come": come(what, now)
        elif kind == "end":
          job, q = what
          q["running"] -= 1
          q["start"] -= whole(job.seats * (G - (now - job.began)) / UNIT)
          catch_up(q)
          if job.linger: later(now + job.linger, "leave", what)
          else: kind = "leave"
        elif kind == "patience":
          expel(what, now, limit - 1)
          catch_up(what)
        if kind == "leave":
          job, q = what
          q["seats"] -= job.width()
          state["used"] -= job.width()
        serve(now)
      return [dict(fate=f, at=at, arrived=s["at"]) for (f, at), s in zip(fates, case["requests"])]
    """
}
