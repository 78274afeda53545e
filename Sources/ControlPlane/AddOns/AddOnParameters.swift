public import Measure

/// What runs beside workloads in every cluster and asks its API servers and nodes.
public struct AddOnParameters: Hashable, Codable, Sendable {
  /// CoreDNS; nil is none.
  public var coreDNS: CoreDNS?
  /// Prometheus; nil is none.
  public var prometheus: Prometheus?
  /// Fluent Bit on each node; nil is none.
  public var fluentBit: FluentBit?
  /// Calico on each node; nil is none.
  public var calico: Calico?

  /// None of them.
  public init() {}

  /// CoreDNS with its plug-ins kubernetes and cache.
  public struct CoreDNS: Hashable, Codable, Sendable {
    /// How many replicas (kubeadm's default).
    public var replicas = 2
    /// `cache { success CAPACITY TTL }`: answers that a replica keeps (plug-in's default 9984).
    public var successEntries = 9984
    /// Names that do not exist that it keeps (default 9984).
    public var denialEntries = 9984
    /// How long it keeps an answer at most (30 s in kubeadm's Corefile).
    public var successTTL = Nanoseconds.seconds(30)
    /// How long it keeps that a name does not exist (5 s in the thousand-node cluster).
    public var denialTTL = Nanoseconds.seconds(5)
    /// `pods verified`: it watches all pods to answer for their names.
    public var verifiesPods = false
    /// Lookups that follow from a user's request; connections are kept (an estimate of this model).
    public var queriesPerRequest = 0.1
    /// The share of lookups for names outside the cluster (an estimate of this model).
    public var external = Fraction.percent(20)
    /// Names that do not exist that are tried before each of those: the search list of `ndots:5`.
    public var searches = 3
    /// Different names that are asked for; the n-th is asked for 1/n as often as the first (Jung,
    /// Sit, Balakrishnan, Morris, "DNS performance and the effectiveness of caching", IEEE/ACM
    /// Transactions on Networking 10(5), 2002: near 1/n).
    public var names = 1000

    /// The defaults of kubeadm.
    public init() {}
  }

  /// Prometheus with the targets of its example configuration for Kubernetes.
  public struct Prometheus: Hashable, Codable, Sendable {
    /// `scrape_interval` (default 60 s).
    public var interval = Nanoseconds.seconds(60)
    /// `scrape_timeout` (default 10 s).
    public var timeout = Nanoseconds.seconds(10)
    /// Scrapes of a node by way of the API server's proxy: the kubelet's own and cAdvisor's.
    public var scrapesPerNode = 2
    /// Series in memory for a node, a pod, an API server (estimates of this model).
    public var seriesPerNode = 1500
    /// Series in memory for a pod.
    public var seriesPerPod = 100
    /// Series in memory for an API server.
    public var seriesPerServer = 30_000

    /// The defaults.
    public init() {}
  }

  /// Fluent Bit with its filter for Kubernetes.
  public struct FluentBit: Hashable, Codable, Sendable {
    /// `Flush`: how often logs leave a node (5 s in the thousand-node cluster, default 1 s).
    public var flush = Nanoseconds.seconds(5)
    /// `Mem_Buf_Limit` of its input, where it pauses.
    public var buffer = ByteCount.mebibytes(50)
    /// `Refresh_Interval`: how often it looks for new files (default 60 s, 10 s there).
    public var refresh = Nanoseconds.seconds(10)

    /// The values of the thousand-node cluster.
    public init() {}
  }

  /// Calico's agents, with the Kubernetes API as their data store.
  public struct Calico: Hashable, Codable, Sendable {
    /// Instances of Typha, which watch for the agents of the nodes; 0 lets each watch for itself.
    ///
    /// Calico's manual wants at least one for 200 nodes.
    public var typhas = 3
    /// `iptablesRefreshInterval`: each node looks over its own rules; no request follows.
    public var refresh = Nanoseconds.seconds(60)

    /// The defaults with Typha.
    public init() {}
  }

  /// The published thousand-node cluster's, whose source says nothing of replicas: two of CoreDNS,
  /// and six of Typha for 1200 nodes.
  public static var thousandNodes: AddOnParameters {
    var parameters = AddOnParameters()
    var coreDNS = CoreDNS()
    coreDNS.verifiesPods = true
    parameters.coreDNS = coreDNS
    parameters.prometheus = Prometheus()
    parameters.fluentBit = FluentBit()
    var calico = Calico()
    calico.typhas = 6
    parameters.calico = calico
    return parameters
  }

  /// What is wrong with them, for people; nil if nothing is.
  public var fault: String? {
    if let coreDNS {
      let counts = [coreDNS.replicas, coreDNS.names, coreDNS.successEntries, coreDNS.denialEntries]
      if counts.contains(where: { $0 < 1 || $0 > 1_000_000 }) || coreDNS.searches < 0 {
        return "CoreDNS needs 1 to 10^6 replicas, names and entries"
      }
      if coreDNS.successTTL < .zero || coreDNS.denialTTL < .zero
        || !(0...1).contains(coreDNS.external.value) || coreDNS.queriesPerRequest < 0
      {
        return "the times and shares of CoreDNS are out of range"
      }
    }
    if let prometheus, prometheus.interval < .seconds(1) || prometheus.scrapesPerNode < 0 {
      return "Prometheus scrapes at most once a second"
    }
    if let fluentBit, fluentBit.refresh < .seconds(1) || fluentBit.flush <= .zero {
      return "Fluent Bit looks for new files at most once a second"
    }
    return (calico?.typhas ?? 0) < 0 ? "the number of Typhas must not be below 0" : nil
  }

  /// Watches of a resource that several instances of an add-on hold.
  struct Watch {
    var resource: Resource
    var instances: Int
  }

  /// The watches that the add-ons hold in a cluster of so many nodes.
  ///
  /// CoreDNS: plugin/kubernetes/controller.go; Prometheus: the roles node, pod and endpoints of
  /// discovery/kubernetes, the latter of slices here; Calico: the syncer's resources, of which
  /// policies and pools stand for one custom resource.
  func watches(nodes: Int) -> [Watch] {
    var watches: [Watch] = []
    if let coreDNS {
      let resources: [Resource] =
        [.service, .endpointSlice, .namespace] + (coreDNS.verifiesPods ? [.pod] : [])
      watches += resources.map { Watch(resource: $0, instances: coreDNS.replicas) }
    }
    if prometheus != nil {
      watches += [.node, .pod, .endpointSlice, .service].map { Watch(resource: $0, instances: 1) }
    }
    if let calico {
      let instances = calico.typhas > 0 ? calico.typhas : nodes
      watches += [.node, .pod, .namespace, .customResource].map {
        Watch(resource: $0, instances: instances)
      }
    }
    return watches
  }
}
