/// How much room a text takes, without a font: widths of Helvetica, rounded up.
///
/// Browsers choose their own sans-serif; its widths differ by a few per cent, so boxes are made
/// 6 % wider than the estimate.
enum TextMetrics {
  /// Width of one line of text at a font size.
  static func width(_ text: String, size: Double) -> Double {
    text.unicodeScalars.reduce(0) { $0 + share($1) } * size * 1.06
  }

  private static func share(_ scalar: Unicode.Scalar) -> Double {
    switch scalar {
    case "i", "j", "l", "'", "|": 0.24
    case ".", ",", ":", ";", "!", " ", "/", "I", "f", "t", "[", "]", "(", ")", "-", "r", "·": 0.34
    case "m", "w", "M", "W", "%", "@", "…": 0.92
    case "A"..."Z", "=", "+", "<", ">", "~": 0.7
    default: 0.56
    }
  }

  /// The text, cut with `…` to a width.
  static func cut(_ text: String, size: Double, to width: Double) -> String {
    if Self.width(text, size: size) <= width { return text }
    var kept = text
    while !kept.isEmpty, Self.width(kept + "…", size: size) > width { kept.removeLast() }
    return kept + "…"
  }
}

/// A rectangle on paper.
struct Box: Hashable {
  var left: Double
  var top: Double
  var right: Double
  var bottom: Double

  func overlaps(_ other: Box) -> Bool {
    left < other.right && other.left < right && top < other.bottom && other.top < bottom
  }

  func contains(_ other: Box) -> Bool {
    left <= other.left && other.right <= right && top <= other.top && other.bottom <= bottom
  }
}

/// A line of text on paper.
struct PlacedText: Hashable {
  enum Anchor: String { case start, middle, end }

  var text: String
  var x: Double
  var baseline: Double
  var anchor: Anchor
  var size: Double
  /// Its CSS class besides that of the anchor.
  var role: String
  /// The series that it names, as in ``ChartLayout/names``.
  var key: Int?

  init(
    _ text: String, x: Double, baseline: Double, anchor: Anchor = .start, size: Double = 11,
    role: String = "", key: Int? = nil
  ) {
    self.text = text
    self.x = x
    self.baseline = baseline
    self.anchor = anchor
    self.size = size
    self.role = role
    self.key = key
  }

  var box: Box {
    let width = TextMetrics.width(text, size: size)
    let left =
      switch anchor {
      case .start: x
      case .middle: x - width / 2
      case .end: x - width
      }
    return Box(
      left: left, top: baseline - size * 0.8, right: left + width, bottom: baseline + size * 0.24)
  }
}
