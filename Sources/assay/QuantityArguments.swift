import ArgumentParser
import Measure

// Quantities on the command line are spelled as in scenarios, with their units.

extension Fraction: @retroactive ExpressibleByArgument {
  /// Reads `5%`.
  public init?(argument: String) {
    guard let share = try? QuantityText.share(argument) else { return nil }
    self = share
  }

  /// As it is read back.
  public var defaultValueDescription: String { text }
}

extension Nanoseconds: @retroactive ExpressibleByArgument {
  /// Reads `90s`, `1h`, and `45m` beside a scenario's `45min`: no length is meant here.
  public init?(argument: String) {
    let isMinutes = argument.hasSuffix("m")
    guard let span = try? QuantityText.duration(isMinutes ? argument + "in" : argument),
      span > .zero
    else { return nil }
    self = span
  }
}
