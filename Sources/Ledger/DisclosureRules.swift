/// What must stand beside a number for it to mean anything, and what may differ between two of
/// them.
public enum DisclosureRules {
  /// What kind of test a case is, as far as its disclosure depends on it.
  public enum Kind: Hashable, CaseIterable, Sendable {
    /// I/O to a device or file.
    case storage
    /// Packets over a link.
    case network
    /// Messages over an RDMA fabric.
    case fabric
    /// From the create command to a machine that answers.
    case deploy
    /// A simulated control plane.
    case simulation
    /// An experiment on a control plane, real or simulated, as its clients see it.
    case controlPlane
    /// Anything else.
    case other

    /// The kind of a case whose trials have these metrics.
    public init(metrics: some Sequence<String>) {
      let names = Set(metrics)
      if names.contains("events simulated") {
        self = .simulation
      } else if names.contains("api client rate") {
        self = .controlPlane
      } else if names.contains(where: { $0.contains("create to ping") }) {
        self = .deploy
      } else if names.contains(where: { $0.hasPrefix("packet ") }) {
        self = .network
      } else if names.contains("message rate") {
        self = .fabric
      } else if names.contains(where: Self.isOfStorage) {
        self = .storage
      } else {
        self = .other
      }
    }

    private static func isOfStorage(_ metric: String) -> Bool {
      ["iops", "bandwidth", "latency", "sync"].contains { word in
        metric == word || metric.hasPrefix(word + " ") || metric.hasSuffix(" " + word)
          || metric.contains(" \(word) ")
      }
    }
  }

  /// What a figure of this kind needs beside it.
  ///
  /// Storage: SNIA SSS PTS 2.0.2, section 4, reporting. Network: RFC 2544, section 26, asks for the
  /// frame size with every figure, and for the protocol. Fabric: what perftest prints above its
  /// figures. Deploy: what is installed on what. Simulation: what is simulated, and by which model.
  /// Control plane: which, and under what load.
  public static func required(for kind: Kind) -> [String] {
    switch kind {
    case .storage:
      ["pattern", "block size", "queue depth", "jobs", "engine", "load", "transport", "medium"]
    case .network: ["packet size", "load", "transport"]
    case .fabric:
      ["operation", "measure", "message size", "queue depth", "queue pairs", "transport", "MTU"]
    case .deploy: ["image", "server"]
    case .simulation:
      ["kubernetes", "cluster", "etcd", "api servers", "load", "simulated time", "simulator"]
    case .controlPlane: ["kubernetes", "cluster", "load"]
    case .other: []
    }
  }

  /// What defines the workload, and must be the same on both sides of a comparison.
  ///
  /// All else belongs to the system under test, or to what its source has to say of it, and may
  /// differ between two that are compared.
  public static let ofTheWorkload: Set<String> = [
    "pattern", "block size", "queue depth", "jobs", "load", "durability", "distribution", "data",
    "region", "region size", "cache", "direct", "buffered", "precondition", "read share",
    "rate per job", "verify", "operation", "measure", "message size", "queue pairs", "packet size",
    "protocol", "flows", "direction", "image", "nodes",
    "pods", "simulated time", "simulator",
  ]

  /// The names that are required and not told, or told empty.
  public static func missing(
    in disclosure: [String: String], for kind: Kind
  ) -> [String] {
    required(for: kind).filter { value($0, in: disclosure) == nil }
  }

  /// What is disclosed under a name: `block size` is also `block-size`; nil where it is empty.
  public static func value(_ name: String, in disclosure: [String: String]) -> String? {
    let text = disclosure[name] ?? disclosure[name.replacing(" ", with: "-")]
    return text?.isEmpty == true ? nil : text
  }

  /// The part of what is disclosed under a name that can be held against another case: of a region
  /// its size and start, for the size of the whole device is the system's.
  public static func comparable(_ name: String, in disclosure: [String: String]) -> String? {
    guard let text = value(name, in: disclosure) else { return nil }
    guard name == "region", let of = text.firstRange(of: " of ") else { return text }
    return String(text[..<of.lowerBound])
  }
}
