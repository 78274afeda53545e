internal import Measure
internal import Simulation

/// The priority levels of the API servers with their queues: who gets a seat, who waits, who is
/// refused.
///
/// As in apiserver's util/flowcontrol (apf_controller.go, fairqueuing/queueset): a request is dealt
/// a hand of queues and joins the one with the least work; a free seat goes to the queue whose
/// oldest request would finish first in virtual time R, which advances at the rate
/// min(seats wanted, seats) / queues with requests. Virtual time is kept in seat-seconds of 10^-8
/// (`SeatSeconds`), also for 1.22, which has floating-point seconds.
///
/// Each server has levels of its own; levels and queues are numbered through all servers. Requests
/// are places in `World.requests`; those that wait are linked there. One request costs O(hand +
/// queues with waiters).
struct FlowControl: ~Copyable {
  private let standing = Standing()
  /// `Request.phase` while it waits in a queue.
  static let waiting: UInt8 = 0xFE

  let parameters: FlowControlParameters
  private(set) var levels: Table<Level>
  private(set) var queues: Table<Queue>
  /// A bit for each queue in which someone waits; each level begins a word of its own.
  private var occupied: Table<UInt64>
  private var levelOf: Table<UInt8>
  /// The sum of a server's nominal limits, more than the seats by rounding.
  private let nominalSum: Int
  private let perServer: Int
  /// Requests whose wait was too long, to be refused by the server.
  private var late = RequestQueue()

  /// Divides `seats` of each server among its levels: ceil(seats * shares / sum of shares) each.
  init(_ parameters: FlowControlParameters, seats: Int, servers: Int, at now: Nanoseconds = .zero) {
    self.parameters = parameters
    perServer = parameters.levels.count
    levels = Table(capacity: servers * parameters.levels.count)
    queues = Table(capacity: 1024)
    occupied = Table(capacity: 32)
    levelOf = Table(repeating: .max, count: PriorityLevel.Name.allCases.count)
    let shares = max(1, parameters.levels.reduce(0) { $0 + $1.shares })
    var sum = 0
    for (number, description) in parameters.levels.enumerated() {
      sum += (seats * description.shares + shares - 1) / shares
      levelOf[Self.number(of: description.name)] = UInt8(number)
    }
    nominalSum = sum
    for server in 0..<servers {
      for description in parameters.levels {
        let nominal = (seats * description.shares + shares - 1) / shares
        var level = Level(description, nominal: nominal, seats: seats, at: now)
        level.firstQueue = queues.count
        level.firstWord = occupied.count
        for _ in 0..<max(1, description.queues) { queues.append(Queue(level: levels.count)) }
        for _ in 0..<(description.queues + 63) / 64 { occupied.append(0) }
        levels.append(level)
      }
      adjustLimits(of: server, at: now)
    }
  }

  /// Forgets whatever a server had: it starts anew.
  mutating func reset(_ server: Int, at now: Nanoseconds) {
    for level in levels(of: server) {
      levels[level].reset(at: now)
      for queue in 0..<max(1, levels[level].queueCount) {
        let timer = queues[levels[level].firstQueue + queue].hasTimer
        queues[levels[level].firstQueue + queue] = Queue(level: level)
        queues[levels[level].firstQueue + queue].hasTimer = timer
      }
      for word in 0..<(levels[level].queueCount + 63) / 64 {
        occupied[levels[level].firstWord + word] = 0
      }
    }
    adjustLimits(of: server, at: now)
  }

  /// The levels of a server.
  func levels(of server: Int) -> Range<Int> { server * perServer..<(server + 1) * perServer }

  /// The level of that name, or catch-all.
  func level(_ name: PriorityLevel.Name, of server: Int) -> Int {
    let level = levelOf[Self.number(of: name)]
    return server * perServer + Int(level != .max ? level : levelOf[Self.number(of: .catchAll)])
  }

  /// The level that a request was admitted to.
  func level(of request: Request) -> Int {
    Int(request.server) * perServer + Int(request.priorityLevel)
  }

  private static func number(of name: PriorityLevel.Name) -> Int {
    PriorityLevel.Name.allCases.firstIndex(of: name) ?? 0
  }

  // MARK: Requests come

  /// What has become of a request that came.
  enum Admission { case runs, waits, refused }

  /// Takes in request `place` of `level`, whose flow has that hash.
  ///
  /// If it waits, `dispatch` says when it runs: ask it after every `admit`, `finish`, `release` and
  /// `adjustLimits`, until it gives nobody. Before, `takeLate` gives whoever has to be refused.
  mutating func admit(
    _ place: UInt32, to level: Int, hash: UInt64, _ requests: inout Slab<Request>,
    at now: Nanoseconds
  ) -> Admission {
    sync(level, now)
    requests[place].priorityLevel = UInt8(level % perServer)
    guard levels[level].kind == .queues else {
      guard levels[level].accommodates(requests[place].maximumSeats) else {
        levels[level].refused += 1
        return .refused
      }
      requests[place].queue = 0
      occupySeats(place, levels[level].firstQueue, &requests, at: now)
      return .runs
    }
    let queue = chooseQueue(of: level, hash)
    dropLate(from: queue, after: parameters.waitLimit, &requests, at: now)
    guard
      levels[level].seatsInUse < levels[level].limit
        || queues[queue].waiting.count < levels[level].queueLength
    else {
      levels[level].refused += 1
      bound(queue, requests)
      return .refused
    }
    enqueue(place, queue, &requests, at: now)
    return .waits
  }

  /// Deals the flow's hand and takes the queue with the least waiting work, in 1.22 the fewest
  /// waiting seats, of which the first.
  private mutating func chooseQueue(of level: Int, _ hash: UInt64) -> Int {
    let hand = ShuffleSharding(
      hash, deckSize: levels[level].queueCount, handSize: levels[level].handSize)
    let isRotated = parameters.rules == .modern
    let offset = isRotated ? Int(levels[level].enqueues % UInt64(hand.handSize)) : 0
    levels[level].enqueues += 1
    var best = -1
    var least = Int64.max
    for index in 0..<hand.handSize {
      let card = (offset + index) % hand.handSize
      let queue = levels[level].firstQueue + hand[card]
      let work = isRotated ? queues[queue].workWaiting : Int64(queues[queue].seatsWaiting)
      if work < least {
        least = work
        best = queue
      }
    }
    return best
  }

  private mutating func enqueue(
    _ place: UInt32, _ queue: Int, _ requests: inout Slab<Request>, at now: Nanoseconds
  ) {
    let level = queues[queue].level
    if !queues[queue].isActive {
      queues[queue].next = levels[level].virtualTime
      levels[level].activeQueues += 1
    }
    requests[place].queue = UInt16(queue - levels[level].firstQueue)
    requests[place].phase = Self.waiting
    requests[place].arrivalR = levels[level].virtualTime
    queues[queue].waiting.append(place, in: &requests)
    noteWaiting(place, queue, 1, requests, at: now)
    bound(queue, requests)
  }

  // MARK: Requests run

  /// Gives a free seat of `level` to the request that is next, if there are both.
  mutating func dispatch(
    _ level: Int, _ requests: inout Slab<Request>, at now: Nanoseconds
  ) -> UInt32? {
    guard levels[level].waiting > 0, levels[level].seatsInUse < levels[level].limit else {
      return nil
    }
    sync(level, now)
    let queue = levels[level].firstQueue + nextQueue(of: level, requests)
    let oldest = queues[queue].waiting.first
    guard levels[level].accommodates(requests[oldest].maximumSeats) else { return nil }
    reshape(oldest, levels[level].limit, &requests)
    levels[level].robin = queue - levels[level].firstQueue
    if parameters.rules == .v1_22 { refresh(queue) }
    let place = queues[queue].waiting.removeFirst(from: requests)
    noteWaiting(place, queue, -1, requests, at: now)
    occupySeats(place, queue, &requests, at: now)
    queues[queue].next += work(of: requests[place])
    bound(queue, requests)
    return place
  }

  /// Among queues with waiters, in turn from the one served last, the first whose oldest request
  /// would finish first.
  private func nextQueue(of level: Int, _ requests: borrowing Slab<Request>) -> Int {
    let count = levels[level].queueCount
    let begin = levels[level].robin + 1
    var best = -1
    var earliest = Int64.max
    for (from, end) in [(begin, count), (0, min(begin, count))] {
      var queue = nextOccupied(level, from: from, below: end)
      while queue >= 0 {
        let index = levels[level].firstQueue + queue
        let finish = queues[index].next + estimate(of: requests[queues[index].waiting.first])
        if finish < earliest {
          earliest = finish
          best = queue
        }
        queue = nextOccupied(level, from: queue + 1, below: end)
      }
    }
    return best
  }

  private func nextOccupied(_ level: Int, from begin: Int, below end: Int) -> Int {
    guard begin < end else { return -1 }
    var word = begin >> 6
    var bits = occupied[levels[level].firstWord + word] & (UInt64.max << UInt64(begin & 63))
    while bits == 0 {
      word += 1
      guard word << 6 < end else { return -1 }
      bits = occupied[levels[level].firstWord + word]
    }
    let queue = word << 6 + bits.trailingZeroBitCount
    return queue < end ? queue : -1
  }

  /// By what a queue's finish is foreseen: the request's work; in 1.22 G, whatever its seats.
  private func estimate(of request: Request) -> Int64 {
    parameters.rules == .modern
      ? work(of: request) : Self.seatSeconds(1, parameters.estimatedServiceTime)
  }

  /// Seat-seconds that a request is expected to take.
  private func work(of request: Request) -> Int64 {
    Self.seatSeconds(Int(request.seats), parameters.estimatedServiceTime)
      + Self.seatSeconds(Int(request.finalSeats), Nanoseconds(Int64(request.linger)))
  }

  /// Seats times time in units of 10^-8 seat-seconds, to the nearest (`SeatsTimesDuration`).
  static func seatSeconds(_ seats: Int, _ duration: Nanoseconds) -> Int64 {
    Int64((Double(seats) * Double(duration.count) / 10).rounded())
  }

  /// Final seats beyond the level's become more time with fewer.
  private func reshape(_ place: UInt32, _ limit: Int, _ requests: inout Slab<Request>) {
    guard Int(requests[place].finalSeats) > limit, limit > 0 else { return }
    let work = UInt64(requests[place].finalSeats) * UInt64(requests[place].linger)
    requests[place].finalSeats = UInt16(limit)
    requests[place].linger = UInt32(truncatingIfNeeded: work / UInt64(limit))
  }

  /// 1.22: the virtual start, without what runs, does not fall behind the level's virtual time.
  private mutating func refresh(_ queue: Int) {
    let running = Self.seatSeconds(
      Int(queues[queue].seatsInUse), parameters.estimatedServiceTime)
    let time = levels[queues[queue].level].virtualTime
    if time > queues[queue].next - running { queues[queue].next = time + running }
  }

  /// Since 1.23: a queue is not given what its oldest request was not there to take.
  private mutating func bound(_ queue: Int, _ requests: borrowing Slab<Request>) {
    guard parameters.rules == .modern, queues[queue].waiting.count > 0 else { return }
    queues[queue].next = max(queues[queue].next, requests[queues[queue].waiting.first].arrivalR)
  }

  private mutating func occupySeats(
    _ place: UInt32, _ queue: Int, _ requests: inout Slab<Request>, at now: Nanoseconds
  ) {
    let level = queues[queue].level
    let seats = requests[place].maximumSeats
    requests[place].dispatched = now
    requests[place].phase = 0
    levels[level].executing += 1
    levels[level].dispatched += 1
    levels[level].seatsInUse += seats
    queues[queue].executing += 1
    queues[queue].seatsInUse += Int32(seats)
    noteDemand(level, now)
  }

  // MARK: Requests end

  /// Ends the service of request `place`; its seats are free now, or so much later, when
  /// `release` has to be called with the ticket.
  mutating func finish(
    _ place: UInt32, _ requests: borrowing Slab<Request>, at now: Nanoseconds
  ) -> (linger: Nanoseconds, ticket: UInt32) {
    let request = requests[place]
    let level = level(of: request)
    sync(level, now)
    let queue = levels[level].firstQueue + Int(request.queue)
    levels[level].executing -= 1
    queues[queue].executing -= 1
    if levels[level].kind == .queues {
      if !queues[queue].isActive { levels[level].activeQueues -= 1 }
      let served = now - request.dispatched
      queues[queue].next -= Int64(
        (Double(request.seats) * Double((parameters.estimatedServiceTime - served).count) / 10)
          .rounded())
      bound(queue, requests)
    }
    let ticket = UInt32(queue) << 16 | UInt32(request.maximumSeats)
    if request.linger == 0 { release(ticket, at: now) }
    return (Nanoseconds(Int64(request.linger)), ticket)
  }

  /// Frees the seats that a request kept after its end, and says of which level.
  @discardableResult
  mutating func release(_ ticket: UInt32, at now: Nanoseconds) -> Int {
    let queue = Int(ticket >> 16)
    let seats = Int(ticket & 0xFFFF)
    let level = queues[queue].level
    sync(level, now)
    levels[level].seatsInUse -= seats
    queues[queue].seatsInUse -= Int32(seats)
    noteDemand(level, now)
    return level
  }

  /// Takes a request that waits out of its queue: its client has gone.
  mutating func cancel(
    _ place: UInt32, _ requests: inout Slab<Request>, at now: Nanoseconds
  ) {
    let level = level(of: requests[place])
    sync(level, now)
    let queue = levels[level].firstQueue + Int(requests[place].queue)
    queues[queue].waiting.remove(place, from: &requests)
    leaveQueue(place, queue, &requests, at: now)
    bound(queue, requests)
    levels[level].cancelled += 1
  }

  /// When the request that has waited longest in the queue of `place` has to leave, if it waits.
  func deadline(ofQueue queue: Int, _ requests: borrowing Slab<Request>) -> Nanoseconds? {
    guard queues[queue].waiting.count > 0 else { return nil }
    return requests[queues[queue].waiting.first].arrived + longestWait
  }

  /// The queue that a request waits in.
  func queue(of request: Request) -> Int {
    levels[level(of: request)].firstQueue + Int(request.queue)
  }

  private var longestWait: Nanoseconds {
    parameters.isWaitLimitPrompt ? parameters.waitLimit : parameters.requestTimeout
  }

  /// Looks for requests that have waited too long in a queue whose timer has gone off; `takeLate`
  /// gives them.
  mutating func expire(
    _ queue: Int, _ requests: inout Slab<Request>, at now: Nanoseconds
  ) {
    guard let deadline = deadline(ofQueue: queue, requests), deadline <= now else { return }
    sync(queues[queue].level, now)
    // Those that are due this very nanosecond are late too: the timer is theirs.
    dropLate(from: queue, after: longestWait - Nanoseconds(1), &requests, at: now)
    bound(queue, requests)
  }

  private mutating func dropLate(
    from queue: Int, after limit: Nanoseconds, _ requests: inout Slab<Request>,
    at now: Nanoseconds
  ) {
    while queues[queue].waiting.count > 0 {
      guard now - requests[queues[queue].waiting.first].arrived > limit else { return }
      let place = queues[queue].waiting.removeFirst(from: requests)
      leaveQueue(place, queue, &requests, at: now)
      levels[queues[queue].level].timedOut += 1
      late.append(place, in: &requests)
    }
  }

  private mutating func leaveQueue(
    _ place: UInt32, _ queue: Int, _ requests: inout Slab<Request>, at now: Nanoseconds
  ) {
    requests[place].phase = 0
    noteWaiting(place, queue, -1, requests, at: now)
    if !queues[queue].isActive { levels[queues[queue].level].activeQueues -= 1 }
  }

  /// A request that has waited too long and has to be refused; nil when there is none.
  mutating func takeLate(_ requests: borrowing Slab<Request>) -> UInt32? {
    late.count > 0 ? late.removeFirst(from: requests) : nil
  }

  /// Arms the timer of a queue once; true if it was not armed.
  mutating func armTimer(of queue: Int, _ isArmed: Bool) -> Bool {
    defer { queues[queue].hasTimer = isArmed }
    return !queues[queue].hasTimer
  }

  // MARK: Books

  /// Lets virtual time pass at the rate that has held since.
  private mutating func sync(_ level: Int, _ now: Nanoseconds) {
    let elapsed = now - levels[level].synced
    guard elapsed.count > 0 else { return }
    levels[level].synced = now
    let active = levels[level].activeQueues
    guard active > 0 else { return }
    let wanted = levels[level].seatsInUse + levels[level].seatsWaiting
    let ratio = Double(min(wanted, levels[level].limit)) / Double(active)
    levels[level].virtualTime += Int64((ratio * Double(elapsed.count) / 10).rounded())
  }

  private mutating func noteWaiting(
    _ place: UInt32, _ queue: Int, _ sign: Int, _ requests: borrowing Slab<Request>,
    at now: Nanoseconds
  ) {
    let level = queues[queue].level
    let seats = requests[place].maximumSeats
    queues[queue].seatsWaiting += Int32(sign * seats)
    queues[queue].workWaiting += Int64(sign) * work(of: requests[place])
    levels[level].waiting += sign
    levels[level].seatsWaiting += sign * seats
    let number = queue - levels[level].firstQueue
    let bit = UInt64(1) << UInt64(number & 63)
    let word = levels[level].firstWord + number >> 6
    if queues[queue].waiting.count > 0 { occupied[word] |= bit } else { occupied[word] &= ~bit }
    noteDemand(level, now)
  }

  private mutating func noteDemand(_ level: Int, _ now: Nanoseconds) {
    guard parameters.borrows else { return }
    levels[level].demand.set(levels[level].seatsInUse + levels[level].seatsWaiting, at: now)
  }

  /// Lends and borrows a server's seats by what its levels wanted since the last time
  /// (`updateBorrowingLocked`).
  mutating func adjustLimits(of server: Int, at now: Nanoseconds) {
    guard parameters.borrows else { return }
    var allocation = SeatAllocation(sum: nominalSum)
    for level in levels(of: server) {
      sync(level, now)
      levels[level].demand.smooth(at: now)
      let demand = levels[level].demand
      let lower = max(
        Double(levels[level].minimum), min(Double(levels[level].nominal), demand.highest))
      allocation.add(
        lower: lower, upper: Double(levels[level].maximum), target: max(lower, demand.smoothed))
    }
    guard let seats = allocation.solve() else { return }
    for (number, level) in levels(of: server).enumerated() {
      levels[level].limit = Int(seats[number].rounded())
    }
  }
}
