/// The look of the page: light, dark and paper.
enum PageStyle {
  static let css = Palette.css(root: ":root") + rules

  private static let rules = """

    *{box-sizing:border-box}
    body{margin:0 auto;max-width:1240px;padding:28px 28px 64px;background:var(--ground);\
    color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",\
    sans-serif;font-variant-numeric:tabular-nums}
    h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
    h2{font-size:20px;margin:44px 0 12px;padding-top:14px;border-top:2px solid var(--ink)}
    h3{font-size:15px;margin:22px 0 6px}
    p{margin:0 0 10px}
    .kind{font-size:12px;letter-spacing:.08em;text-transform:uppercase;color:var(--soft);margin:0}
    .about{font-size:17px;max-width:82ch;color:var(--soft)}
    .foot{font-size:13px;color:var(--soft);max-width:95ch;margin-top:8px}
    .facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:10px 24px;\
    margin:14px 0}
    header .facts{display:flex;flex-wrap:wrap;gap:10px 40px}
    .facts div{min-width:0}
    dt{font-size:12px;color:var(--soft)}
    dd{margin:0;overflow-wrap:anywhere}
    .caveats{border-left:4px solid var(--doubt);background:var(--faint);padding:10px 16px;\
    margin:20px 0 0}
    .caveats ul{margin:0;padding:0;list-style:none;font-weight:600}
    .wide{overflow-x:auto}
    table{border-collapse:collapse;width:100%;font-size:13.5px}
    th,td{padding:5px 8px;text-align:right;vertical-align:top;white-space:nowrap}
    th:first-child,td.word,th.word,.words th,.words td{text-align:left}
    th:first-child{padding-left:0}
    td:last-child{padding-right:2px}
    thead th{font-weight:500;color:var(--soft);border-bottom:1px solid var(--soft);\
    vertical-align:bottom}
    tbody th{font-weight:500}
    .results tbody{border-bottom:1px solid var(--rule)}
    .results small,#parts small{display:block;font-size:11px;line-height:1.25;color:var(--soft)}
    .part-bar{display:block;width:100%;height:3px;margin-top:2px;fill:var(--s0)}
    .results tbody tr:first-child td,.results tbody tr:first-child th{padding-top:7px}
    .results .part th{font-weight:400;padding-left:16px;color:var(--soft)}
    .plain tbody tr{border-bottom:1px solid var(--faint)}
    .words td,.hashes td{white-space:normal}
    .hashes td{overflow-wrap:anywhere}
    td.line{white-space:nowrap}
    td.blank{width:24em;height:2.5em}
    tr.invalid td,tr.failed td{color:var(--soft)}
    tr.invalid .status,tr.failed .status{color:var(--bad);font-weight:600}
    #trials td.word:last-child{white-space:normal;overflow-wrap:anywhere;\
    min-width:9em;font-size:12px}
    th button{all:unset;cursor:pointer}
    th button:hover{text-decoration:underline}
    th[aria-sort=ascending] button::after{content:" ↑"}
    th[aria-sort=descending] button::after{content:" ↓"}
    button:focus-visible,svg:focus-visible,.key:focus-visible,summary:focus-visible\
    {outline:2px solid var(--s0);outline-offset:2px}
    .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
    .mark{font-size:11px;color:var(--doubt);border:1px solid currentColor;border-radius:3px;\
    padding:0 4px;white-space:nowrap}
    .results .mark{display:block;width:fit-content;margin-left:0;margin-top:2px;line-height:1.35}
    .limits{list-style:none;padding:0;margin:0;max-width:110ch}
    .limits li{padding:2px 0}
    .limits b{display:inline-block;min-width:9em}
    b.good{color:var(--good)}
    b.bad{color:var(--bad)}
    b.doubtful{color:var(--doubt)}
    .good .verdict{color:var(--good)}.bad .verdict{color:var(--bad)}
    .doubtful .verdict{color:var(--doubt)}.open .verdict{color:var(--soft)}
    .verdict{font-weight:600;white-space:nowrap}
    .counts{list-style:none;display:flex;flex-wrap:wrap;gap:6px 26px;padding:0;margin:10px 0 0;\
    font-size:17px}
    .loud{border-left:4px solid var(--doubt);background:var(--faint);padding:10px 16px;\
    margin:20px 0 0;break-inside:avoid}
    .loud h2{font-size:16px;border:0;margin:0 0 6px;padding:0}
    .loud.error{border-color:var(--bad)}
    .loud ul{margin:0;padding-left:18px}.loud li{margin:3px 0}
    .front{margin:26px 0 0;max-width:1000px}
    figure{overflow-x:auto}
    @media screen{figure svg{min-width:480px}.front svg{min-width:680px}}
    td.reason{white-space:normal;min-width:22em;text-align:left;font-size:12.5px}
    #verdict.good h2{border-left:6px solid var(--good);padding-left:12px}
    #verdict.bad h2{border-left:6px solid var(--bad);padding-left:12px}
    #verdict.doubtful h2{border-left:6px solid var(--doubt);padding-left:12px}
    .findings{list-style:none;padding:0;margin:0;max-width:110ch}
    .findings li{padding:5px 0 5px 12px;border-left:3px solid var(--rule);margin-bottom:6px}
    .findings .error{border-color:var(--bad)}.findings .warning{border-color:var(--doubt)}
    .findings .error b{color:var(--bad)}.findings .warning b{color:var(--doubt)}
    .where{color:var(--soft)}
    code,pre{font:12.5px/1.5 ui-monospace,"Cascadia Mono","Liberation Mono",Menlo,monospace}
    code{color:var(--soft)}
    pre{background:var(--faint);padding:14px 16px;overflow-x:auto;margin:8px 0}
    details{margin:10px 0}
    summary{cursor:pointer;font-weight:600}
    .method li{max-width:95ch}
    .charts{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:26px 32px}
    .charts.one{grid-template-columns:minmax(0,760px)}
    figure{margin:0;break-inside:avoid}
    figcaption{font-weight:600;margin-bottom:2px}
    svg{display:block;width:100%;height:auto}
    @media (max-width:900px){.charts{grid-template-columns:minmax(0,1fr)}body{padding:18px}}
    @media print{
    @page{size:A4 landscape;margin:12mm}
    body{max-width:none;padding:0;font-size:10pt}
    h1{font-size:20pt}h2{font-size:13pt;margin-top:18pt;break-after:avoid}h3{break-after:avoid}
    table{font-size:8pt}th,td{padding:2pt 4pt}.results small{font-size:6.6pt}
    tr,.results tbody{break-inside:avoid}thead{display:table-header-group}
    .wide,figure{overflow:visible}td.reason{font-size:7.5pt}
    pre{white-space:pre-wrap}
    details::details-content{content-visibility:visible;height:auto}
    .caveats{-webkit-print-color-adjust:exact;print-color-adjust:exact}
    svg{-webkit-print-color-adjust:exact;print-color-adjust:exact}
    }
    """
}
