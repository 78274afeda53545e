public import Judgement
internal import Ledger
internal import Mustache

/// The page of a qualification: one file of HTML that fetches nothing.
public struct QualificationPage: Sendable {
  private let library: MustacheLibrary

  /// Parses the templates.
  ///
  /// Throws where one is broken, which a test rules out.
  public init() throws {
    library = try PageFrame.library(["qualification": Self.template])
  }

  /// The page; the same input gives the same bytes.
  public func render(_ qualification: Qualification, version: String) -> String {
    let rows = QualificationRows(qualification, ascii: false).rows
    let waivers = QualificationRows.waivers(qualification)
    let about = qualification.specification.about
    let name = qualification.specification.name
    let page: [String: Any] = [
      "name": name, "about": about.isEmpty ? [] : [about],
      "whole": QualificationRows.whole(qualification),
      "kind": VerdictWord.kind(VerdictWord.of(qualification.verdict)),
      "facts": QualificationRows.facts(qualification).map { ["name": $0.name, "value": $0.value] },
      "hasCaveats": !qualification.caveats.isEmpty, "caveats": qualification.caveats,
      "words": Array(QualificationRows.headers[1..<QualificationRows.words]),
      "figures": Array(QualificationRows.headers[QualificationRows.words...]),
      "rows": rows.map { row -> [String: Any] in
        [
          "verdict": row.cells[0], "kind": VerdictWord.kind(VerdictWord.of(row.verdict)),
          "words": Array(row.cells[1..<QualificationRows.words]),
          "figures": Array(row.cells[QualificationRows.words...]), "reason": row.reason,
          "waiver": row.waiver.isEmpty ? [] : [row.waiver],
        ]
      },
      "span": QualificationRows.headers.count, "hasWaivers": !waivers.isEmpty,
      "waivers": waivers.map { ["severity": $0.isLoud ? "error" : "note", "text": $0.text] },
      "signOff": QualificationRows.signOff,
    ]
    let frame = PageFrame.model(title: "Qualification: \(name)", version: version)
    return library.render(page.merging(frame) { $1 }, withTemplate: "qualification") ?? ""
  }

  private static let template = """
    {{>head}}
    <header>
    <p class="kind">Qualification</p>
    <h1>{{name}}</h1>
    {{#about}}<p class="about">{{.}}</p>{{/about}}
    <dl class="facts">{{#facts}}<div><dt>{{name}}</dt><dd>{{value}}</dd></div>{{/facts}}</dl>
    </header>
    {{#hasCaveats}}<section class="caveats" aria-label="Caveats"><ul>{{#caveats}}<li>{{.}}</li>\
    {{/caveats}}</ul></section>{{/hasCaveats}}
    <main>
    <section id="verdict" class="{{kind}}"><h2>{{whole}}</h2></section>
    <section id="limits"><h2>Limits</h2>
    <div class="wide"><table class="plain"><thead><tr><th scope="col">verdict</th>\
    {{#words}}<th scope="col" class="word">{{.}}</th>{{/words}}\
    {{#figures}}<th scope="col">{{.}}</th>{{/figures}}</tr></thead><tbody>
    {{#rows}}<tr><th scope="row"><b class="{{kind}}">{{verdict}}</b></th>\
    {{#words}}<td class="word">{{.}}</td>{{/words}}{{#figures}}<td>{{.}}</td>{{/figures}}</tr>
    {{/rows}}</tbody></table></div>
    <ul class="limits">{{#rows}}<li><b class="{{kind}}">{{verdict}}</b> \
    {{#words}}<span class="where">{{.}}</span> {{/words}}{{reason}}\
    {{#waiver}} <b>{{.}}</b>{{/waiver}}</li>
    {{/rows}}</ul>
    </section>
    {{#hasWaivers}}<section id="waivers"><h2>Waivers</h2><ul class="findings">{{#waivers}}
    <li class="{{severity}}">{{text}}</li>{{/waivers}}
    </ul></section>{{/hasWaivers}}
    <section id="sign-off"><h2>Sign-off</h2>
    <table class="plain words"><tbody>{{#signOff}}<tr><th scope="row">{{.}}</th>\
    <td class="blank"></td></tr>
    {{/signOff}}</tbody></table></section>
    </main>
    {{>foot}}
    """
}
