internal import Mustache

/// The manual page in section 1, made of what the parser knows, so that the two cannot disagree.
///
/// The macros are those of man(7), which groff and mandoc both read.
public enum ManualPage {
  /// A word and what it stands for, such as an exit code or a file.
  public struct Item: Sendable {
    let word: String
    let meaning: String

    /// Pairs them.
    public init(_ word: String, _ meaning: String) { (self.word, self.meaning) = (word, meaning) }
  }

  /// Sections that the parser does not know of.
  public struct Sections: Sendable {
    let exitCodes: [Item]
    let files: [Item]
    let environment: [Item]

    /// Collects them.
    public init(exitCodes: [Item], files: [Item], environment: [Item]) {
      self.exitCodes = exitCodes
      self.files = files
      self.environment = environment
    }
  }

  /// Renders the page; the same input gives the same bytes.
  ///
  /// - Parameters:
  ///   - command: the program with all commands below it.
  ///   - version: its version.
  ///   - date: the page's date, ISO 8601.
  ///   - sections: what follows the commands.
  /// - Returns: the page's source.
  /// - Throws: what the template engine says of a broken template.
  public static func render(
    _ command: CommandDescription, version: String, date: String, _ sections: Sections
  ) throws -> String {
    let name = command.commandName
    return try MustacheTemplate(string: template).render([
      "title": escaped(name.uppercased()), "name": escaped(name), "version": escaped(version),
      "date": date,
      "abstract": escaped(lowercasedFirst(command.abstract ?? "")),
      "description": text(command.discussion ?? ""),
      "commands": leaves(of: command, above: []).map { Self.context($0.command, $0.names) },
      "exitCodes": sections.exitCodes.map(context), "files": sections.files.map(context),
      "environment": sections.environment.map(context),
    ])
  }

  // MARK: Commands

  /// Commands without others below them, with all names that lead to each.
  private static func leaves(
    of command: CommandDescription, above: [String]
  ) -> [(command: CommandDescription, names: [String])] {
    let names = above + [command.commandName]
    let below = (command.subcommands ?? []).filter { $0.commandName != "help" }
    return below.isEmpty ? [(command, names)] : below.flatMap { leaves(of: $0, above: names) }
  }

  private static func context(_ command: CommandDescription, _ names: [String]) -> [String: Any] {
    let arguments = (command.arguments ?? []).filter { argument in
      let name = argument.preferredName?.name
      return argument.shouldDisplay && name != "help" && name != "version"
    }
    return [
      "name": escaped(names.joined(separator: " ")),
      "abstract": text(command.abstract ?? ""),
      "usage": arguments.map { ["word": usage($0)] },
      "arguments": arguments.map { argument in
        ["word": title(argument), "meaning": text(meaning(argument))]
      },
      "discussion": [command.discussion].compactMap(\.self).filter { !$0.isEmpty }.map(text),
    ]
  }

  private static func context(_ item: Item) -> [String: Any] {
    ["word": escaped(item.word), "meaning": text(sentence(item.meaning))]
  }

  /// `[--set path=value ...]`, the name bold and the value in italics.
  private static func usage(_ argument: CommandDescription.Argument) -> String {
    let words = title(argument) + (argument.isRepeating ? " ..." : "")
    return argument.isOptional ? "[\(words)]" : words
  }

  private static func title(_ argument: CommandDescription.Argument) -> String {
    let value = "\\fI\(escaped(argument.valueName ?? "value"))\\fR"
    let name = argument.preferredName.map { "\\fB\(escaped($0.text))\\fR" } ?? ""
    return switch argument.kind {
    case .positional: value
    case .option: "\(name) \(value)"
    case .flag: name
    }
  }

  private static func meaning(_ argument: CommandDescription.Argument) -> String {
    var parts = [argument.abstract, argument.discussion].compactMap(\.self).filter { !$0.isEmpty }
    if let value = argument.defaultValue { parts.append("Default: \(value).") }
    return parts.joined(separator: "\n")
  }

  // MARK: roff

  /// Paragraphs as roff; indented lines are kept as they stand.
  static func text(_ text: String) -> String {
    var lines: [String] = []
    var isLiteral = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let wantsLiteral = line.hasPrefix("  ")
      if line.isEmpty {
        // A blank line within or before literal text is one; elsewhere it parts paragraphs.
        if !isLiteral, lines.last != ".PP", !lines.isEmpty { lines.append(".PP") }
        continue
      }
      if wantsLiteral != isLiteral {
        if wantsLiteral {
          if lines.last == ".PP" { lines.removeLast() }
          lines += (lines.isEmpty ? [] : [".PP"]) + [".RS 4", ".nf"]
        } else {
          lines += [".fi", ".RE", ".PP"]
        }
        isLiteral = wantsLiteral
      }
      lines += wantsLiteral ? [escaped(String(line.drop { $0 == " " }))] : filled(line)
    }
    if isLiteral { lines += [".fi", ".RE"] }
    while lines.last == ".PP" { lines.removeLast() }
    return lines.joined(separator: "\n")
  }

  /// A paragraph broken into lines of source, at most 80 bytes of it, which roff fills again.
  private static func filled(_ paragraph: Substring) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in paragraph.split(separator: " ") {
      if !line.isEmpty, escaped("\(line) \(word)").utf8.count > 80 {
        lines.append(escaped(line))
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return lines + [escaped(line)]
  }

  /// A text that roff takes for no request, with minus signs that can be copied (man-pages(7)).
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "`": result += "\\(ga"
      case "^": result += "\\(ha"
      case "~": result += "\\(ti"
      case "'" where result.isEmpty: result += "\\(aq"
      case "." where result.isEmpty: result += "\\&."
      default: result.append(character)
      }
    }
    return result
  }

  private static func sentence(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
  }

  /// As NAME wants it: without a capital and a full stop.
  private static func lowercasedFirst(_ text: String) -> String {
    let body = text.hasSuffix(".") ? text.dropLast() : text[...]
    return body.prefix(1).lowercased() + body.dropFirst()
  }

  /// Values come escaped for roff; `{{{` keeps the engine from escaping them for HTML.
  private static let template = """
    .TH {{{title}}} 1 {{{date}}} "{{{name}}} {{{version}}}" "User Commands"
    .SH NAME
    {{{name}}} \\- {{{abstract}}}
    .SH SYNOPSIS
    .B {{{name}}}
    .I command
    .RI [ argument " ...]"
    .SH DESCRIPTION
    {{{description}}}
    .SH COMMANDS
    {{#commands}}
    .SS {{{name}}}
    .HP
    .B {{{name}}}
    {{#usage}}
    {{{word}}}
    {{/usage}}
    .PP
    {{{abstract}}}
    {{#discussion}}
    .PP
    {{{.}}}
    {{/discussion}}
    {{#arguments}}
    .TP
    {{{word}}}
    {{{meaning}}}
    {{/arguments}}
    {{/commands}}
    .SH EXIT STATUS
    {{#exitCodes}}
    .TP
    .B {{{word}}}
    {{{meaning}}}
    {{/exitCodes}}
    .SH FILES
    {{#files}}
    .TP
    .I {{{word}}}
    {{{meaning}}}
    {{/files}}
    .SH ENVIRONMENT
    {{#environment}}
    .TP
    .B {{{word}}}
    {{{meaning}}}
    {{/environment}}
    .SH SEE ALSO
    .BR fio (1),
    .BR nvme (1),
    .BR lspci (8)

    """
}
