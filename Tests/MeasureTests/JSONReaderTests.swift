import Foundation
import Measure
import Testing

@Suite struct JSONReaderTests {
  private func read(_ text: String) throws -> JSONValue {
    try read(Data(text.utf8))
  }

  private func read(_ data: Data) throws -> JSONValue {
    let result = data.withUnsafeBytes { bytes in
      Result { try JSONReader.value(of: bytes.assumingMemoryBound(to: UInt8.self)) }
    }
    return try result.get()
  }

  private func foundation(_ data: Data) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: data)
  }

  /// A value of any shape, of a few levels.
  private func drawn(_ random: inout SeededRandom, depth: Int) -> JSONValue {
    let letters = ["a", "é", "\"", "\\", "/", "\n", "\u{1}", "😀", " ", "µs", "}"]
    func text() -> String {
      (0..<random.below(6)).map { _ in letters[Int(random.below(UInt64(letters.count)))] }.joined()
    }
    switch random.below(depth > 0 ? 8 : 6) {
    case 0: return .null
    case 1: return .bool(random.below(2) == 0)
    case 2: return .integer(Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(64)))
    case 3:
      let number = Double(bitPattern: random.next())
      return .number(number.isFinite && Int64(exactly: number) == nil ? number : 0.1)
    case 4: return .number(Double(random.below(1 << 53)) / 1000 + 0.0001)
    case 5: return .string(text())
    case 6: return .array((0..<random.below(5)).map { _ in drawn(&random, depth: depth - 1) })
    default:
      var members: [String: JSONValue] = [:]
      for _ in 0..<random.below(5) { members[text()] = drawn(&random, depth: depth - 1) }
      return .object(members)
    }
  }

  @Test func whatFoundationWroteIsReadAsFoundationReadsIt() throws {
    var random = SeededRandom(seed: 7)
    for _ in 0..<2000 {
      let value = drawn(&random, depth: 4)
      let encoder = JSONEncoder()
      if random.below(2) == 0 { encoder.outputFormatting = .prettyPrinted }
      let data = try encoder.encode(value)
      #expect(try read(data) == value, "\(String(decoding: data, as: UTF8.self))")
      #expect(try read(data) == foundation(data))
    }
  }

  @Test(arguments: [
    "0", "-1", "1.0", "-0.0", "1e3", "1E+2", "12.5e-1", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "1e300", "0.1", "309524650045.64734",
    #""\u00e9\ud83d\ude00\/\b\f""#, " [ ] ", "{ }", #"{"a" : [1 , {"b":null}]}"#,
  ])
  func unusualTextsAreReadAsFoundationReadsThem(_ text: String) throws {
    #expect(try read(text) == foundation(Data(text.utf8)))
  }

  @Test(arguments: [
    "", " ", "{", "[1,", "[1 2]", "[1,]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "{1:2}", "tru",
    "nul", "01", "-", "1.", ".5", "1e", "+1", "\"a", #""\x""#, #""\u12""#, #""\ud800""#, "1 2",
    "\"\n\"", "NaN", "1e999", "[[1]", "{]", "\u{FEFF}1",
  ])
  func whatIsNotWholeIsRefused(_ text: String) {
    #expect(throws: JSONReader.Fault.self) { try read(text) }
  }

  @Test func everyCutIsRefusedAtItsEnd() throws {
    let whole = Array(#"{"a":[1,true,null,"x\n"],"b":{"c":0.5}}"#.utf8)
    for length in 0..<whole.count {
      #expect {
        try read(Data(whole.prefix(length)))
      } throws: { error in
        (error as? JSONReader.Fault)?.offset == length
      }
    }
  }

  private func leapt(_ data: Data) throws -> (offset: Int, bytes: Data) {
    let result = data.withUnsafeBytes { bytes in
      Result {
        var reader = JSONReader(bytes.assumingMemoryBound(to: UInt8.self))
        let value = Data(try reader.leap())
        try reader.end()
        return (reader.offset, value)
      }
    }
    return try result.get()
  }

  @Test func everyCutOfWhatIsLeaptOverIsRefusedAtItsEnd() throws {
    let whole = Array(#"{"a":[[1,true],{},"}]\"\\",["{"]],"long name":{"c":0.5, "d" : []}}"#.utf8)
    #expect(try leapt(Data(whole)).bytes == Data(whole))
    for length in 0..<whole.count {
      #expect {
        try leapt(Data(whole.prefix(length)))
      } throws: { error in
        (error as? JSONReader.Fault)?.offset == length
      }
    }
  }

  @Test func theEndOfAStringIsSeenAtEveryPlace() throws {
    for length in 0..<40 {
      let plain = String(repeating: "x", count: length)
      #expect(try read("\"\(plain)\"") == .string(plain))
      for place in 0...length {
        let (before, after) = (plain.prefix(place), plain.dropFirst(place))
        for (written, meant) in [(#"\""#, "\""), (#"\\"#, "\\"), ("é", "é"), ("\u{7F}", "\u{7F}")] {
          let text = "\"\(before)\(written)\(after)\""
          #expect(try read(text) == .string(before + meant + after))
          #expect(try leapt(Data(" [\(text)]  ".utf8)).bytes == Data("[\(text)]".utf8))
        }
        for wrong: UInt8 in [0, 9, 31] {
          let text = [0x22] + Array(before.utf8) + [wrong] + Array(after.utf8) + [0x22, 0x20]
          let fault = #expect(throws: JSONReader.Fault.self) { try read(Data(text)) }
          #expect(fault?.offset == place + 1)
          #expect(throws: JSONReader.Fault.self) { try leapt(Data([0x5B] + text + [0x5D])) }
        }
      }
    }
  }

  @Test(arguments: ["[", "{\"a\":{}", "[[1]", "[\"a]", "]", "}", "[y", "[]]", "{}}", "[1],", ""])
  func bracketsThatAreOutOfBalanceAreNotLeaptOver(_ text: String) {
    #expect(throws: JSONReader.Fault.self) { try leapt(Data(text.utf8)) }
  }

  @Test func bytesThatAreNoTextAndDepthsThatOverflowAreRefused() throws {
    #expect(throws: JSONReader.Fault.self) { try read(Data([0x22, 0xFF, 0x22])) }
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONReader.Fault.self) { try read(deep) }
  }

  @Test func skippingEndsWhereReadingEnds() throws {
    var random = SeededRandom(seed: 8)
    for _ in 0..<500 {
      let value = drawn(&random, depth: 4)
      let data = try JSONEncoder().encode(value) + Data(",".utf8)
      try data.withUnsafeBytes { bytes in
        var reader = JSONReader(bytes.assumingMemoryBound(to: UInt8.self))
        var (skipping, leaping) = (reader, reader)
        _ = try reader.value()
        try skipping.skip()
        try leaping.leap()
        #expect(skipping.offset == reader.offset && leaping.offset == reader.offset)
      }
    }
  }
}
