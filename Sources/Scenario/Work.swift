public import ControlPlane
public import Deploy
public import Networking
public import Storage

/// What is tested, by the engine that tests it.
public enum Target: Hashable, Sendable {
  /// Something that takes I/O.
  case storage(StorageTarget)
  /// The other side of an RDMA fabric.
  case fabric(FabricPeer)
  /// A control plane with its nodes, simulated.
  indirect case cluster(ClusterModel)

  /// What takes I/O; nil for other systems.
  public var storage: StorageTarget? { if case .storage(let target) = self { target } else { nil } }
}

/// What is done to a system, without the system.
public enum Workload: Hashable, Sendable {
  /// Storage I/O.
  case storage(StorageWorkload)
  /// Messages over an RDMA fabric.
  case verbs(VerbsWorkload)
  /// What happens to a simulated cluster.
  indirect case simulation(ClusterLoad)

  /// The workload of messages; nil for other engines.
  public var verbs: VerbsWorkload? {
    if case .verbs(let workload) = self { workload } else { nil }
  }

  /// The load of a simulation; nil for other engines.
  public var simulation: ClusterLoad? {
    if case .simulation(let load) = self { load } else { nil }
  }

  /// The workload of I/O; nil for other engines.
  public var storage: StorageWorkload? {
    if case .storage(let workload) = self { workload } else { nil }
  }
}

/// What a trial does to what: a workload with a target of its kind.
public enum Work: Hashable, Sendable {
  /// Storage I/O.
  case storage(StorageWork)
  /// Messages over an RDMA fabric.
  case verbs(VerbsWork)
  /// A stretch of a simulated cluster's life.
  indirect case simulation(SimulationWork)

  /// The work of I/O; nil for other engines.
  public var storage: StorageWork? { if case .storage(let work) = self { work } else { nil } }

  /// The work of messages; nil for other engines.
  public var verbs: VerbsWork? { if case .verbs(let work) = self { work } else { nil } }

  /// The work of a simulation; nil for other engines.
  public var simulation: SimulationWork? {
    if case .simulation(let work) = self { work } else { nil }
  }
}

/// Storage I/O on a target.
public struct StorageWork: Hashable, Codable, Sendable {
  /// What is opened.
  public var target: StorageTarget
  /// What is done, the point of the sweep applied.
  public var workload: StorageWorkload
  /// What is done to the machine meanwhile; nil is nothing.
  public var operation: OnlineOperation?

  /// Pairs a workload with its target.
  public init(
    target: StorageTarget, workload: StorageWorkload, operation: OnlineOperation? = nil
  ) {
    self.target = target
    self.workload = workload
    self.operation = operation
  }
}

/// Messages to a peer.
public struct VerbsWork: Hashable, Codable, Sendable {
  /// The other side.
  public var peer: FabricPeer
  /// What is done, the point of the sweep applied.
  public var workload: VerbsWorkload

  /// Pairs a workload with its peer.
  public init(peer: FabricPeer, workload: VerbsWorkload) {
    self.peer = peer
    self.workload = workload
  }
}

/// A load on a simulated cluster.
public struct SimulationWork: Hashable, Codable, Sendable {
  /// The cluster.
  public var cluster: ClusterModel
  /// What happens to it, the point of the sweep applied.
  public var load: ClusterLoad

  /// Pairs a load with its cluster.
  public init(cluster: ClusterModel, load: ClusterLoad) {
    self.cluster = cluster
    self.load = load
  }
}

/// In JSON an object with the engine's name as its one key: `{"storage": {...}}`.
extension Work: Codable {
  private enum Engine: String, CodingKey { case storage, verbs, simulation }

  /// Reads the work of the engine that the one key names.
  public init(from decoder: any Decoder) throws {
    let engines = try decoder.container(keyedBy: Engine.self)
    switch engines.allKeys.first {
    case .storage: self = .storage(try engines.decode(StorageWork.self, forKey: .storage))
    case .verbs: self = .verbs(try engines.decode(VerbsWork.self, forKey: .verbs))
    case .simulation:
      self = .simulation(try engines.decode(SimulationWork.self, forKey: .simulation))
    case nil:
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "no engine that is known"))
    }
  }

  /// Writes the work under its engine's name.
  public func encode(to encoder: any Encoder) throws {
    var engines = encoder.container(keyedBy: Engine.self)
    switch self {
    case .storage(let work): try engines.encode(work, forKey: .storage)
    case .verbs(let work): try engines.encode(work, forKey: .verbs)
    case .simulation(let work): try engines.encode(work, forKey: .simulation)
    }
  }
}
