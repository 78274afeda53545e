internal import Simulation

/// Which work goes next.
extension Machines {
  /// The work that a processor takes up next: what is all processors' at every 61st turn and where
  /// it has none of its own, then what has come over the network, then another's (runtime/proc.go,
  /// `schedule`, `findRunnable`).
  mutating func find(_ number: Int, for place: Int) -> Work? {
    processors[place].turns &+= 1
    if processors[place].turns % 61 == 0, programs[number].common.count > 0 {
      return programs[number].common.removeFirst(from: &works)
    }
    if processors[place].waiting == 0 {
      if programs[number].common.count > 0 {
        share(number, with: place)
      } else if programs[number].network.count > 0 {
        poll(number, for: place)
      } else if programs[number].local > 0 {
        steal(number, for: place)
      }
    }
    guard processors[place].waiting > 0 else { return nil }
    programs[number].local -= 1
    guard processors[place].next == Work.nobody else {
      defer { processors[place].next = Work.nobody }
      return works.remove(processors[place].next)
    }
    return processors[place].queue.removeFirst(from: &works)
  }

  /// A processor takes its part of what is all processors' (`globrunqget`).
  private mutating func share(_ number: Int, with place: Int) {
    let all = programs[number].common.count
    for _ in 0..<min(all, all / programs[number].most + 1) {
      let work = programs[number].common.takeFirst(in: works)
      processors[place].queue.append(work, in: &works)
      programs[number].local += 1
    }
  }

  /// A processor takes up what has come over the network, but for one for each that is idle
  /// (`injectglist`).
  private mutating func poll(_ number: Int, for place: Int) {
    let idle = programs[number].most - programs[number].awake
    var all = programs[number].network
    programs[number].network = MachineQueue()
    let first = all.takeFirst(in: works)
    for _ in 0..<min(idle, all.count) {
      programs[number].common.append(all.takeFirst(in: works), in: &works)
    }
    processors[place].queue = all
    processors[place].next = first
    programs[number].local += all.count + 1
  }

  /// A processor takes half of what waits at another, the newest of that first, or what that would
  /// take up next (`runqsteal`).
  private mutating func steal(_ number: Int, for place: Int) {
    let range = number * cpus..<(number + 1) * cpus
    if let victim = range.first(where: { processors[$0].queue.count > 0 }) {
      let half = processors[victim].queue.count - processors[victim].queue.count / 2
      for _ in 1..<half {
        let work = processors[victim].queue.takeFirst(in: works)
        processors[place].queue.append(work, in: &works)
      }
      processors[place].next = processors[victim].queue.takeFirst(in: works)
    } else if let victim = range.first(where: { processors[$0].next != Work.nobody }) {
      processors[place].next = processors[victim].next
      processors[victim].next = Work.nobody
    }
  }
}
