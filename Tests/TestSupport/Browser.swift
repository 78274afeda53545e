internal import Foundation

/// What Chromium makes of a page: a fresh profile each time, on no network.
public enum Browser {
  /// What is seen of a page as it stands.
  public struct Look: Sendable {
    /// The elements after scripts ran.
    public let dom: String
    /// Lines that the page or the browser wrote to the console about it.
    public let console: [String]
    /// Addresses asked for on behalf of the page.
    public let requests: [String]
    /// Different colours of the screenshot.
    public let colours: Int
    /// Share of the most frequent colour.
    public let ground: Double
  }

  /// What a script finds in a copy of a page.
  public struct Findings: Decodable, Sendable {
    /// Width of the page's visible part, px.
    public let width: Double
    /// Texts of charts that lie on one another, or are cut by the edge.
    public let texts: [String]
    /// Elements that are wider than the page and do not scroll by themselves.
    public let wide: [String]
    /// What does not work of the legends.
    public let legends: [String]
    /// Entries of legends that were tried.
    public let keys: Int
    /// Charts.
    public let charts: Int
    /// Texts of charts.
    public let words: Int

    /// All that is wrong.
    public var problems: [String] { texts + wide + legends }
  }

  /// Opens a page, photographs it and notes what it asks for.
  ///
  /// - Parameters:
  ///   - path: the page.
  ///   - width: of the window, px.
  ///   - picture: where the screenshot is kept; nowhere by default.
  /// - Returns: what is seen of it.
  /// - Throws: `Command.Failure` if the browser does not come to an end well.
  public static func look(
    at path: String, width: Int = 1280, picture: String? = nil
  ) throws -> Look {
    let folder = try TemporaryFolder()
    let log = folder.path("net.json")
    let image = picture ?? folder.path("page.png")
    let result = try open(
      path, width: width, in: folder,
      ["--screenshot=\(image)", "--log-net-log=\(log)", "--enable-logging=stderr"])
    let read = try Command.run(["python3", "-c", reader, image, log, path]).checked().stdout
    let facts = try JSONDecoder().decode(Facts.self, from: Data(read.utf8))
    return Look(
      dom: result.stdout,
      console: result.stderr.split(separator: "\n").map(String.init)
        .filter { $0.contains(":CONSOLE") },
      requests: facts.requests, colours: facts.colours, ground: facts.ground)
  }

  /// Lets a script measure a copy of the page, from which the policy that forbids it is taken.
  ///
  /// - Throws: `Command.Failure` if the browser does not come to an end well, and what decoding
  ///   the script's answer throws.
  public static func examine(_ path: String, width: Int = 1280) throws -> Findings {
    let folder = try TemporaryFolder()
    let page = try String(contentsOfFile: path, encoding: .utf8)
      .replacing(/<meta http-equiv="Content-Security-Policy"[^>]*>/, with: "")
      .replacing("</body>", with: "<script>\(script)</script></body>")
    let copy = try folder.write(page, to: "copy.html")
    let dom = try open(copy, width: width, in: folder, []).stdout
    guard let title = dom.firstMatch(of: /<title>([^<]*)<\/title>/)?.1 else {
      throw Command.Failure(description: "the page has no title: \(dom.prefix(300))")
    }
    let json = title.replacing("&lt;", with: "<").replacing("&gt;", with: ">")
      .replacing("&nbsp;", with: " ").replacing("&amp;", with: "&")
    do {
      return try JSONDecoder().decode(Findings.self, from: Data(json.utf8))
    } catch {
      throw Command.Failure(description: "the script ended with: \(title)")
    }
  }

  private struct Facts: Decodable {
    var colours: Int
    var ground: Double
    var requests: [String]
  }

  private static func open(
    _ path: String, width: Int, in folder: TemporaryFolder, _ more: [String]
  ) throws -> Command.Result {
    // Names do not resolve: neither the page nor the browser's own services leave this machine.
    try Command.run(
      [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--user-data-dir=\(folder.path("profile"))", "--host-resolver-rules=MAP * ~NOTFOUND",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--window-size=\(width),900", "--dump-dom",
      ] + more + ["file://" + path]
    ).checked()
  }

  /// Measures charts by their own units, so that nothing depends on the window.
  private static let script = #"""
    (() => {
      const answer = { width: innerWidth, texts: [], wide: [], legends: [], keys: 0, charts: 0,
        words: 0 };
      for (const svg of document.querySelectorAll("svg")) {
        answer.charts += 1;
        const name = svg.querySelector("title")?.textContent ?? "";
        const paper = svg.viewBox.baseVal;
        const texts = [...svg.querySelectorAll("text")].map((text) =>
          ({ said: text.textContent, box: text.getBBox() })).filter(({ box }) => box.width > 0);
        answer.words += texts.length;
        for (const [n, one] of texts.entries()) {
          const a = one.box;
          if (a.x < -0.5 || a.x + a.width > paper.width + 0.5 || a.y < -2
            || a.y + a.height > paper.height + 2) {
            answer.texts.push(`${name}: "${one.said}" is cut`);
          }
          for (const other of texts.slice(n + 1)) {
            const b = other.box;
            // The box of a text has room above and below its letters.
            const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
            const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
            if (across > 0.5 && down > 3) {
              answer.texts.push(`${name}: "${one.said}" lies on "${other.said}"`);
            }
          }
        }
      }
      const right = document.body.getBoundingClientRect().right + 1;
      for (const node of document.querySelectorAll("table, svg, pre, p, h1, h2, figure")) {
        let box = node;
        const scrolls = () => ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
        while (box && !scrolls()) box = box.parentElement;
        if ((box ?? node).getBoundingClientRect().right > right) {
          answer.wide.push(`${node.localName} ${node.textContent.slice(0, 40)}`);
        }
      }
      if (document.documentElement.scrollWidth > innerWidth) answer.wide.push("the page");
      for (const key of document.querySelectorAll("g.key")) {
        answer.keys += 1;
        const label = key.getAttribute("aria-label");
        const no = (what) => answer.legends.push(`${label}: ${what}`);
        const own = [...key.closest("svg").querySelectorAll("g.s")]
          .filter((group) => group.dataset.k === key.dataset.k);
        const others = [...key.closest("svg").querySelectorAll("g.s")]
          .filter((group) => group.dataset.k !== key.dataset.k);
        const isSeen = (group) => getComputedStyle(group).display !== "none";
        const expect = (seen, how) => {
          if (!own.length || own.some((group) => isSeen(group) !== seen)) no(`${how}: series`);
          if (!others.every(isSeen)) no(`${how}: another series`);
          if (key.getAttribute("aria-pressed") !== String(seen)) no(`${how}: aria-pressed`);
        };
        if (!label || key.getAttribute("role") !== "button") no("no button");
        expect(true, "before");
        key.dispatchEvent(new MouseEvent("click", { bubbles: true }));
        expect(false, "click");
        key.dispatchEvent(new MouseEvent("click", { bubbles: true }));
        expect(true, "second click");
        key.focus();
        if (document.activeElement !== key) no("no focus");
        if (getComputedStyle(key).outlineStyle === "none") no("focus is not seen");
        for (const [code, seen] of [["Enter", false], [" ", true]]) {
          key.dispatchEvent(new KeyboardEvent("keydown", { key: code, bubbles: true }));
          expect(seen, `key "${code}"`);
        }
      }
      document.title = JSON.stringify(answer);
    })();
    """#

  /// Colours of a PNG of 8 bits a channel (RFC 2083, section 6), and what a NetLog asked for.
  private static let reader = """
    import collections, json, struct, sys, zlib
    data, at, packed = open(sys.argv[1], "rb").read(), 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR": width, height, depth, colour = struct.unpack(">IIBB", data[at+8:at+18])
        if kind == b"IDAT": packed += data[at + 8:at + 8 + size]
        at += size + 12
    assert depth == 8 and colour in (2, 6), (depth, colour)
    step, raw = {2: 3, 6: 4}[colour], zlib.decompress(packed)
    line, above, counts = width * step, bytearray(width * step), collections.Counter()
    def paeth(a, b, c):
        p = a + b - c
        return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
    for row in range(height):
        start = row * (line + 1)
        way, now = raw[start], bytearray(raw[start + 1:start + 1 + line])
        if way and any(now) or way in (2, 3, 4):
            for n in range(line):
                a = now[n - step] if n >= step else 0
                c = above[n - step] if n >= step else 0
                b = above[n]
                add = (0, a, b, (a + b) // 2, paeth(a, b, c) if way == 4 else 0)[way]
                now[n] = (now[n] + add) & 255
        above = now
        counts.update(now[n:n + 3].hex() for n in range(0, line, step * 7))
    log = json.load(open(sys.argv[2]))
    asked = {one["params"]["url"] for one in log["events"]
        if isinstance(one.get("params"), dict) and "url" in one["params"]}
    # What the browser asks for itself, whatever page is open.
    own = ("google.com/", "googleapis.com/", "gvt1.com/")
    def is_own(url): return any("." + host in url.replace("//", "//.") for host in own)
    print(json.dumps({"colours": len(counts),
        "ground": counts.most_common(1)[0][1] / sum(counts.values()),
        "requests": sorted(url for url in asked
            if not is_own(url) and not url.startswith(("file:", "chrome", "data:")))}))
    """
}
