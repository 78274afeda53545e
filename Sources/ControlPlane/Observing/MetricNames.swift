/// The words that metrics of Kubernetes have for what the model knows by case.
extension Verb {
  /// The label `verb` of `apiserver_request_duration_seconds`.
  var metricName: String {
    switch self {
    case .get: "GET"
    case .list: "LIST"
    case .watch: "WATCH"
    case .create: "POST"
    case .update: "PUT"
    case .patch: "PATCH"
    case .delete: "DELETE"
    }
  }
}

extension Scope {
  /// The label `scope`.
  var metricName: String { "\(self)" }
}

extension Resource {
  /// The labels `resource` and `subresource`.
  var names: (plural: String, subresource: String) {
    switch self {
    case .nodeStatus: ("nodes", "status")
    case .leaderLease: ("leases", "")
    case .podStatus: ("pods", "status")
    case .binding: ("pods", "binding")
    case .deploymentStatus: ("deployments", "status")
    case .replicaSetStatus: ("replicasets", "status")
    case .serviceAccountToken: ("serviceaccounts", "token")
    case .podMetrics: ("pods.metrics.k8s.io", "")
    case .endpoints: ("endpoints", "")
    case .nodeProxy: ("nodes", "proxy")
    default: ("\(self)".lowercased() + "s", "")
    }
  }
}

extension Outcome {
  /// The status code that a server answers with; 0 if the client got none.
  var code: Int {
    switch self {
    case .pending: 0
    case .ok: 200
    case .conflict: 409
    case .notFound: 404
    case .gone: 410
    case .tooManyRequests: 429
    case .timeout: 504
    case .unavailable: 503
    case .noSpace: 500
    }
  }
}
