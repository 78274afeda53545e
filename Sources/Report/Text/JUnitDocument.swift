/// A suite of test cases as JUnit XML.
///
/// The form is the one that Jenkins, GitLab and GitHub's actions read (there is no standard;
/// llg.cubic.org/docs/junit describes the common ground).
struct JUnitDocument {
  /// What the suite is called.
  var name: String
  /// When it began, ISO 8601; what is behind the seconds is left out.
  var timestamp: String
  /// Facts about the whole.
  var properties: [(String, String)]
  /// What was tested.
  var cases: [Case] = []

  /// One test.
  struct Case {
    /// What was tested, such as a case of the run.
    var place: String
    /// By what.
    var name: String
    /// Facts about it.
    var properties: [(String, String)] = []
    /// What became of it; nil where it passed.
    var problem: Problem?
  }

  /// Why a test did not pass.
  struct Problem {
    var kind: Kind
    /// The verdict, as Assay calls it.
    var type: String
    var message: String

    /// What other programs take it for.
    enum Kind: String {
      /// It does not hold.
      case failure
      /// It could not be judged.
      case error
      /// It is undecided, or not binding.
      case skipped
    }
  }

  /// The document.
  ///
  /// O(cases).
  func render() -> String {
    func count(_ kind: Problem.Kind) -> String { "\(cases.count { $0.problem?.kind == kind })" }
    let counts = [
      "name": name, "tests": "\(cases.count)", "failures": count(.failure),
      "errors": count(.error), "skipped": count(.skipped),
    ]
    let time = ["timestamp": String(timestamp.prefix(19))]
    let suite = Self.element("testsuite", counts.merging(time) { $1 }) {
      Self.list(properties) + cases.map(Self.testCase).joined()
    }
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      + Self.element("testsuites", counts) { suite }
  }

  private static func testCase(_ test: Case) -> String {
    element("testcase", ["classname": test.place, "name": test.name]) {
      let problem = test.problem.map {
        element($0.kind.rawValue, ["type": $0.type, "message": $0.message]) { "" }
      }
      return list(test.properties) + (problem ?? "")
    }
  }

  private static func list(_ properties: [(String, String)]) -> String {
    element("properties", [:]) {
      properties.map { element("property", ["name": $0.0, "value": $0.1]) { "" } }.joined()
    }
  }

  /// An element with its attributes in order of their names.
  private static func element(
    _ name: String, _ attributes: [String: String], _ content: () -> String
  ) -> String {
    let list = attributes.sorted { $0.key < $1.key }
      .map { " \($0.key)=\"\(XMLText.escaped($0.value))\"" }.joined()
    let inner = content()
    return inner.isEmpty ? "<\(name)\(list)/>\n" : "<\(name)\(list)>\n\(inner)</\(name)>\n"
  }
}
