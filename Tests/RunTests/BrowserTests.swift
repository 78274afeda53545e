import Foundation
import TestSupport
import Testing

extension Program {
  /// Pages of the program as a browser has them.
  @Suite(Requires.tool("chromium")) struct Pages {
    private func expectSound(_ page: String, charts: Int, keys: Int = 0) throws {
      let look = try Browser.look(at: page, width: 420)
      #expect(look.colours > 20 && look.ground < 0.98, "\(look.colours) \(look.ground)")
      #expect(look.console.isEmpty, "\(look.console)")
      #expect(look.requests.isEmpty, "\(look.requests)")
      #expect(look.dom.contains("</main>") && look.dom.contains("class=\"unseen\""))
      for width in [1280, 420] {
        let found = try Browser.examine(page, width: width)
        #expect(found.problems.isEmpty, "\(width) px: \(found.problems)")
        #expect(found.charts >= charts && found.keys >= keys && found.words > 10, "\(found)")
      }
    }

    @Test func publishedFiguresAreReadableInABrowser() throws {
      let shop = try Workshop()
      let figures = Workshop.package + "/results/reference/published-dpu-against-local"
      let page = shop.path("page.html")
      try shop.assay(["compare", figures, "--format", "html", "--output", page]).checked()
      try expectSound(page, charts: 1)
    }

    /// A file on this machine's disk against a loop device, swept.
    @Test(Requires.loopDevices) func aRealRunIsReadableInABrowser() throws {
      let shop = try Workshop(in: "/var/tmp")
      let loop = try LoopDevice(bytes: 16 << 20)
      let path = try shop.folder.write(
        """
        assay: 1
        name: file-against-loop
        systems:
          local: {file: \(shop.path("data")), size: 16MiB}
          loop: {device: \(loop.path)}
        workloads:
          read:
            storage: {pattern: random-read, duration: 30ms}
            sweep: {queue-depth: [1, 4, 16]}
        design: {blocks: 2}
        limits:
          - iops of loop >= 10% of local
          - errors = 0

        """, to: "two.yaml")
      // Two trials a case are too few for a verdict, which is not what is looked at.
      try shop.run(path)
      let record = try #require(shop.records.first)
      try expectSound(record + "/report.html", charts: 3, keys: 2)
      let page = shop.path("page.html")
      try shop.assay(["compare", record, "--format", "html", "--output", page]).checked()
      try expectSound(page, charts: 2, keys: 2)
    }

    /// The checks see what they are there for.
    @Test func aBrokenPageIsSeen() throws {
      let folder = try TemporaryFolder()
      let page = try folder.write(
        """
        <!DOCTYPE html><html><head><title>x</title></head><body>
        <img src="http://192.0.2.1/x.png" alt=""><table><tr><td>\(
          String(repeating: "x", count: 900))</td></tr></table>
        <svg viewBox="0 0 100 30"><title>c</title><text x="5" y="20">first</text>
        <text x="20" y="22">second</text><text x="80" y="22">cut off</text>
        <g class="s" data-k="0"></g><g class="key" data-k="0"><text x="0" y="0">k</text></g>
        </svg></body></html>
        """, to: "broken.html")
      let look = try Browser.look(at: page, width: 420)
      #expect(look.requests == ["http://192.0.2.1/x.png"])
      let found = try Browser.examine(page)
      #expect(found.texts.contains { $0.contains("\"first\" lies on \"second\"") })
      #expect(found.texts.contains { $0.contains("\"cut off\" is cut") })
      #expect(found.wide.contains("the page") && found.wide.contains { $0.hasPrefix("table") })
      #expect(found.legends.contains { $0.hasSuffix("click: series") })
    }
  }
}
