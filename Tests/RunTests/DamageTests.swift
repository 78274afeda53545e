import Foundation
import TestSupport
import Testing

extension Program {
  /// A record that is no longer what it was: said, and never shown as if it were.
  @Suite struct Damage {
    private func sealed() throws -> (Workshop, folder: String) {
      let shop = try Workshop()
      let path = try shop.scenario(
        "{none: {size: 1GiB}}",
        "ring: {storage: {engine: 'null', pattern: random-read, duration: 50ms}}",
        more: "design: {blocks: 3}")
      try shop.run(path).checked()
      return (shop, try #require(shop.records.first))
    }

    private func change(_ path: String, _ edit: (inout Data) -> Void) throws {
      var data = try Data(contentsOf: URL(fileURLWithPath: path))
      edit(&data)
      try data.write(to: URL(fileURLWithPath: path))
    }

    private func isRefused(_ shop: Workshop, _ folder: String, naming file: String) throws {
      for words in [
        ["report", folder], ["report", folder, "--json"],
        ["export", folder, "--format", "fio-json+"], ["run", "--resume", folder],
      ] {
        let result = try shop.assay(words)
        #expect(result.status == 65, "\(result)")
        #expect(result.stderr.contains(file), "\(result)")
        #expect(result.stdout.isEmpty)
      }
    }

    @Test func eventsCutInTheMiddle() throws {
      let (shop, folder) = try sealed()
      try change(folder + "/events.jsonl") { $0 = $0.prefix($0.count / 2) }
      try isRefused(shop, folder, naming: "events.jsonl")
    }

    @Test func eventsWithoutTheLastLine() throws {
      let (shop, folder) = try sealed()
      let size = try Data(contentsOf: URL(fileURLWithPath: folder + "/events.jsonl")).count
      try change(folder + "/events.jsonl") { $0 = $0.prefix($0.count - 10) }
      try isRefused(shop, folder, naming: "events.jsonl was changed")
      // Looking at it mended nothing.
      let now = try Data(contentsOf: URL(fileURLWithPath: folder + "/events.jsonl")).count
      #expect(now == size - 10)
    }

    @Test func aHistogramIsMissing() throws {
      let (shop, folder) = try sealed()
      try FileManager.default.removeItem(atPath: folder + "/histograms/t0002.json")
      let result = try shop.assay(["report", folder])
      #expect(result.status == 65, "\(result)")
      #expect(result.stderr.contains("histograms/t0002.json is missing"))
      // Not sealed yet: there is no manifest to tell, but the report needs it.
      try FileManager.default.removeItem(atPath: folder + "/manifest.json")
      let unsealed = try shop.assay(["report", folder])
      #expect(unsealed.status == 65, "\(unsealed)")
      #expect(unsealed.stderr.contains("histograms/t0002.json"))
    }

    @Test(arguments: ["plan.json", "series/t0001.csv", "scenario.yaml", "summary.json"])
    func oneByteIsChanged(_ name: String) throws {
      let (shop, folder) = try sealed()
      try change(folder + "/" + name) { $0[$0.count / 2] ^= 1 }
      let result = try shop.assay(["report", folder])
      #expect(result.status == 65, "\(result)")
      #expect(result.stderr.contains(name), "\(result)")
    }

    @Test func whatIsNoRecordIsSaid() throws {
      let (shop, folder) = try sealed()
      for path in [shop.path("nowhere"), shop.folder.path, folder + "/histograms"] {
        let result = try shop.assay(["report", path])
        #expect(result.status == 65, "\(result)")
        #expect(result.stderr.contains("events.jsonl") && result.stderr.contains("list runs"))
        #expect(try shop.resume(path).status == 65)
      }
      #expect(!shop.exists("events.jsonl"))
    }
  }
}
