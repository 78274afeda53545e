internal import Measure

/// Asks the kernel what it grants, without touching a target.
public enum EngineProbe {
  /// What a workload's engine would be granted on this machine, by the kernel's names.
  ///
  /// Throws ``StorageError`` where the engine cannot be had at all.
  public static func granted(to workload: StorageWorkload) throws(StorageError) -> [String] {
    do {
      switch workload.engine {
      case .psync, .null, .nvmfRDMA: return []
      case .libaio:
        let file = TargetFile(descriptor: -1, isBlockDevice: false)
        return try LibaioEngine(
          file: file, queueDepth: workload.queueDepth, dataSync: false
        ).features
      case .ioUring, .nopRing, .nvmePassthrough:
        return try Ring(
          Ring.Options(
            entries: workload.queueDepth, polled: workload.polled,
            submissionThread: workload.submissionThread,
            wideEntries: workload.engine == .nvmePassthrough)
        ).granted
      }
    } catch let error as EngineError {
      throw StorageError(error.message, hint: error.hint)
    } catch {
      throw StorageError("\(error)", hint: "see the message")
    }
  }
}
