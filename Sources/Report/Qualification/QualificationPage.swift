public import Judgement
internal import Ledger
internal import Mustache

/// The page of a qualification: one file of HTML that fetches nothing and needs no script.
public struct QualificationPage: Sendable {
  private let template: MustacheTemplate

  /// Parses the template.
  ///
  /// Throws where it is broken, which a test rules out.
  public init() throws { template = try MustacheTemplate(string: Self.page) }

  /// The page; the same input gives the same bytes.
  public func render(_ qualification: Qualification) -> String {
    let rows = QualificationRows(qualification, ascii: false).rows
    let waivers = QualificationRows.waivers(qualification)
    let about = qualification.specification.about
    return template.render([
      "name": qualification.specification.name, "about": about.isEmpty ? [] : [about],
      "style": PageStyle.css, "whole": QualificationRows.whole(qualification),
      "kind": Self.kind(qualification.verdict.rawValue),
      "facts": QualificationRows.facts(qualification).map { ["name": $0.name, "value": $0.value] },
      "hasCaveats": !qualification.caveats.isEmpty, "caveats": qualification.caveats,
      "words": Array(QualificationRows.headers[1..<QualificationRows.words]),
      "figures": Array(QualificationRows.headers[QualificationRows.words...]),
      "rows": rows.map { row -> [String: Any] in
        [
          "verdict": row.cells[0], "kind": Self.kind(row.verdict.rawValue),
          "words": Array(row.cells[1..<QualificationRows.words]),
          "figures": Array(row.cells[QualificationRows.words...]), "reason": row.reason,
          "waiver": row.waiver.isEmpty ? [] : [row.waiver],
        ]
      },
      "span": QualificationRows.headers.count, "hasWaivers": !waivers.isEmpty,
      "waivers": waivers.map { ["severity": $0.isLoud ? "error" : "note", "text": $0.text] },
      "signOff": QualificationRows.signOff,
    ])
  }

  /// The class that colours a word; the word itself says the same without colour.
  private static func kind(_ verdict: String) -> String {
    switch verdict {
    case "pass": "good"
    case "fail", "failed": "bad"
    default: "doubtful"
    }
  }

  private static let page = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src \
    'unsafe-inline'; base-uri 'none'; form-action 'none'">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Qualification: {{name}} · Assay</title>
    <style>
    {{{style}}}
    </style>
    </head>
    <body>
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
    <td style="width:24em;height:2.5em"></td></tr>
    {{/signOff}}</tbody></table></section>
    </main>
    </body>
    </html>

    """
}
