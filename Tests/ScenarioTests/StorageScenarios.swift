import Storage

@testable import Scenario

/// Tests of storage scenarios look at their I/O directly: another engine is a mistake of the test.
extension ScenarioWorkload {
  var storage: StorageWorkload { base.io }
}

extension SweepPoint {
  var storage: StorageWorkload { workload.io }
}

extension PlannedTrial {
  var workload: StorageWorkload {
    guard case .storage(let work) = work else { preconditionFailure("\(id) is not of storage") }
    return work.workload
  }
}

extension Workload {
  fileprivate var io: StorageWorkload {
    guard case .storage(let workload) = self else { preconditionFailure("not of storage") }
    return workload
  }
}
