import AisCore
import AisFormats
import Testing

@Suite("JSONValue")
struct JSONValueTests {
  private func parse(_ text: String) throws(AisError) -> JSONValue { try JSONValue(parsing: text.utf8, name: "x.json") }

  @Test("values of every kind are read")
  func values() throws {
    let json = try parse(#" {"a": [1, -2.5e3, true, false, null], "b": {"c": "d"}, "e": [], "f": {}, "a b": 0} "#)
    #expect(json["a"] == .array([.number(1), .number(-2500), .bool(true), .bool(false), .null]))
    #expect(json["b"]?["c"]?.string == "d")
    #expect(json["e"]?.array == [])
    #expect(json["a b"]?.integer == 0)
    #expect(json["missing"] == nil)
    #expect(json["a"]?.array?[1].integer == -2500)
    #expect(try parse("2.5").integer == nil)
  }

  @Test("texts keep their escapes and their letters beyond ASCII")
  func strings() throws {
    #expect(try parse(#""\" \\ \/ \b\f\n\r\t \u00e9 \ud83d\ude00 µ""#).string == "\" \\ / \u{8}\u{C}\n\r\t é 😀 µ")
    #expect(try parse(#""\ud83d alone""#).string == "\u{FFFD} alone")
  }

  @Test("numbers that only Python writes are read")
  func pythonNumbers() throws {
    #expect(try parse("[NaN]").array?[0].number?.isNaN == true)
    #expect(try parse("[Infinity, -Infinity]").array == [.number(.infinity), .number(-.infinity)])
  }

  @Test("a byte order mark is skipped")
  func byteOrderMark() throws { #expect(try parse("\u{FEFF}[1]").array?.count == 1) }

  @Test(
    "what is not JSON is refused with the place",
    arguments: [
      ("", "the document ends too early at byte 0"), ("[1", "',' or ']' was expected at byte 2"),
      ("{\"a\" 1}", "':' was expected at byte 5"), ("{a: 1}", "a key was expected at byte 1"),
      ("[1] 2", "something follows the document at byte 4"), ("\"abc", "a text has no end at byte 4"),
      ("\"\\q\"", "'\\' before a letter that it does not go with at byte 3"), ("-", "a number that is none at byte 0"),
      ("\"\\u12g4\"", "four hexadecimal digits were expected at byte 3"), ("nul", "a value was expected at byte 0"),
      ("\"a\nb\"", "a control character inside a text at byte 3"), ("{\"a\": 1,}", "a key was expected at byte 8"),
    ])
  func malformed(text: String, problem: String) {
    do throws(AisError) {
      _ = try parse(text)
      Issue.record("'\(text)' was read")
    } catch { #expect(error.description == "'x.json' is not JSON: \(problem). Copy or save the file again.") }
  }

  @Test("nesting beyond 128 levels is refused instead of overflowing the stack")
  func deepNesting() {
    #expect(throws: AisError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    #expect(throws: AisError.self) { try parse(String(repeating: "{\"a\":", count: 1_000_000)) }
  }

  @Test("every prefix and any mutation of a document is a value or an error")
  func mutations() throws {
    let text = Array(
      #"{"title": "Mem\u0062rane \ud83d\ude00", "colour": [0.25, 1e-3, -7], "loss": NaN, "x": null}"#.utf8)
    for count in text.indices { #expect(throws: AisError.self) { try JSONValue(parsing: text[..<count], name: "x") } }
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<20_000 {
      var mutated = text
      mutated[Int.random(in: text.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      _ = try? JSONValue(parsing: mutated, name: "x")
    }
  }
}
