import Storage

@testable import Scenario

/// Tests of storage scenarios look at their I/O directly; another engine's would be a test's mistake.
extension ScenarioWorkload {
  var storage: StorageWorkload { base.storage! }
}

extension SweepPoint {
  var storage: StorageWorkload { workload.storage! }
}

extension PlannedTrial {
  var workload: StorageWorkload { work.storage!.workload }
}
