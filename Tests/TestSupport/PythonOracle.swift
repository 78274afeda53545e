internal import Foundation

/// Asks python3, with whatever of numpy and scipy is there, what the right answers are.
///
/// Starting python with scipy takes a second, so one process answers a whole batch:
///
///     let answers: [Double] = try PythonOracle.answers(
///       """
///       from scipy.stats import norm
///       def answer(case):
///         return norm.ppf(case["p"])
///       """, to: cases)
public enum PythonOracle {
  /// What the function `answer(case)`, which `program` defines, returns for each of the cases.
  ///
  /// Cases go in and answers come back as JSON; numpy's numbers and arrays may be returned as they
  /// are, and numbers may be NaN or infinite both ways (python's None is Swift's nil). What has no
  /// fraction arrives as an int, -0.0 as 0.
  /// - Throws: `Command.Failure` with python's traceback, or what an answer is not, as a
  ///   `DecodingError`.
  public static func answers<Case: Encodable, Answer: Decodable>(
    _ program: String, to cases: [Case], as type: Answer.Type = Answer.self
  ) throws -> [Answer] {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    // A traceback then names the lines of the program, not those of this frame.
    let words = ["python3", "-c", frame, program]
    let input = String(decoding: try encoder.encode(cases), as: UTF8.self)
    let result = try Command.run(words, input: input).checked()
    let answers = try decoder.decode([Answer].self, from: Data(result.stdout.utf8))
    guard answers.count == cases.count else {
      throw Command.Failure(description: "\(cases.count) cases, \(answers.count) answers")
    }
    return answers
  }

  /// Bare NaN and Infinity, which python's JSON would write, are no JSON: they travel as strings.
  private static let frame = """
    import json, math, sys
    names = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    def read(value):
      if isinstance(value, str): return names.get(value, value)
      if isinstance(value, list): return [read(part) for part in value]
      if isinstance(value, dict): return {key: read(part) for key, part in value.items()}
      return value
    def plain(value):
      if hasattr(value, "tolist"): value = value.tolist()
      if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
      if isinstance(value, (list, tuple)): return [plain(part) for part in value]
      if isinstance(value, dict): return {key: plain(part) for key, part in value.items()}
      return value
    scope = {}
    exec(compile(sys.argv[1], "program", "exec"), scope)
    json.dump([plain(scope["answer"](case)) for case in read(json.load(sys.stdin))], sys.stdout)
    """
}
