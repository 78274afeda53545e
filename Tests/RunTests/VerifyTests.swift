import Foundation
import Ledger
import TestSupport
import Testing

extension Program {
  /// What was written is what is read, from one run to the next.
  @Suite struct Verify {
    private func scenarios(_ shop: Workshop) throws -> (write: String, read: String) {
      let keys = "queue-depth: 8, total-bytes: 8MiB, random-map: true"
      return (
        try shop.scenario(
          "{file: \(shop.path("data")), size: 8MiB, keep: true}",
          "io: {storage: {pattern: random-write, verify: write-then-read, \(keys)}}",
          name: "write"),
        try shop.scenario(
          "{file: \(shop.path("data"))}",
          "io: {storage: {pattern: sequential-read, verify: read, queue-depth: 8, "
            + "total-bytes: 8MiB}}", name: "read")
      )
    }

    @Test func aCorruptedBlockIsFoundAtItsOffset() throws {
      let shop = try Workshop()
      let (write, read) = try scenarios(shop)
      try shop.run(write, "--seed", "7").checked()
      let intact = try shop.run(read, "--seed", "7", "--json").checked()
      #expect(try Answer(intact).metric("verify bad blocks") == 0)

      let block = 1234
      try Command.run([
        "dd", "if=/dev/urandom", "of=\(shop.path("data"))", "bs=4096", "count=1",
        "seek=\(block)", "conv=notrunc,fsync", "status=none",
      ]).checked()
      let corrupt = try shop.run(read, "--seed", "7")
      #expect(corrupt.status == 4, "\(corrupt)")
      let last = try RunRecord.read(try newest(shop))
      let trial = try #require(last.trials.first)
      let text = try #require(message("verify-bad-block", in: trial))
      #expect(text.hasPrefix("1 of 2048 blocks"), "\(text)")
      #expect(text.contains("the first at offset \(block * 4096):"), "\(text)")

      // Another seed is another writer's data.
      let other = try shop.run(read, "--seed", "8")
      #expect(other.status == 4, "\(other)")
    }

    private func newest(_ shop: Workshop) throws -> String {
      let records = try shop.records.map { try RunRecord.read($0) }
      let sorted = records.sorted { $0.header.startedAt < $1.header.startedAt }
      return try #require(sorted.last).folder
    }
  }
}
