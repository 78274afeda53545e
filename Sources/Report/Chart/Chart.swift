/// A chart as data: what is drawn, in which units, on which scales.
///
/// No pixels.
///
/// ``svg(as:)`` draws it; the same chart gives the same bytes.
public struct Chart: Hashable, Sendable {
  /// A name that is unique on a page: letters, digits and `-`.
  public var id: String
  /// What it shows, in a few words.
  public var title: String
  /// What it shows, for those who cannot see it.
  public var about: String
  /// The horizontal axis.
  public var x: Axis
  /// The vertical axis.
  public var y: Axis
  /// What is drawn, the last on top.
  public var series: [Series]
  /// Lines that must hold.
  public var limits: [LimitLine] = []
  /// Ranges with a meaning, drawn below everything.
  public var zones: [Zone] = []
  /// Texts at points.
  public var notes: [Note] = []
  /// Where the names of series stand.
  public var names = Names.automatic
  /// Width of the whole, in units of which small text is 11 high.
  public var width = 600.0
  /// Height of the plot area, in the same units.
  public var plotHeight = 230.0

  /// Makes a chart.
  public init(id: String, title: String, about: String, x: Axis, y: Axis, series: [Series]) {
    self.id = id
    self.title = title
    self.about = about
    self.x = x
    self.y = y
    self.series = series
  }

  /// Where the names of series stand.
  public enum Names: Hashable, Sendable {
    /// At the lines' ends where these lie at the right edge and have room, else in a legend.
    case automatic
    /// Above the plot.
    case legend
    /// Nowhere.
    case hidden
  }
}

/// One axis.
public struct Axis: Hashable, Sendable {
  /// What it shows; the unit stands at the ticks.
  public var title: String
  /// How numbers become places.
  public var scale: Scale
  /// What the numbers count; ignored by percentiles and categories.
  public var kind: Quantity.Kind
  /// The least range; data beyond it widen it.
  public var range: ClosedRange<Double>?

  /// Makes an axis.
  public init(
    _ title: String, _ scale: Scale, _ kind: Quantity.Kind, range: ClosedRange<Double>? = nil
  ) {
    self.title = title
    self.scale = scale
    self.kind = kind
    self.range = range
  }

  /// How numbers become places.
  public enum Scale: Hashable, Sendable {
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
public struct Row: Hashable, Sendable {
  /// What stands at its left.
  public var name: String
  /// What stands at its right, its number for instance.
  public var text: String
  /// Whether it only names the rows below it.
  public var isHeading: Bool

  /// Names a row.
  public init(_ name: String, text: String = "", isHeading: Bool = false) {
    self.name = name
    self.text = text
    self.isHeading = isHeading
  }
}

/// Something drawn, with its name.
public struct Series: Hashable, Sendable {
  /// What it is called in the legend; several series may share a name and then share one entry.
  public var name: String
  /// The data.
  public var mark: Mark
  /// How it looks.
  public var style: Style

  /// Makes a series.
  public init(_ name: String, _ mark: Mark, _ style: Style) {
    self.name = name
    self.mark = mark
    self.style = style
  }

  /// The data, by how they are drawn.
  public enum Mark: Hashable, Sendable {
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
  public struct Style: Hashable, Sendable {
    /// Colour 0...7, see ``Palette``.
    public var colour: Int
    /// Dash 0...3, 0 is solid.
    public var dash: Int
    /// Marker 0...5: circle, square, diamond, triangle, inverted triangle, cross.
    public var marker: Int
    /// Whether it steps back: drawn thin.
    public var isThin: Bool
    /// Whether its markers are outlines: a number without an interval.
    public var isOpen: Bool

    /// Chooses a look; numbers past the end start over.
    public init(
      colour: Int, dash: Int = 0, marker: Int = 0, isThin: Bool = false, isOpen: Bool = false
    ) {
      self.colour = abs(colour) % Palette.count
      self.dash = abs(dash) % Palette.dashes.count
      self.marker = abs(marker) % Palette.markerCount
      self.isThin = isThin
      self.isOpen = isOpen
    }

    /// The look of the `index`-th of several series.
    public static func number(_ index: Int) -> Style {
      Style(colour: index, dash: index / Palette.count, marker: index)
    }
  }
}

/// A place in the units of the axes.
public struct Point: Hashable, Sendable {
  /// Along the horizontal axis.
  public var x: Double
  /// Along the vertical axis.
  public var y: Double

  /// Names a place.
  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }

  /// Breaks a line.
  public static let gap = Point(.nan, .nan)
}

/// A range of y at one x.
public struct Span: Hashable, Sendable {
  /// Along the horizontal axis.
  public var x: Double
  /// The lower end.
  public var low: Double
  /// The upper end.
  public var high: Double

  /// Names a range.
  public init(_ x: Double, low: Double, high: Double) {
    self.x = x
    self.low = low
    self.high = high
  }
}

/// An estimate with its interval.
public struct Interval: Hashable, Sendable {
  /// Where it stands on the other axis.
  public var at: Double
  /// The lower end.
  public var low: Double
  /// The estimate.
  public var estimate: Double
  /// The upper end.
  public var high: Double

  /// Names an interval.
  public init(at: Double, low: Double, estimate: Double, high: Double) {
    self.at = at
    self.low = low
    self.estimate = estimate
    self.high = high
  }
}

/// One field of a heat map.
public struct Cell: Hashable, Sendable {
  /// The field's middle.
  public var at: Point
  /// How dark it is, 0...1.
  public var share: Double
  /// The number that stands in it.
  public var text: String

  /// Shades a field.
  public init(at: Point, share: Double, text: String) {
    self.at = at
    self.share = share
    self.text = text
  }
}

/// One of the two axes.
public enum Direction: String, Hashable, Sendable {
  /// The horizontal one.
  case x
  /// The vertical one.
  case y
}

/// A line at one number of an axis: a limit, or a ceiling.
public struct LimitLine: Hashable, Sendable {
  /// The axis whose number it is.
  public var on: Direction
  /// The number.
  public var at: Double
  /// What it is; nothing is written for an empty one.
  public var label: String
  /// Whether it must hold; otherwise it only says where something lies.
  public var isBinding: Bool

  /// Draws a line at `at` of an axis.
  public init(on: Direction, at: Double, label: String, isBinding: Bool = true) {
    self.on = on
    self.at = at
    self.label = label
    self.isBinding = isBinding
  }
}

/// A range of one axis with a meaning.
public struct Zone: Hashable, Sendable {
  /// The axis whose range it is.
  public var on: Direction
  /// From where; nil is the axis's end.
  public var from: Double?
  /// To where; nil is the axis's end.
  public var to: Double?
  /// What it means.
  public var meaning: Meaning
  /// Where on the other axis it holds; nil is all of it.
  public var along: ClosedRange<Double>?

  /// Marks a range.
  public init(
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
  public enum Meaning: String, Hashable, Sendable {
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
public struct Note: Hashable, Sendable {
  /// Where.
  public var at: Point
  /// What it says, in a few words; left out where it would collide.
  public var text: String

  /// Writes `text` at a point.
  public init(at: Point, _ text: String) {
    self.at = at
    self.text = text
  }
}
