/// Writes SVG with fixed number formatting.
struct SVGWriter {
  var out = ""

  /// A number on paper: at most one digit after the point.
  static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    let rest = tenths.magnitude % 10
    let whole = (tenths < 0 ? "-" : "") + String(tenths.magnitude / 10)
    return rest == 0 ? whole : whole + "." + String(rest)
  }

  /// A place from which a number is read back: at most two digits after the point.
  static func fine(_ value: Double) -> String { Quantity.short(value, 2) }

  /// Text for an element or an attribute.
  static func escaped(_ text: String) -> String { XMLText.escaped(text) }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ role: String) {
    out += "<path class=\"\(role)\" d=\"M\(pair(x1, y1))L\(pair(x2, y2))\"/>\n"
  }

  mutating func path(_ data: String, _ role: String) {
    if !data.isEmpty { out += "<path class=\"\(role)\" d=\"\(data)\"/>\n" }
  }

  mutating func rectangle(_ box: Box, _ role: String, _ more: String = "") {
    let size = (Self.number(box.right - box.left), Self.number(box.bottom - box.top))
    out += "<rect class=\"\(role)\" x=\"\(Self.number(box.left))\" y=\"\(Self.number(box.top))\" "
    out += "width=\"\(size.0)\" height=\"\(size.1)\"\(more)/>\n"
  }

  mutating func text(_ text: PlacedText) {
    let anchor =
      switch text.anchor {
      case .start: ""
      case .middle: "m"
      case .end: "e"
      }
    let role = [text.role, anchor].filter { !$0.isEmpty }.joined(separator: " ")
    out += "<text" + (role.isEmpty ? "" : " class=\"\(role)\"")
    out += " x=\"\(Self.number(text.x))\" y=\"\(Self.number(text.baseline))\">"
    out += Self.escaped(text.text) + "</text>\n"
  }

  /// Straight lines through places; nil breaks the line.
  ///
  /// Places that fall together are drawn once.
  static func polyline(_ places: [(x: Double, y: Double)?]) -> String {
    var data = ""
    var last: (Int, Int)?
    for place in places {
      guard let place else {
        last = nil
        continue
      }
      let tenths = (Int((place.x * 10).rounded()), Int((place.y * 10).rounded()))
      if let last, last == tenths { continue }
      data += (last == nil ? "M" : "L") + fine(place.x) + " " + fine(place.y)
      last = tenths
    }
    return data
  }

  /// The outline of a marker around a place.
  static func marker(_ kind: Int, _ x: Double, _ y: Double, size r: Double) -> String {
    func at(_ dx: Double, _ dy: Double) -> String { number(x + dx) + " " + number(y + dy) }
    let d = number(2 * r)
    let radius = number(r)
    return switch kind {
    case 0: "M\(at(-r, 0))a\(radius) \(radius) 0 1 0 \(d) 0a\(radius) \(radius) 0 1 0 -\(d) 0z"
    case 1: "M\(at(-r * 0.9, -r * 0.9))h\(number(1.8 * r))v\(number(1.8 * r))h-\(number(1.8 * r))z"
    case 2: "M\(at(0, -1.3 * r))L\(at(1.3 * r, 0))L\(at(0, 1.3 * r))L\(at(-1.3 * r, 0))z"
    case 3: "M\(at(0, -1.2 * r))L\(at(1.2 * r, r))L\(at(-1.2 * r, r))z"
    case 4: "M\(at(0, 1.2 * r))L\(at(1.2 * r, -r))L\(at(-1.2 * r, -r))z"
    default: "M\(at(-r, -r))L\(at(r, r))M\(at(-r, r))L\(at(r, -r))"
    }
  }

  private func pair(_ x: Double, _ y: Double) -> String {
    Self.number(x) + " " + Self.number(y)
  }
}
