import Measure
import Testing

@testable import ControlPlane

struct JournalTests {
  @Test func whoAsksDuringACommitSharesTheNext() {
    var journal = Journal()
    let at = { (count: Int64) in Nanoseconds(count) }
    #expect(journal.commit(at(100), at: at(0)) == at(100))
    #expect(journal.commit(at(100), at: at(10)) == at(200))
    #expect(journal.commit(at(100), at: at(90)) == at(200))
    // The second runs from 100 to 200.
    #expect(journal.commit(at(100), at: at(150)) == at(300))
    #expect(journal.commit(at(100), at: at(1000)) == at(1100))
  }
}
