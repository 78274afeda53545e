/// Results of queueing theory that simulations of the same systems are held against.
///
/// Rates are per any unit of time, times in that unit. After Gross, Shortle, Thompson & Harris,
/// Fundamentals of Queueing Theory (4th edition, 2008), where not said otherwise.
enum QueueFormulas {
  /// The probability that a job finds all servers busy: Erlang's C formula (1917).
  ///
  /// O(servers).
  static func erlangC(servers: Int, load: Double) -> Double {
    // Erlang's B by its recursion, which neither overflows nor cancels.
    var blocked = 1.0
    for count in 1...servers { blocked = load * blocked / (Double(count) + load * blocked) }
    let utilization = load / Double(servers)
    return blocked / (1 - utilization * (1 - blocked))
  }

  /// The mean number inside an M/M/c system that offers `load` Erlangs.
  ///
  /// O(servers).
  static func meanInside(servers: Int, load: Double) -> Double {
    load + erlangC(servers: servers, load: load) * load / (Double(servers) - load)
  }

  /// The mean wait before one server by Pollaczek (1930) and Khinchine (1932).
  ///
  /// `squaredVariation` is the service time's variance over its squared mean.
  static func pollaczekKhinchine(
    arrivals: Double, service: Double, squaredVariation: Double
  ) -> Double {
    arrivals * service * service * (1 + squaredVariation) / 2 / (1 - arrivals * service)
  }

  /// The mean waits of classes that do not interrupt each other: Cobham (1954).
  ///
  /// Each class has its rate of arrivals, the first goes first; service is exponential for all.
  static func cobham(arrivals: [Double], service: Double) -> [Double] {
    let remaining = arrivals.reduce(0, +) * service * service
    var free = 1.0
    return arrivals.map { rate in
      let above = free
      free -= rate * service
      return remaining / (above * free)
    }
  }

  /// The probabilities of each number of jobs, from none, where one comes or goes at a time.
  ///
  /// `births[n]` is the rate from n to n + 1, `deaths[n]` that from n + 1 to n. O(states).
  static func birthDeath(births: [Double], deaths: [Double]) -> [Double] {
    var weights = [1.0]
    var weight = 1.0
    for (birth, death) in zip(births, deaths) {
      weight *= birth / death
      weights.append(weight)
    }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }

  /// The probability that the work in an M/D/1 queue, in services, is at most `services`.
  ///
  /// Erlang (1909); Tijms, A First Course in Stochastic Models (2003), 9.2.3. For few services:
  /// the terms alternate. O(services).
  static func workInConstantServices(load: Double, atMost services: Int) -> Double {
    var sum = 0.0
    for count in 0...services {
      let rest = load * Double(services - count)
      var term = Elementary.exp(rest)
      for factor in 0..<count { term *= -rest / Double(factor + 1) }
      sum += term
    }
    return (1 - load) * sum
  }

  /// Jobs per unit of time, and the mean batch, of clients before a gated batch.
  ///
  /// Each of `clients` thinks for an exponential time of mean `think`, then waits for the next
  /// batch and its end; a batch of b takes `service(b)`. Batches are a Markov chain: while one is
  /// served, each of those who think comes with the same probability; if none does, all think, and
  /// the first to come is a batch of one. O(clients² x rounds).
  static func gatedBatch(
    clients: Int, think: Double, service: (Int) -> Double
  ) -> (throughput: Double, meanBatch: Double) {
    let rows = (1...clients).map { batch in
      binomial(clients - batch, 1 - Elementary.exp(-service(batch) / think))
    }
    var shares = [Double](repeating: 1 / Double(clients), count: clients)
    for _ in 0..<500 {
      var next = [Double](repeating: 0, count: clients)
      for (share, row) in zip(shares, rows) {
        for (waiting, probability) in row.enumerated() {
          next[max(waiting, 1) - 1] += share * probability
        }
      }
      shares = next
    }
    var (jobs, time) = (0.0, 0.0)
    for (index, share) in shares.enumerated() {
      jobs += share * Double(index + 1)
      time += share * (service(index + 1) + rows[index][0] * think / Double(clients))
    }
    return (jobs / time, jobs)
  }

  /// The probabilities of each number of successes, from none to `count`.
  private static func binomial(_ count: Int, _ success: Double) -> [Double] {
    var row = [1.0]
    for _ in 0..<count {
      var next = [Double](repeating: 0, count: row.count + 1)
      for (index, probability) in row.enumerated() {
        next[index] += probability * (1 - success)
        next[index + 1] += probability * success
      }
      row = next
    }
    return row
  }
}
