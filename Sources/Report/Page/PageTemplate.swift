/// The templates of the page: constants, so that the program stays one file.
enum PageTemplate {
  static let head = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="{{{policy}}}">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="generator" content="Assay {{version}}">
    <title>{{title}} · Assay</title>
    <style>{{{style}}}</style>
    </head>
    <body>
    """

  static let foot = """
    <script>{{{script}}}</script>
    </body>
    </html>

    """

  static let page = """
    {{>head}}
    <header>
    <p class="kind">{{kind}}</p>
    <h1>{{name}}</h1>
    {{#about}}<p class="about">{{.}}</p>{{/about}}
    <dl class="facts">{{#facts}}<div><dt>{{name}}</dt><dd>{{value}}</dd></div>{{/facts}}</dl>
    </header>
    {{#hasCaveats}}<section class="caveats" aria-label="Caveats"><ul>{{#caveats}}<li>{{.}}</li>\
    {{/caveats}}</ul></section>{{/hasCaveats}}
    <main>
    {{#verdict}}{{>verdict}}{{/verdict}}
    {{#systems}}{{>systems}}{{/systems}}
    <section id="results"><h2>Results</h2>
    {{#results}}{{>results}}{{/results}}
    <p class="foot">{{method}}</p>
    </section>
    {{#hasFindings}}<section id="findings"><h2>Findings</h2><ul class="findings">{{#findings}}
    <li class="{{severity}}"><b>{{severity}}</b> <span class="where">{{place}}</span> {{message}} \
    <code>{{code}}</code></li>{{/findings}}
    </ul></section>{{/hasFindings}}
    {{#parts}}{{>parts}}{{/parts}}
    {{#workloads}}
    <section class="workload"><h2>{{name}}</h2>
    {{#isSingle}}<div class="charts one">{{/isSingle}}{{^isSingle}}<div class="charts">{{/isSingle}}
    {{#charts}}<figure><figcaption>{{title}}</figcaption>
    {{{svg}}}</figure>
    {{/charts}}
    </div></section>
    {{/workloads}}
    {{#online}}{{>online}}{{/online}}
    {{#cpu}}{{>cpu}}{{/cpu}}
    {{#trialTable}}{{>trials}}{{/trialTable}}
    {{#disclosure}}{{>disclosure}}{{/disclosure}}
    {{#environment}}{{>environment}}{{/environment}}
    {{>provenance}}
    </main>
    {{>foot}}
    """

  static let verdict = """
    <section id="verdict" class="{{kind}}"><h2>Verdict: {{word}}</h2>
    {{#hasLimits}}<ul class="limits">{{#limits}}<li><b class="{{kind}}">{{word}}</b> \
    <code>{{limit}}</code> <span class="where">{{place}}</span> {{reason}}</li>
    {{/limits}}</ul>{{/hasLimits}}
    </section>
    """

  static let systems = """
    <section id="systems"><h2>{{title}}</h2>
    {{#counts}}{{>counts}}{{/counts}}
    <figure class="front"><figcaption>{{caption}}</figcaption>
    {{{svg}}}</figure>
    <ul class="method">{{#notes}}<li>{{.}}</li>
    {{/notes}}</ul></section>
    """

  static let counts = """
    <ul class="counts" aria-label="Rows by verdict">{{#verdicts}}<li class="{{kind}}">\
    <span class="verdict"><span aria-hidden="true">{{symbol}}</span> {{count}} {{word}}</span></li>\
    {{/verdicts}}</ul>
    """

  static let results = """
    {{#groups}}
    <h3>{{workload}}</h3>
    <div class="wide"><table class="results"><thead><tr><th scope="col">case</th>\
    <th scope="col" title="valid trials">n</th>{{#columns}}<th scope="col">{{.}}</th>{{/columns}}\
    </tr></thead>
    {{#cases}}<tbody>
    {{#lines}}<tr{{#isPart}} class="part"{{/isPart}}><th scope="row">{{label}}{{#mark}} <span \
    class="mark" title="{{why}}">{{text}}</span>{{/mark}}</th><td>{{n}}</td>{{#cells}}<td>{{value}}\
    {{#range}}<small>{{.}}</small>{{/range}}</td>{{/cells}}</tr>
    {{/lines}}</tbody>{{/cases}}
    </table></div>
    {{/groups}}
    """

  static let parts = """
    <section id="parts"><h2>Where time goes</h2>
    {{#bottlenecks}}<p><b>{{name}}</b> {{text}}</p>{{/bottlenecks}}
    {{#tables}}
    <h3>{{name}}</h3>
    <div class="wide"><table class="plain"><thead><tr><th scope="col">part</th>\
    {{#columns}}<th scope="col">{{.}}</th>{{/columns}}</tr></thead><tbody>
    {{#rows}}<tr><th scope="row">{{name}}</th>{{#cells}}<td>{{value}}<small>{{share}}</small>\
    <svg class="part-bar" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true">\
    <rect x="{{rest}}" width="{{width}}" height="3"/></svg></td>{{/cells}}</tr>
    {{/rows}}<tr><th scope="row">together</th>{{#totals}}<td>{{.}}</td>{{/totals}}</tr>
    </tbody></table></div>
    {{/tables}}
    <p class="foot">Of the requests and pods whose latency lies at the percentile, the mean time \
    in each part; means over the valid trials.</p>
    </section>
    """

  static let cpu = """
    <section id="cpu"><h2>CPU</h2>
    <div class="wide"><table class="plain"><thead><tr>{{#columns}}<th scope="col">{{.}}</th>\
    {{/columns}}</tr></thead><tbody>
    {{#rows}}<tr><th scope="row">{{name}}</th>{{#cells}}<td>{{.}}</td>{{/cells}}</tr>
    {{/rows}}</tbody></table></div>
    <p class="foot">Sums over the valid trials. Workers: the threads that issue I/O. Host: all \
    CPUs, interrupts and kernel threads included; what a DPU takes away shows there.</p>
    {{#hasThreads}}<details><summary>Kernel threads by name</summary>
    <div class="wide"><table class="plain"><thead><tr><th scope="col">case</th>\
    <th scope="col">name</th><th scope="col">CPU time</th><th scope="col">per I/O</th></tr></thead>\
    <tbody>
    {{#threads}}<tr><th scope="row">{{key}}</th><td class="word">{{name}}</td><td>{{time}}</td>\
    <td>{{perIO}}</td></tr>
    {{/threads}}</tbody></table></div></details>{{/hasThreads}}
    </section>
    """

  static let online = """
    <section id="operations"><h2>Online operations</h2>
    {{#operations}}<h3>{{trial}} · {{key}}</h3><p>{{text}}</p>
    {{#isTriggered}}<div class="wide"><table class="plain"><thead><tr>{{#moments}}\
    <th scope="col">{{name}}</th>{{/moments}}{{#effects}}<th scope="col">{{name}}</th>{{/effects}}\
    </tr></thead><tbody><tr>{{#moments}}<td>{{after}}</td>{{/moments}}\
    {{#effects}}<td>{{value}}</td>{{/effects}}</tr></tbody></table></div>{{/isTriggered}}
    {{^isTriggered}}<p>It was not triggered.</p>{{/isTriggered}}
    {{#charts}}<div class="charts one"><figure><figcaption>{{title}}</figcaption>
    {{{svg}}}</figure></div>{{/charts}}
    {{/operations}}
    <p class="foot">Moments count from the trigger, on the clock of this host; those of sysfs and \
    node are looked for every millisecond. The grey part is the longest stall: no I/O of the \
    workload ended well in it.</p>
    </section>
    """

  static let trials = """
    <section id="trials"><h2>Trials in executed order</h2>
    <div class="wide"><table class="plain"><thead><tr><th scope="col">trial</th>\
    <th scope="col" class="word">case</th><th scope="col">block</th><th scope="col" class="word">\
    status</th>{{#columns}}<th scope="col">{{.}}</th>{{/columns}}<th scope="col" class="word">\
    findings</th></tr></thead><tbody>
    {{#trials}}<tr class="{{status}}"><th scope="row">{{id}}</th><td class="word">{{key}}</td>\
    <td>{{block}}</td><td class="word status">{{status}}</td>{{#cells}}<td>{{.}}</td>{{/cells}}\
    <td class="word">{{findings}}</td></tr>
    {{/trials}}</tbody></table></div></section>
    """

  static let disclosure = """
    <section id="disclosure"><h2>Disclosure</h2>
    <p>What must stand beside the numbers. The same for all cases unless a table says otherwise.</p>
    {{#hasCommon}}<dl class="facts">{{#common}}<div><dt>{{name}}</dt><dd>{{value}}</dd></div>\
    {{/common}}</dl>{{/hasCommon}}
    {{#hasDiffering}}<div class="wide"><table class="plain words"><thead><tr>\
    <th scope="col">case</th>{{#differing}}<th scope="col">{{.}}</th>{{/differing}}</tr></thead>\
    <tbody>
    {{#cases}}<tr><th scope="row">{{key}}</th>{{#cells}}<td>{{.}}</td>{{/cells}}</tr>
    {{/cases}}</tbody></table></div>{{/hasDiffering}}
    {{#hasMissing}}<h3>Not comparable</h3><ul>{{#missing}}<li><b>{{key}}</b> does not disclose \
    {{what}}.</li>{{/missing}}</ul>{{/hasMissing}}
    {{#hasOther}}<details><summary>Further metrics</summary>
    <div class="wide"><table class="plain"><thead><tr><th scope="col">case</th>\
    <th scope="col" class="word">metric</th><th scope="col">n</th><th scope="col">median</th>\
    <th scope="col">range</th></tr></thead><tbody>
    {{#other}}<tr><th scope="row">{{key}}</th><td class="word">{{name}}</td><td>{{n}}</td>\
    <td>{{median}}</td><td>{{range}}</td></tr>
    {{/other}}</tbody></table></div></details>{{/hasOther}}
    {{#left}}<p>Further metrics: {{.}} figures, too many for this page, stand in \
    <code>summary.json</code>.</p>{{/left}}
    </section>
    """

  static let environment = """
    <section id="environment"><h2>Environment</h2>
    {{#hasChanges}}<h3>Changed during the run</h3>
    <div class="wide"><table class="plain words"><thead><tr><th scope="col">fact</th>\
    <th scope="col">before</th><th scope="col">after</th></tr></thead><tbody>
    {{#changes}}<tr><th scope="row">{{name}}</th><td>{{before}}</td><td>{{after}}</td></tr>
    {{/changes}}</tbody></table></div>{{/hasChanges}}
    {{#groups}}<details{{#isShort}} open=""{{/isShort}}><summary>{{name}}</summary>
    <dl class="facts">{{#facts}}<div><dt>{{name}}</dt><dd>{{value}}</dd></div>{{/facts}}</dl>\
    </details>
    {{/groups}}
    </section>
    """

  static let provenance = """
    <section id="provenance"><h2>Method and provenance</h2>
    <ul class="method">{{#methods}}<li>{{.}}</li>{{/methods}}</ul>
    <details><summary>Scenario, verbatim</summary><pre>{{scenario}}</pre></details>
    {{#hasHashes}}<details><summary>SHA-256 of the record's files</summary>
    <table class="plain words hashes"><tbody>{{#hashes}}<tr><th scope="row">{{name}}</th>\
    <td><code>{{value}}</code></td></tr>{{/hashes}}</tbody></table></details>{{/hasHashes}}
    </section>
    """
}
