extension Limit {
  /// Reads a limit that stands alone, as on a command line; systems and workloads are not checked.
  ///
  /// Throws ``ScenarioError`` with what is wrong and the nearest metric.
  public init(reading text: String) throws(ScenarioError) {
    do throws(LimitProblem) {
      self = try LimitParser.parse(text)
    } catch {
      let diagnostic = Diagnostic(
        file: "", place: .argument("\"\(text)\""), severity: .error, message: error.message,
        hint: error.hint)
      throw ScenarioError(diagnostics: [diagnostic])
    }
  }
}
