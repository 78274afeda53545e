internal import Measure
internal import Simulation

extension FlowControlParameters {
  /// Sets the seats that a request takes while it runs, and those it keeps after.
  ///
  /// A list takes a seat for each 100 objects that are looked at, which are twice those returned
  /// when they come from etcd (flowcontrol/request/list_work_estimator.go, 1.27). A write whose
  /// change 10 or more watch keeps a seat for each 10 for 5 ms, narrower and longer beyond the
  /// widest (mutating_work_estimator.go).
  func estimate(_ place: UInt32, widest: Int, _ world: inout World) {
    world.requests[place].seats = 1
    world.requests[place].finalSeats = 0
    world.requests[place].linger = 0
    guard hasWidths else { return }
    let most = min(widest, maximumSeats)
    let request = world.requests[place]
    if request.verb == .list {
      let objects = Int(request.objects) * (request.isFromEtcd ? 2 : 1)
      let seats = (objects + objectsPerSeat - 1) / objectsPerSeat
      world.requests[place].seats = UInt16(max(1, min(seats, most)))
    } else if request.verb.isMutating {
      let watchers = world.watchCaches.watchers(
        of: request.resource, at: Int(request.server))
      guard watchers >= watchesPerSeat else { return }
      let seats = (watchers + watchesPerSeat - 1) / watchesPerSeat
      let final = min(seats, most)
      world.requests[place].finalSeats = UInt16(final)
      world.requests[place].linger = UInt32(
        min(Int64(UInt32.max), Int64(seats) * eventDuration.count / Int64(final)))
    }
  }
}
