import ArgumentParser
import Foundation
import Host
import Ledger
import Measure
import Scenario

/// `assay explain`.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explain a code, a metric, an exit code or the grammar of limits.",
    discussion: """
      A code is what stands in brackets behind a finding, or before what `doctor` found. \
      `assay explain limits` shows how limits are written, `assay explain 3` what an exit code \
      means, `assay explain latency p99.9` what a metric is.
      """)

  @Argument(
    help: ArgumentHelp(
      "A code, a metric with its statistic, an exit code, or `limits`.", valueName: "word"),
    completion: .list(Topic.all.map(\.name)))
  var words: [String] = []

  @Flag(help: "List everything that can be explained.")
  var list = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    if words.isEmpty != list {
      throw ValidationError("Give what is to be explained, or --list.")
    }
  }

  func run() throws {
    if list {
      let topics = Topic.all
      if json { return try Output.json(topics) }
      let width = topics.map(\.name.count).max() ?? 0
      for kind in Topic.Kind.allCases {
        Output.result("\(kind.title):")
        for topic in topics where topic.kind == kind {
          let padding = String(repeating: " ", count: width - topic.name.count)
          Output.result(Self.line("  \(topic.name)\(padding)  ", topic.summary))
        }
      }
      return
    }
    let name = words.joined(separator: " ")
    guard let topic = Topic.find(name) else {
      let near = Topic.nearest(name).map { "did you mean \"\($0)\"? " } ?? ""
      let problem = "nothing to explain is called \"\(name)\""
      throw Output.fail(["\(problem)\n  hint: \(near)`assay explain --list` shows all"], .usage)
    }
    if json { try Output.json(topic) } else { Output.result(topic.text) }
  }

  /// The first line of a longer text.
  private static func line(_ line: String, _ summary: String) -> String {
    let lines = Output.wrapped(summary, first: line, indent: "")
    return lines.count > 1 ? lines[0] + " ..." : lines[0]
  }
}

/// One thing that `assay explain` explains.
struct Topic: Encodable {
  enum Kind: String, CaseIterable, Encodable {
    case finding, check, metric
    case exitCode = "exit-code"
    case grammar

    var title: String {
      switch self {
      case .finding: "Findings of runs and comparisons"
      case .check: "Checks of assay doctor"
      case .metric: "Metrics"
      case .exitCode: "Exit codes"
      case .grammar: "Grammar"
      }
    }
  }

  /// A paragraph with its heading; one without stands by itself.
  struct Part: Encodable {
    var heading: String?
    var text: String
  }

  var kind: Kind
  var name: String
  /// One line for the list.
  var summary: String
  var parts: [Part]

  /// As a terminal shows it.
  var text: String {
    ([name] + parts.map(Self.paragraph)).joined(separator: "\n\n")
  }

  private static func paragraph(_ part: Part) -> String {
    let heading = part.heading.map { ["  \($0)"] } ?? []
    let indent = part.heading == nil ? "  " : "    "
    let lines = part.text.split(separator: "\n").flatMap {
      Output.wrapped(String($0), first: indent, indent: indent)
    }
    return (heading + lines).joined(separator: "\n")
  }
}

extension Topic {
  static let all: [Topic] =
    FindingCode.allCases.map { Topic(.finding, $0.rawValue, $0.explanation) }
    + ReadinessID.allCases.map { Topic(.check, $0.rawValue, $0.explanation) }
    + MetricCatalogue.entries.map {
      metric($0, sample: $0.takesStatistic ? "\($0.name) p99" : $0.name)
    } + ExitStatus.allCases.map(exitCode) + [limits]

  private init(_ kind: Kind, _ name: String, _ text: Explanation) {
    self.init(
      kind: kind, name: name, summary: text.seen,
      parts: [
        Part(heading: kind == .check ? "What is looked at" : "What was seen", text: text.seen),
        Part(heading: "What it means", text: text.meaning),
        Part(heading: "What to do", text: text.remedy),
      ])
  }

  /// The topic called `name`; a metric may have its statistic.
  static func find(_ name: String) -> Topic? {
    if let topic = all.first(where: { $0.name == name }) { return topic }
    guard let metric = MetricCatalogue.definition(of: name),
      let entry = MetricCatalogue.entries.first(where: { name.hasPrefix($0.name + " ") }),
      let statistic = MetricCatalogue.statistic(String(name.dropFirst(entry.name.count + 1)))
    else { return nil }
    var topic = Self.metric(entry, sample: metric.name)
    topic.name = metric.name
    topic.parts.insert(Part(heading: "The statistic", text: describe(statistic)), at: 1)
    return topic
  }

  static func nearest(_ name: String) -> String? {
    NearestWord.of(name, in: all.map(\.name)) ?? MetricCatalogue.nearest(name)
  }

  private static func sentence(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst() + "."
  }

  // MARK: Metrics

  private static func metric(_ entry: MetricCatalogue.Entry, sample: String) -> Topic {
    let unit = entry.unit == .count ? "a count" : "\(entry.unit.rawValue), \(entry.unit.noun)"
    let bounds: [MetricUnit: String] = [
      .perSecond: "100000/s", .bytesPerSecond: "500MiB/s", .nanoseconds: "800us",
      .percent: "50%", .count: "0",
    ]
    let comparison =
      entry.unit == .count ? "=" : entry.direction == .higher ? ">=" : "<="
    var parts = [
      Part(text: sentence(entry.about)),
      Part(
        heading: "Unit and direction",
        text: "In records: \(unit); \(entry.direction.rawValue) is better."),
    ]
    if entry.takesStatistic {
      parts.append(
        Part(
          heading: "Statistics",
          text: "mean, min, max, or a percentile such as p50, p99, p99.9; percentiles are read "
            + "from the trial's whole histogram (at most 0.78 % off) and never averaged over time."
        ))
    }
    parts.append(
      Part(heading: "In a limit", text: "\(sample) \(comparison) \(bounds[entry.unit] ?? "0")"))
    return Topic(kind: .metric, name: entry.name, summary: entry.about, parts: parts)
  }

  private static func describe(_ statistic: MetricCatalogue.Statistic) -> String {
    switch statistic {
    case .mean: return "The arithmetic mean of the trial; one stall can carry it."
    case .min: return "The smallest value of the trial."
    case .max: return "The largest value of the trial: a single event, which grows with its length."
    case .percentile(let percent):
      // The order statistic that bounds a quantile from above with 95 % confidence exists from
      // n = ln 0.05 / ln p on.
      let least = Int((log(0.05) / log(percent / 100)).rounded(.up))
      return "The value that \(decimalText(percent)) % of the trial's I/Os did not exceed. With "
        + "fewer than \(least) of them not even an upper bound with 95 % confidence exists."
    }
  }

  // MARK: Exit codes and grammar

  private static func exitCode(_ status: ExitStatus) -> Topic {
    Topic(
      kind: .exitCode, name: "\(status.rawValue)", summary: status.meaning,
      parts: [
        Part(heading: "What it means", text: sentence(status.meaning)),
        Part(heading: "What to do", text: status.advice),
      ])
  }

  private static let limits = Topic(
    kind: .grammar, name: "limits", summary: "how the lines under limits: are written",
    parts: [
      Part(text: LimitGrammar.form),
      Part(
        heading: "The words",
        text: LimitGrammar.words.map { "\($0.word): \($0.meaning)" }.joined(separator: "\n")),
      Part(heading: "How it is decided", text: LimitGrammar.decision),
      Part(
        heading: "Examples",
        text: LimitGrammar.examples.map { "\($0.limit)   (\($0.meaning))" }
          .joined(separator: "\n")),
    ])
}
