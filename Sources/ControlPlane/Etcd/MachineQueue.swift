internal import Simulation

/// Work that waits, in order; its links are in the work itself.
struct MachineQueue: BitwiseCopyable {
  private var first = Machines.Work.nobody
  private var last = Machines.Work.nobody
  private(set) var count: Int32 = 0

  mutating func append(_ place: UInt32, in works: inout Slab<Machines.Work>) {
    works[place].behind = Machines.Work.nobody
    if count == 0 {
      first = place
    } else {
      works[last].behind = place
    }
    last = place
    count += 1
  }

  /// Takes out the first, of which it must have one, and leaves it where it is.
  mutating func takeFirst(in works: borrowing Slab<Machines.Work>) -> UInt32 {
    let place = first
    first = works[place].behind
    count -= 1
    return place
  }

  mutating func removeFirst(from works: inout Slab<Machines.Work>) -> Machines.Work {
    let work = works.remove(first)
    first = work.behind
    count -= 1
    return work
  }
}
