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

  mutating func prepend(_ place: UInt32, in works: inout Slab<Machines.Work>) {
    works[place].behind = first
    if count == 0 { last = place }
    first = place
    count += 1
  }

  mutating func removeFirst(from works: inout Slab<Machines.Work>) -> Machines.Work {
    let work = works.remove(first)
    first = work.behind
    count -= 1
    return work
  }
}
