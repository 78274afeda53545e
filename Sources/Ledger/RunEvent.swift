/// What is known of a run before its first trial.
public struct RunHeader: Codable, Hashable, Sendable {
  /// Version of the record's format.
  public var format = "assay-record-1"
  /// Name of the record's folder.
  public var id: String
  /// The scenario's name.
  public var name: String
  /// The scenario's own description.
  public var about: String
  /// When the run started, UTC.
  public var startedAt: String
  /// Version of Assay that ran it.
  public var version: String
  /// The seed from which every random thing of the run derives.
  public var seed: UInt64
  /// Why its figures are not hardware figures: "soft-RoCE", "imported from fio-3.33" ...; else nil.
  public var notHardware: String?
  /// Where the numbers come from.
  public var evidence: Evidence

  /// Where a record's numbers come from.
  public enum Evidence: String, Codable, Sendable {
    /// Assay measured them; histograms and series stand beside them.
    case measured
    /// Another tool measured them, and its raw output was imported.
    case imported
    /// Somebody published them; there are no raw data.
    case published
    /// A model computed them.
    case simulated

    /// Whether Assay planned and ran it, so that its figures can be computed anew.
    public var isOfAssay: Bool { self == .measured || self == .simulated }
  }

  /// Makes the header of a run.
  public init(
    id: String, name: String, about: String, startedAt: String, version: String, seed: UInt64,
    notHardware: String? = nil, evidence: Evidence = .measured
  ) {
    self.id = id
    self.name = name
    self.about = about
    self.startedAt = startedAt
    self.version = version
    self.seed = seed
    self.notHardware = notHardware
    self.evidence = evidence
  }
}

/// One line of `events.jsonl`.
public struct RunEvent: Codable, Sendable {
  /// Place in the file, from 1, without gaps.
  public var sequence: Int
  /// When, UTC.
  public var at: String
  /// What happened.
  public var event: Kind
  /// The run's header, with `run-started`.
  public var run: RunHeader?
  /// The trial's name, with `trial-started`.
  public var trialID: String?
  /// The trial, with `trial-finished`.
  public var trial: TrialRecord?
  /// What was noticed, with `finding`.
  public var finding: Finding?
  /// A change to the machine or its undoing, with `changing` and `restored`.
  public var change: String?
  /// What the limits came to, with `look`.
  public var look: LookRecord?

  /// What can happen.
  public enum Kind: String, Codable, Sendable {
    /// The run began.
    case runStarted = "run-started"
    /// A killed or interrupted run goes on.
    case runResumed = "run-resumed"
    /// A trial began.
    case trialStarted = "trial-started"
    /// A trial ended.
    case trialFinished = "trial-finished"
    /// Something about the run as a whole was noticed.
    case finding
    /// The machine is about to be changed.
    case changing
    /// A change was undone.
    case restored
    /// The limits were judged at a planned look.
    case look
    /// The plan is done.
    case runFinished = "run-finished"
  }

  /// Makes an event of a kind; its payload is set after.
  public init(sequence: Int, at: String, event: Kind) {
    self.sequence = sequence
    self.at = at
    self.event = event
  }
}
