import AisCore
import AisFormats
import Testing

@Suite("PickleMachine")
struct PickleMachineTests {
  private func read(_ bytes: [UInt8], limits: PickleMachine.Limits = .init()) throws(AisError) -> PickleGraph {
    try PickleMachine.read(.memory(bytes), name: "x.scns", vocabulary: .annotatedDataset, limits: limits)
  }

  private func message(_ bytes: [UInt8], limits: PickleMachine.Limits = .init()) -> String? {
    do throws(AisError) {
      _ = try read(bytes, limits: limits)
      return nil
    } catch { return error.description }
  }

  /// A pickle of protocol 4 around these instructions.
  private func pickle(_ parts: [UInt8]...) -> [UInt8] { [0x80, 4] + parts.joined() + [0x2E] }
  private func text(_ value: String) -> [UInt8] { [0x8C, UInt8(value.utf8.count)] + Array(value.utf8) }
  private func global(_ module: String, _ name: String) -> [UInt8] { text(module) + text(name) + [0x93] }

  @Test(
    "whole numbers of every length are read",
    arguments: [
      ([0x4B, 200], 200), ([0x4D, 0x34, 0x12], 0x1234), ([0x4A, 0xFE, 0xFF, 0xFF, 0xFF], -2), ([0x8A, 0], 0),
      ([0x8A, 1, 0xFF], -1), ([0x8A, 2, 0xFF, 0x00], 255), ([0x8B, 3, 0, 0, 0, 1, 0, 0x80], -8_388_607),
      ([0x8A, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], Int.max),
    ] as [([UInt8], Int)])
  func integers(code: [UInt8], value: Int) throws {
    let graph = try read(pickle(code))
    #expect(graph.integer(graph.root) == value)
    #expect(graph.number(graph.root) == Double(value))
  }

  @Test("numbers beyond 64 bits are passed over")
  func huge() throws {
    let graph = try read(pickle([0x8A, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
    #expect(graph.integer(graph.root) == nil)
  }

  @Test("fractions, texts, truth and nothing are read")
  func plain() throws {
    let graph = try read(pickle([0x28, 0x47, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0], text("µm"), [0x88, 0x89, 0x4E, 0x74]))
    let elements = try #require(graph.elements(graph.root))
    #expect(graph.number(elements[0]) == 1.5)
    #expect(graph.text(elements[1]) == "µm")
    #expect(graph.bool(elements[2]) == true && graph.bool(elements[3]) == false)
    #expect(graph.isNone(elements[4]))
  }

  @Test("a value remembered is the same value wherever it is brought back, and lists may hold themselves")
  func memo() throws {
    // a = []; a.append(a); (a, a) by both ways of remembering
    let graph = try read(pickle([0x5D, 0x94, 0x68, 0, 0x61, 0x71, 7, 0x68, 7, 0x86]))
    let pair = try #require(graph.elements(graph.root))
    #expect(pair[0] == pair[1])
    #expect(graph.elements(pair[0]) == [pair[0]])
  }

  @Test("dictionaries keep all their pairs, objects their attributes")
  func dictionaries() throws {
    let graph = try read(
      pickle(
        global("Ais.core.se_frame", "Segmentation"), [0x29, 0x81, 0x7D, 0x28], text("title"), text("A"), text("title"),
        text("B"), [0x75, 0x62]))
    let attributes = try #require(graph.attributes(graph.root))
    #expect(attributes["title"].flatMap { graph.text($0) } == "B")
    #expect(graph.object(graph.root)?.name == "Ais.core.se_frame Segmentation")
  }

  @Test(
    "names of Python's world that no annotated dataset needs are refused by name",
    arguments: [
      ("os", "system"), ("builtins", "eval"), ("posix", "system"), ("subprocess", "Popen"),
      ("dill._dill", "_import_module"),
      ("dill._dill", "_create_function"), ("numpy", "load"), ("Ais.core.se_frame", "os"),
      ("Ais.core.se_frame SEFrame", ""),
    ])
  func foreignGlobals(module: String, name: String) {
    let expected =
      "'x.scns' was refused: it asks Python for '\(module).\(name)', which no annotated dataset needs. Nothing of it was "
      + "run. Do not open it with Python either unless you know who wrote it."
    #expect(message(pickle(global(module, name), text("touch /tmp/x"), [0x85, 0x52])) == expected)
    // The older way to name things, with lines.
    #expect(message(pickle([0x63] + Array("\(module)\n\(name)\n".utf8))) == expected)
  }

  @Test("a name with characters that act on a terminal is shown without them, and cut")
  func shownNames() throws {
    let words = try #require(message(pickle(global("a\u{1B}[2J", String(repeating: "b", count: 200)))))
    #expect(words.contains("'a?[2J.bbbb"))
    #expect(!words.contains("\u{1B}") && words.contains("b…'"))
  }

  @Test(
    "instructions that contradict the format are refused",
    arguments: [
      [0x30], [0x65], [0x74], [0x85], [0x52], [0x94], [0x68, 3], [0x4B, 1, 0x4B, 2, 0x61], [0x4B, 1, 0x29, 0x52],
      [0x7D, 0x28, 0x4B, 1, 0x75], [0x4B, 1, 0x7D, 0x62], [0x28, 0x61], [0x5D, 0x28, 0x28, 0x65], [0x28], [],
      [0x8C, 2, 0xC3, 0x28], [0x80, 4], [0x4B, 1, 0x4B, 2, 0x93],
    ] as [[UInt8]])
  func damage(code: [UInt8]) throws {
    #expect(try #require(message(pickle(code))).hasPrefix("'x.scns' is damaged: "))
  }

  @Test(
    "instructions outside the part that is read are refused", arguments: [0x50, 0x51, 0x69, 0x6F, 0x82, 0x97, 0xFF])
  func unsupported(code: UInt8) throws {
    #expect(try #require(message(pickle([code]))).contains("uses a part of Python's pickle that is not read here"))
  }

  @Test("a length beyond the end is a truncated file and takes no memory", arguments: [0x42, 0x58, 0x8B])
  func longLengths(code: UInt8) {
    #expect(message(pickle([code, 0xFF, 0xFF, 0xFF, 0x7F]))?.contains("is truncated") == true)
    #expect(message(pickle([0x8E] + [UInt8](repeating: 0xFF, count: 8)))?.contains("is truncated") == true)
  }

  @Test("values nested a million deep are read without a stack of calls")
  func deep() throws {
    let depth = 1_000_000
    let graph = try read(
      pickle([UInt8](repeating: 0x5D, count: depth), [UInt8](repeating: 0x61, count: depth - 1)))
    #expect(graph.elements(graph.root)?.count == 1)
  }

  @Test("more values, texts or places than the limits are refused")
  func limits() {
    var limits = PickleMachine.Limits()
    limits.values = 100
    limits.textBytes = 10
    #expect(
      message(pickle([UInt8](repeating: 0x4E, count: 101)), limits: limits)?.contains("more than 100 values") == true)
    #expect(
      message(pickle([0x4E], [UInt8](repeating: 0x32, count: 101)), limits: limits)?.contains("more than 100") == true)
    let twice: [UInt8] = [0x5D, 0x94, 0x28] + Array(repeating: [0x68, 0] as [UInt8], count: 99).joined() + [0x65]
    let places = twice + [0x28] + Array(repeating: [0x68, 0] as [UInt8], count: 99).joined() + [0x65]
    #expect(message(pickle(places), limits: limits)?.contains("more than 100 values") == true)
    #expect(message(pickle(text("12345678901")), limits: limits)?.contains("more than 10 bytes of text") == true)
  }

  @Test(
    "files that are no pickles are refused",
    arguments: [[], [0x80], [0x80, 1, 0x2E], [0x28, 0x4E], [0x4D, 0x41, 0x50]] as [[UInt8]])
  func foreign(bytes: [UInt8]) {
    #expect(message(bytes)?.contains("is not a Python pickle") == true)
  }
}
