/// A command as its parser describes it (the JSON of `--experimental-dump-help`, version 0).
public struct CommandDescription: Decodable, Sendable {
  /// Its name, without those above it.
  public var commandName: String
  /// One line.
  public var abstract: String?
  /// Paragraphs; indented lines are kept as they stand.
  public var discussion: String?
  /// What it takes.
  public var arguments: [Argument]?
  /// Commands below it.
  public var subcommands: [CommandDescription]?

  /// One argument, option or flag.
  public struct Argument: Decodable, Sendable {
    /// Positional, option or flag.
    public var kind: Kind
    /// Whether help shows it.
    public var shouldDisplay: Bool
    /// Whether it may be left out.
    public var isOptional: Bool
    /// Whether it may be given more than once.
    public var isRepeating: Bool
    /// How it is written, most readable first; nil for positional ones.
    public var preferredName: Name?
    /// What stands for its value.
    public var valueName: String?
    /// The value that it has when left out.
    public var defaultValue: String?
    /// One line.
    public var abstract: String?
    /// More lines.
    public var discussion: String?

    /// What kind of argument.
    public enum Kind: String, Decodable, Sendable {
      /// By its place.
      case positional
      /// By its name, with a value.
      case option
      /// By its name alone.
      case flag
    }

    /// A name on the command line.
    public struct Name: Decodable, Sendable {
      /// `long`, `short` or `longWithSingleDash`.
      public var kind: String
      /// Without dashes.
      public var name: String

      var text: String { (kind == "long" ? "--" : "-") + name }
    }
  }

  /// The document around the outermost command.
  public struct Document: Decodable, Sendable {
    /// The program.
    public var command: CommandDescription
  }
}
