/// Colours that people with any colour vision tell apart, with dashes and markers beside them.
///
/// Okabe & Ito, "Color Universal Design" (2008), in an order that keeps the first two farthest
/// apart; yellow is darkened on white paper and the rest lightened on a dark screen, so that lines
/// keep a contrast of about 3:1 (WCAG 2.2, 1.4.11).
enum Palette {
  /// How many colours there are.
  static var count: Int { light.count }
  /// Colours on light ground: blue, vermillion, green, purple, orange, sky, ochre, grey.
  static let light = [
    "#0072B2", "#D55E00", "#009E73", "#B8578C", "#C98500", "#2E94C9", "#8F8300", "#666666",
  ]
  /// The same on dark ground.
  static let dark = [
    "#4FA8E0", "#F2853D", "#2EC79A", "#E08FBC", "#E9A820", "#7CCBF2", "#E6DA4A", "#B0B0B0",
  ]
  /// Dash patterns of lines.
  static let dashes = ["", "7 3", "2 3", "9 3 2 3"]
  /// How many markers there are.
  static let markerCount = 6

  /// Custom properties and classes of charts, for a page or inside an SVG.
  ///
  /// `root` is the selector that carries the colours.
  static func css(root: String) -> String {
    func properties(_ colours: [String], _ grounds: [(String, String)]) -> String {
      (colours.enumerated().map { ("s\($0)", $1) } + grounds)
        .map { "--\($0):\($1)" }.joined(separator: ";")
    }
    let day = properties(
      light,
      [
        ("ink", "#1c2127"), ("soft", "#59636e"), ("rule", "#d9dee3"), ("faint", "#eceff2"),
        ("ground", "#ffffff"), ("bad", "#b42318"), ("good", "#16794c"), ("doubt", "#946200"),
      ])
    let night = properties(
      dark,
      [
        ("ink", "#e8ebee"), ("soft", "#a3adb7"), ("rule", "#3a424b"), ("faint", "#272d34"),
        ("ground", "#171b20"), ("bad", "#ff8a80"), ("good", "#5fd3a0"), ("doubt", "#f0c060"),
      ])
    // Paper is always light, whatever the screen is.
    let classes = (0..<count).map { ".c\($0){--c:var(--s\($0))}" }.joined()
    return """
      \(root){\(day)}
      @media screen and (prefers-color-scheme:dark){\(root){\(night)}}
      \(classes)
      \(chartRules)
      """
  }

  private static let chartRules = """
    .chart text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;\
    fill:var(--soft);font-variant-numeric:tabular-nums;paint-order:stroke;stroke:var(--ground);\
    stroke-width:3px;stroke-linejoin:round}
    .chart .title{font-size:14px;font-weight:600;fill:var(--ink)}
    .chart .name{fill:var(--ink);stroke:none}
    .chart .m{text-anchor:middle}.chart .e{text-anchor:end}
    .chart .grid{stroke:var(--rule);stroke-width:.7}.chart .minor{stroke:var(--faint)}
    .chart .axis{stroke:var(--soft);stroke-width:1}
    .chart .l{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linejoin:round;\
    stroke-linecap:butt}
    .chart .thin{stroke-width:1}
    .chart .p{fill:var(--c);stroke:var(--ground);stroke-width:.8}
    .chart .x{fill:none;stroke:var(--c);stroke-width:1.8}
    .chart .b{fill:var(--c);fill-opacity:.16}
    .chart .d1{stroke-dasharray:7 3}.chart .d2{stroke-dasharray:2 3}
    .chart .d3{stroke-dasharray:9 3 2 3}
    .chart .lead{stroke:var(--soft);stroke-width:.6;fill:none}
    .chart .head{fill:var(--ink);font-weight:600}
    .chart .o{fill:var(--ground);stroke:var(--c);stroke-width:1.6}
    .chart .cell{fill:var(--s0)}
    .chart .off{display:none}.chart .dim{opacity:.4}.chart .dim text{text-decoration:line-through}
    .chart .key[role]{cursor:pointer}
    .chart .tip{pointer-events:none}.chart .tip rect{fill:var(--ground);stroke:var(--rule)}
    .chart .tip circle{fill:none;stroke:var(--ink);stroke-width:1.4}
    .chart .ref{stroke:var(--soft);stroke-width:1.2}
    .chart .limit{stroke:var(--bad);stroke-width:1.2;stroke-dasharray:5 3}
    .chart .limit-name{fill:var(--bad)}
    .chart .pass{fill:var(--good);fill-opacity:.1}.chart .fail{fill:var(--bad);fill-opacity:.1}
    .chart .inconclusive{fill:var(--doubt);fill-opacity:.1}
    .chart .neutral{fill:var(--soft);fill-opacity:.18}
    """
}
