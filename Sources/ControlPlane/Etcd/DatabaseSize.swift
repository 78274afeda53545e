internal import Measure

/// How large etcd's database is: bytes in use, and the file, which never shrinks by itself.
///
/// Every write leaves a revision until compaction frees all but the latest of each key; freed pages
/// are used again, the file keeps its size (bbolt).
struct DatabaseSize: BitwiseCopyable {
  /// Bytes of the latest revisions.
  private(set) var live: Int64 = 0
  /// Bytes of revisions since the last compaction.
  private(set) var history: Int64 = 0
  /// `etcd_mvcc_db_total_size_in_bytes`.
  private(set) var file: Int64 = 0

  /// A key and its bookkeeping in a page of bbolt, beside the value.
  private static let overhead: Int64 = 100

  /// Starts with `bytes` of objects.
  mutating func holds(_ bytes: ByteCount) {
    live += bytes.count
    file = max(file, live + history)
  }

  /// A revision of `bytes` was written.
  mutating func written(_ bytes: ByteCount) {
    history += bytes.count + Self.overhead
    file = max(file, live + history)
  }

  /// Only the latest revision of each key is kept.
  mutating func compact() { history = 0 }

  /// Whether etcd takes no more writes ("database space exceeded").
  func isFull(_ quota: ByteCount) -> Bool { file > quota.count }
}
