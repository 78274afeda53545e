/// A chart as data: what is drawn, in which units, on which scales.
///
/// No pixels.
///
/// ``svg(as:)`` draws it; the same chart gives the same bytes.
struct Chart: Hashable, Sendable {
  /// A name that is unique on a page: letters, digits and `-`.
  var id: String
  /// What it shows, in a few words.
  var title: String
  /// What it shows, for those who cannot see it.
  var about: String
  /// The horizontal axis.
  var x: Axis
  /// The vertical axis.
  var y: Axis
  /// What is drawn, the last on top.
  var series: [Series]
  /// Lines that must hold.
  var limits: [LimitLine] = []
  /// Ranges with a meaning, drawn below everything.
  var zones: [Zone] = []
  /// Texts at points.
  var notes: [Note] = []
  /// Where the names of series stand.
  var names = Names.automatic
  /// Width of the whole, in units of which small text is 11 high.
  var width = 600.0
  /// Height of the plot area, in the same units.
  var plotHeight = 230.0

  /// Makes a chart.
  init(id: String, title: String, about: String, x: Axis, y: Axis, series: [Series]) {
    self.id = id
    self.title = title
    self.about = about
    self.x = x
    self.y = y
    self.series = series
  }

  /// Where the names of series stand.
  enum Names: Hashable, Sendable {
    /// At the lines' ends where these lie at the right edge and have room, else in a legend.
    case automatic
    /// Above the plot.
    case legend
    /// Nowhere.
    case hidden
  }
}

/// One axis.
struct Axis: Hashable, Sendable {
  /// What it shows; the unit stands at the ticks.
  var title: String
  /// How numbers become places.
  var scale: Scale
  /// What the numbers count; ignored by percentiles and categories.
  var kind: Quantity.Kind
  /// The least range; data beyond it widen it.
  var range: ClosedRange<Double>?

  /// Makes an axis.
  init(
    _ title: String, _ scale: Scale, _ kind: Quantity.Kind, range: ClosedRange<Double>? = nil
  ) {
    self.title = title
    self.scale = scale
    self.kind = kind
    self.range = range
  }

  /// How numbers become places.
  enum Scale: Hashable, Sendable {
    /// In proportion; starts at zero unless the range says otherwise.
    case linear
    /// In proportion, around the data without zero.
    case linearAroundData
    /// By the decimal logarithm; numbers below or at zero are not drawn.
    case log10
    /// A share p in 0..<1 by -log10(1-p): every nine takes the same room (HdrHistogram's plot).
    case percentile
    /// Row or column n at the number n, named.
    case categories([String])
    /// Row n at the number n from the top, under headings and with a text at its right end.
    case rows([Row])
  }
}

/// A row of a chart of rows.
struct Row: Hashable, Sendable {
  /// What stands at its left.
  var name: String
  /// What stands at its right, its number for instance.
  var text: String
  /// Whether it only names the rows below it.
  var isHeading: Bool

  /// Names a row.
  init(_ name: String, text: String = "", isHeading: Bool = false) {
    self.name = name
    self.text = text
    self.isHeading = isHeading
  }
}

/// Something drawn, with its name.
struct Series: Hashable, Sendable {
  /// What it is called in the legend; several series may share a name and then share one entry.
  var name: String
  /// The data.
  var mark: Mark
  /// How it looks.
  var style: Style

  /// Makes a series.
  init(_ name: String, _ mark: Mark, _ style: Style) {
    self.name = name
    self.mark = mark
    self.style = style
  }

  /// The data, by how they are drawn.
  enum Mark: Hashable, Sendable {
    /// Straight lines; a point that is not finite breaks the line.
    case line([Point])
    /// Each value holds to the next one.
    case step([Point])
    /// A marker at each point.
    case scatter([Point])
    /// Lines and markers.
    case path([Point])
    /// The area between two lines.
    case band([Span])
    /// Estimates with intervals along y at places of x.
    case intervalsAlongY([Interval])
    /// Estimates with intervals along x at places of y: a forest plot.
    case intervalsAlongX([Interval])
    /// Shaded fields with their number in them: a heat map.
    case cells([Cell])
  }

  /// How a series looks: colour, dash and marker, each enough to tell it from others.
  struct Style: Hashable, Sendable {
    /// Colour 0...7, see ``Palette``.
    var colour: Int
    /// Dash 0...3, 0 is solid.
    var dash: Int
    /// Marker 0...5: circle, square, diamond, triangle, inverted triangle, cross.
    var marker: Int
    /// Whether it steps back: drawn thin.
    var isThin: Bool
    /// Whether its markers are outlines: a number without an interval.
    var isOpen: Bool

    /// Chooses a look; numbers past the end start over.
    init(
      colour: Int, dash: Int = 0, marker: Int = 0, isThin: Bool = false, isOpen: Bool = false
    ) {
      self.colour = abs(colour) % Palette.count
      self.dash = abs(dash) % Palette.dashes.count
      self.marker = abs(marker) % Palette.markerCount
      self.isThin = isThin
      self.isOpen = isOpen
    }

    /// The look of the `index`-th of several series.
    static func number(_ index: Int) -> Style {
      Style(colour: index, dash: index / Palette.count, marker: index)
    }
  }
}

/// A place in the units of the axes.
struct Point: Hashable, Sendable {
  /// Along the horizontal axis.
  var x: Double
  /// Along the vertical axis.
  var y: Double

  /// Names a place.
  init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }

  /// Breaks a line.
  static let gap = Point(.nan, .nan)
}

/// A range of y at one x.
struct Span: Hashable, Sendable {
  /// Along the horizontal axis.
  var x: Double
  /// The lower end.
  var low: Double
  /// The upper end.
  var high: Double

  /// Names a range.
  init(_ x: Double, low: Double, high: Double) {
    self.x = x
    self.low = low
    self.high = high
  }
}

/// An estimate with its interval.
struct Interval: Hashable, Sendable {
  /// Where it stands on the other axis.
  var at: Double
  /// The lower end.
  var low: Double
  /// The estimate.
  var estimate: Double
  /// The upper end.
  var high: Double

  /// Names an interval.
  init(at: Double, low: Double, estimate: Double, high: Double) {
    self.at = at
    self.low = low
    self.estimate = estimate
    self.high = high
  }
}

/// One field of a heat map.
struct Cell: Hashable, Sendable {
  /// The field's middle.
  var at: Point
  /// How dark it is, 0...1.
  var share: Double
  /// The number that stands in it.
  var text: String

  /// Shades a field.
  init(at: Point, share: Double, text: String) {
    self.at = at
    self.share = share
    self.text = text
  }
}

/// One of the two axes.
enum Direction: String, Hashable, Sendable {
  /// The horizontal one.
  case x
  /// The vertical one.
  case y
}

/// A line at one number of an axis: a limit, or a ceiling.
struct LimitLine: Hashable, Sendable {
  /// The axis whose number it is.
  var on: Direction
  /// The number.
  var at: Double
  /// What it is; nothing is written for an empty one.
  var label: String
  /// Whether it must hold; otherwise it only says where something lies.
  var isBinding: Bool

  /// Draws a line at `at` of an axis.
  init(on: Direction, at: Double, label: String, isBinding: Bool = true) {
    self.on = on
    self.at = at
    self.label = label
    self.isBinding = isBinding
  }
}

/// A range of one axis with a meaning.
struct Zone: Hashable, Sendable {
  /// The axis whose range it is.
  var on: Direction
  /// From where; nil is the axis's end.
  var from: Double?
  /// To where; nil is the axis's end.
  var to: Double?
  /// What it means.
  var meaning: Meaning
  /// Where on the other axis it holds; nil is all of it.
  var along: ClosedRange<Double>?

  /// Marks a range.
  init(
    on: Direction, from: Double?, to: Double?, meaning: Meaning,
    along: ClosedRange<Double>? = nil
  ) {
    self.on = on
    self.from = from
    self.to = to
    self.meaning = meaning
    self.along = along
  }

  /// What a range means.
  enum Meaning: String, Hashable, Sendable {
    /// The limit holds.
    case pass
    /// Not known.
    case inconclusive
    /// The limit is broken.
    case fail
    /// Neither: a pause, a warm-up.
    case neutral
  }
}

/// A text at a point.
struct Note: Hashable, Sendable {
  /// Where.
  var at: Point
  /// What it says, in a few words; left out where it would collide.
  var text: String

  /// Writes `text` at a point.
  init(at: Point, _ text: String) {
    self.at = at
    self.text = text
  }
}
