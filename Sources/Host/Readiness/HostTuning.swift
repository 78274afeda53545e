/// What published guides recommend for a host, as a table with its sources.
enum HostTuning {
  /// Where a recommendation stands.
  enum Source: String, CaseIterable {
    /// On bare-metal nodes.
    case extensionGuide = "S0"
    /// On small virtual servers.
    case smallServers = "S2"

    var title: String {
      switch self {
      case .extensionGuide:
        "Bare metal into Kubernetes: extension and performance guide (2025-09)"
      case .smallServers: "Kubernetes on small cloud servers (2025-10)"
      }
    }
  }

  static let titles = Dictionary(
    Source.allCases.map { ($0.rawValue, $0.title) }, uniquingKeysWith: { $1 })

  /// How a field must stand to its recommendation.
  enum Relation: String {
    case atLeast = "at least"
    case atMost = "at most"
    case equal = "exactly"

    func holds(_ value: Int64, _ wanted: Int64) -> Bool {
      switch self {
      case .atLeast: value >= wanted
      case .atMost: value <= wanted
      case .equal: value == wanted
      }
    }
  }

  /// One kernel setting; several fields are compared each by itself.
  struct Setting {
    let key: String
    let wanted: [Int64]
    let relation: Relation
    let sources: [Source]
    /// Why it matters for measurements.
    let why: String
    /// What a missing key means.
    var whenMissing: String?

    /// `/proc/sys/net/core/rmem_max`.
    var path: String { "/proc/sys/" + String(key.map { $0 == "." ? "/" : $0 }) }

    var wantedText: String { wanted.map(String.init).joined(separator: " ") }
  }

  private static let buffers =
    "A socket buffer below rate times round-trip time bounds the rate of a single connection."
  private static let writeback =
    "Buffered writes stall when dirty pages reach the limit, later and longer the higher it is."

  /// A guide's exact number is a floor for buffers and a ceiling for dirty pages.
  static let settings: [Setting] = [
    Setting(
      key: "net.core.rmem_max", wanted: [16_777_216], relation: .atLeast,
      sources: [.extensionGuide, .smallServers], why: buffers),
    Setting(
      key: "net.core.wmem_max", wanted: [16_777_216], relation: .atLeast,
      sources: [.extensionGuide, .smallServers], why: buffers),
    Setting(
      key: "net.ipv4.tcp_rmem", wanted: [4096, 87_380, 16_777_216], relation: .atLeast,
      sources: [.extensionGuide, .smallServers], why: buffers),
    Setting(
      key: "net.ipv4.tcp_wmem", wanted: [4096, 16_384, 16_777_216], relation: .atLeast,
      sources: [.extensionGuide, .smallServers], why: buffers),
    Setting(
      key: "vm.dirty_ratio", wanted: [10], relation: .atMost, sources: [.extensionGuide],
      why: writeback),
    Setting(
      key: "vm.dirty_background_ratio", wanted: [5], relation: .atMost,
      sources: [.extensionGuide], why: writeback),
    Setting(
      key: "net.ipv4.ip_forward", wanted: [1], relation: .equal, sources: [.smallServers],
      why: "Without forwarding a node does not pass packets on between pods and the network."),
    Setting(
      key: "net.bridge.bridge-nf-call-iptables", wanted: [1], relation: .equal,
      sources: [.smallServers],
      why: "Rules of Services and policies apply to bridged pod traffic only with it.",
      whenMissing: "the module br_netfilter is not loaded, and bridged packets pass iptables by"),
    Setting(
      key: "vm.swappiness", wanted: [0], relation: .atMost, sources: [.smallServers],
      why: "A page that was swapped out comes back with the latency of the swap device."),
  ]

  /// Reserved huge pages, for packet and storage frameworks in user space.
  static let hugePages = (sizeKiB: Int64(2048), count: Int64(1024), source: Source.extensionGuide)
}

extension Examination {
  mutating func addSysctls() {
    for setting in HostTuning.settings { add(setting) }
  }

  private mutating func add(_ setting: HostTuning.Setting) {
    let sources = setting.sources.map(\.rawValue).joined(separator: ", ")
    let several = setting.wanted.count > 1
    let wanted = "\(setting.relation.rawValue) \(setting.wantedText) recommended by \(sources)"
    let remedy = "sysctl -w \(setting.key)="
    guard let text = machine.value(setting.path) else {
      let found = setting.whenMissing ?? "this kernel has no such setting, or hides it"
      let module = setting.whenMissing == nil ? nil : "modprobe br_netfilter && "
      return add(
        .sysctl, setting.key, module == nil ? .unknown : .advice, "\(found); \(wanted)",
        why: setting.why, remedy: module.map { $0 + remedy + setting.wantedText })
    }
    let fields = text.split(whereSeparator: \.isWhitespace).map { Int64($0) }
    let values = fields.compactMap(\.self)
    guard values.count == fields.count, values.count == setting.wanted.count else {
      return add(.sysctl, setting.key, .unknown, "\"\(text)\" cannot be compared; \(wanted)")
    }
    let failing = values.indices.filter {
      !setting.relation.holds(values[$0], setting.wanted[$0])
    }
    let shown = values.map(String.init).joined(separator: " ")
    guard !failing.isEmpty else {
      return add(.sysctl, setting.key, .ok, "\(shown); \(wanted)")
    }
    let details = failing.map { "field \($0 + 1) is \(values[$0]), not \(setting.wanted[$0])" }
    // What is good already stays as it is.
    let mended = values.indices.map { failing.contains($0) ? setting.wanted[$0] : values[$0] }
    let target = mended.map(String.init).joined(separator: " ")
    add(
      .sysctl, setting.key, .advice,
      shown + (several ? " (\(details.joined(separator: ", ")))" : "") + "; \(wanted)",
      why: setting.why, remedy: remedy + (several ? "\"\(target)\"" : target))
  }
}
