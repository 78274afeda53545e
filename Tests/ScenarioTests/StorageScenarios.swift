import Storage

@testable import Scenario

/// Tests of storage scenarios look at their I/O directly: another engine is a mistake of the test.
extension ScenarioWorkload {
  var storage: StorageWorkload { base.storage! }
}

extension SweepPoint {
  var storage: StorageWorkload { workload.storage! }
}

extension PlannedTrial {
  var workload: StorageWorkload { work.storage!.workload }
}
