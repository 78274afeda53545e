/// JSON in the form in which fio writes it: its order, two blanks, reals with six digits.
indirect enum FioText {
  case object([(String, FioText)])
  case array([FioText])
  case integer(Int64)
  case unsigned(UInt64)
  case real(Double)
  case text(String)

  /// The document, with a line break at its end.
  var rendered: String {
    var out = ""
    write(to: &out, indent: "")
    return out + "\n"
  }

  private func write(to out: inout String, indent: String) {
    let inner = indent + "  "
    switch self {
    case .integer(let value): out += String(value)
    case .unsigned(let value): out += String(value)
    case .real(let value): out += Self.sixDigits(value)
    case .text(let value): out += Self.quoted(value)
    case .array(let items):
      out += "[\n"
      for (index, item) in items.enumerated() {
        out += inner
        item.write(to: &out, indent: inner)
        out += index + 1 < items.count ? ",\n" : "\n"
      }
      out += indent + "]"
    case .object(let members):
      out += "{\n"
      for (index, member) in members.enumerated() {
        out += inner + Self.quoted(member.0) + " : "
        member.1.write(to: &out, indent: inner)
        out += index + 1 < members.count ? ",\n" : "\n"
      }
      out += indent + "}"
    }
  }

  /// `%f`; what JSON cannot hold becomes 0.
  static func sixDigits(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 9e12 else {
      return value.isFinite ? "\(value)" : "0.000000"
    }
    let micro = Int64((value * 1_000_000).rounded(.toNearestOrEven))
    let digits = String(micro.magnitude % 1_000_000)
    let padding = String(repeating: "0", count: 6 - digits.count)
    return "\(micro < 0 ? "-" : "")\(micro.magnitude / 1_000_000).\(padding)\(digits)"
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\r": out += "\\r"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
