internal import Ledger

/// What this room reads of an object's metadata.
struct ObjectMeta: Decodable, Sendable {
  var name: String?
  var namespace: String?
  var resourceVersion: String?
  var deletionTimestamp: String?
}

/// An object that can be listed and watched.
protocol KubernetesObject: Decodable, Sendable {
  var metadata: ObjectMeta { get }
}

/// A node, as far as it is read here.
struct NodeObject: KubernetesObject {
  struct Spec: Decodable, Sendable {
    var taints: [Taint]?
  }

  struct Taint: Decodable, Sendable {
    var key: String
    var effect: String
  }

  struct Status: Decodable, Sendable {
    var conditions: [Condition]?
  }

  struct Condition: Decodable, Sendable {
    var type: String
    var status: String
  }

  var metadata: ObjectMeta
  var spec: Spec?
  var status: Status?

  /// The status of the condition Ready: True, False or Unknown.
  var ready: String? { status?.conditions?.first { $0.type == "Ready" }?.status }

  func isTainted(_ key: String, _ effect: String) -> Bool {
    spec?.taints?.contains { $0.key == key && $0.effect == effect } ?? false
  }
}

/// A pod, as far as it is read here.
struct PodObject: KubernetesObject {
  struct Spec: Decodable, Sendable {
    var nodeName: String?
  }

  struct Status: Decodable, Sendable {
    var phase: String?
  }

  var metadata: ObjectMeta
  var spec: Spec?
  var status: Status?
}

/// A list of objects.
struct ObjectList<Object: KubernetesObject>: Decodable, Sendable {
  var metadata: ObjectMeta
  var items: [Object]
}

/// One line of a watch.
enum WatchEvent<Object: KubernetesObject>: Decodable, Sendable {
  case changed(Object)
  case deleted(Object)
  case bookmark(version: String)
  /// The code of the Status that ends the watch; 410 when the version is too old.
  case failed(code: Int)

  private enum Key: String, CodingKey { case type, object }

  private struct Bookmark: Decodable {
    var metadata: ObjectMeta
  }

  private struct Failure: Decodable {
    var code: Int?
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    switch try container.decode(String.self, forKey: .type) {
    case "ADDED", "MODIFIED": self = .changed(try container.decode(Object.self, forKey: .object))
    case "DELETED": self = .deleted(try container.decode(Object.self, forKey: .object))
    case "BOOKMARK":
      let bookmark = try container.decode(Bookmark.self, forKey: .object)
      self = .bookmark(version: bookmark.metadata.resourceVersion ?? "")
    default:
      self = .failed(code: try container.decode(Failure.self, forKey: .object).code ?? 500)
    }
  }
}

/// The moment now as Kubernetes writes it.
enum KubernetesTime {
  /// metav1.Time; a fraction of a second is read and dropped.
  static func seconds() -> String { WallClock.now() }

  /// metav1.MicroTime: exactly six digits of a second, or the API server refuses it.
  static func microseconds() -> String { WallClock.now().dropLast() + "000Z" }
}
