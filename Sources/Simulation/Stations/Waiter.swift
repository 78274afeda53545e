/// A job that waits, and since when.
struct Waiter: BitwiseCopyable {
  var job: UInt32
  var arrived: Int64
}
