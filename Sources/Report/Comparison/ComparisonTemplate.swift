/// The templates of the comparison page.
enum ComparisonTemplate {
  static let page = """
    {{>head}}
    <header>
    <p class="kind">Assay comparison</p>
    <h1>{{title}}</h1>
    <p class="about">{{about}}</p>
    {{#counts}}{{>counts}}{{/counts}}
    </header>
    {{#comparability}}{{>comparability}}{{/comparability}}
    <main>
    {{#forest}}<figure class="front"><figcaption>{{title}}</figcaption>
    {{{svg}}}</figure>{{/forest}}
    {{>rows}}
    {{#cases}}
    <section class="workload"><h2>{{name}}</h2>
    <div class="charts{{#isSingle}} one{{/isSingle}}">
    {{#charts}}<figure><figcaption>{{title}}</figcaption>
    {{{svg}}}</figure>
    {{/charts}}
    </div></section>
    {{/cases}}
    {{#left}}<p class="foot">{{.}}</p>{{/left}}
    {{#hasDifferences}}{{>differences}}{{/hasDifferences}}
    {{>sources}}
    </main>
    {{>foot}}
    """

  static let comparability = """
    <section class="loud {{severity}}" aria-label="Comparability"><h2>{{heading}}</h2>
    <ul>{{#lines}}<li>{{#word}}<b>{{.}}</b> {{/word}}{{text}}</li>
    {{/lines}}</ul></section>
    """

  static let rows = """
    <section id="rows"><h2>Rows</h2>
    {{#hasRows}}<div class="wide"><table class="plain sortable"><thead><tr>{{#columns}}\
    <th scope="col"{{#isWord}} class="word"{{/isWord}}>{{name}}</th>{{/columns}}</tr></thead><tbody>
    {{#rows}}<tr class="{{kind}}"><th scope="row">{{name}}</th>{{#arm}}<td class="word">{{.}}</td>\
    {{/arm}}<td class="word">{{metric}}</td><td>{{reference}}</td><td>{{subject}}</td>\
    <td>{{ratio}}</td><td class="word"><span class="verdict"><span aria-hidden="true">{{symbol}}\
    </span> {{word}}</span></td><td>{{smallest}}</td><td>{{n}}</td><td class="reason">{{reason}}\
    </td></tr>
    {{/rows}}</tbody></table></div>
    <p class="foot">{{foot}}</p>{{/hasRows}}
    {{^hasRows}}<p>Nothing stands on both sides: no case of one is a case of another.</p>\
    {{/hasRows}}
    {{#hasLone}}<h3>Not comparable</h3><ul>{{#lone}}<li><b>{{name}}</b> {{metric}}: {{reason}}</li>
    {{/lone}}</ul>{{/hasLone}}
    {{#hasUnmatched}}<h3>Without a counterpart</h3><ul>{{#unmatched}}<li><b>{{key}}</b> is in \
    {{arm}} only.</li>
    {{/unmatched}}</ul>{{/hasUnmatched}}
    </section>
    """

  static let differences = """
    <section id="differences"><h2>What differs</h2>
    {{#differences}}<h3>{{name}}</h3><p class="foot">{{about}}</p>
    <div class="wide"><table class="plain words sortable"><thead><tr><th scope="col">fact</th>\
    <th scope="col">{{reference}}</th>{{#subjects}}<th scope="col">{{.}}</th>{{/subjects}}\
    <th scope="col">meaning</th></tr></thead><tbody>
    {{#facts}}<tr><th scope="row">{{key}}</th><td>{{reference}}</td>{{#subjects}}<td>{{.}}</td>\
    {{/subjects}}<td>{{meaning}}</td></tr>
    {{/facts}}</tbody></table></div>
    {{/differences}}
    </section>
    """

  static let sources = """
    <section id="provenance"><h2>Method and provenance</h2>
    <ul class="method">{{#methods}}<li>{{.}}</li>{{/methods}}</ul>
    <div class="wide"><table class="plain words"><thead><tr><th scope="col">arm</th>\
    <th scope="col">evidence</th><th scope="col">measured</th><th scope="col">record</th>\
    <th scope="col">system</th><th scope="col">source</th><th scope="col">trials</th></tr></thead>\
    <tbody>
    {{#arms}}<tr><th scope="row">{{label}}</th><td>{{evidence}}</td><td>{{startedAt}}</td>\
    <td><code>{{id}}</code></td><td>{{system}}</td><td><code>{{source}}</code></td>\
    <td>{{trials}}</td></tr>
    {{/arms}}</tbody></table></div>
    {{#hashes}}<details><summary>SHA-256 of the files of {{label}}</summary>
    <table class="plain words hashes"><tbody>{{#files}}<tr><th scope="row">{{name}}</th>\
    <td><code>{{value}}</code></td></tr>{{/files}}</tbody></table></details>{{/hashes}}
    </section>
    """
}
