import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

/// Files that lie: cut short, changed at random, or made to run in circles. Every answer is a value or an error value.
@Suite("Damaged HDF5 files")
struct HDF5DamageTests {
  /// Reads everything in a file; what cannot be read is an error, which is fine here.
  @discardableResult
  private func exhaust(_ bytes: [UInt8]) -> AisError? {
    do throws(AisError) {
      let file = try HDF5File(bytes, name: "x.h5")
      var waiting = [file.root]
      while let group = waiting.popLast() {
        for name in group.attributes.keys { _ = try? file.strings(name, of: group) }
        for dataset in group.datasets.values { _ = try? file.floats(dataset) }
        waiting += group.groups.values
      }
      return nil
    } catch { return error }
  }

  /// Writes a number of 8 bytes.
  private func put(_ value: UInt64, at offset: Int, into bytes: inout [UInt8]) {
    for index in 0..<8 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
  }

  /// The places where four letters stand.
  private func places(of letters: String, in bytes: [UInt8]) -> [Int] {
    let letters = Array(letters.utf8)
    return (0..<bytes.count - 4).filter { bytes[$0..<$0 + 4].elementsEqual(letters) }
  }

  @Test("every prefix of a file is refused as truncated")
  func prefixes() throws {
    let bytes = try HDF5FileTests.bytes("everything")
    for count in 0..<bytes.count {
      let error = try #require(exhaust(Array(bytes[..<count])))
      if count >= 96 { #expect(error.code == .truncated, "at \(count) bytes: \(error)") }
    }
    let error = try #require(exhaust(Array(bytes[..<1000])))
    #expect(
      error.description
        == "'x.h5' is truncated: it states a size of \(bytes.count) bytes, 1000 are there. Copy the file again.")
  }

  @Test("every prefix is harmless when its stated size is made to fit")
  func dressedPrefixes() throws {
    let bytes = try HDF5FileTests.bytes("everything")
    for count in 96..<bytes.count {
      var prefix = Array(bytes[..<count])
      put(UInt64(count), at: 40, into: &prefix)
      exhaust(prefix)
    }
  }

  @Test("any byte may be anything", arguments: ["everything", "many", "refused_committed", "refused_compressed"])
  func mutations(name: String) throws {
    let bytes = try HDF5FileTests.bytes(name)
    var generator = SeededGenerator(seed: 20)
    for _ in 0..<3000 {
      var mutated = bytes
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        mutated[place] = [0, 1, 0x7F, 0xFF, UInt8.random(in: 0...255, using: &generator)].randomElement(
          using: &generator)!
      }
      exhaust(mutated)
    }
  }

  @Test("any field of 8 bytes may hold a giant number or the place of another structure")
  func giantFields() throws {
    let bytes = try HDF5FileTests.bytes("everything")
    let structures = ["TREE", "SNOD", "HEAP", "GCOL"].flatMap { places(of: $0, in: bytes) }
    let values: [UInt64] = [.max, .max - 1, 1 << 63, 1 << 32, UInt64(bytes.count)] + structures.map { UInt64($0) }
    for offset in stride(from: 8, to: bytes.count - 8, by: 8) {
      for value in values {
        var changed = bytes
        put(value, at: offset, into: &changed)
        exhaust(changed)
      }
    }
  }

  @Test("a B-tree node that is its own child ends in an error")
  func cyclicTree() throws {
    var bytes = try HDF5FileTests.bytes("many")
    let root = try #require(places(of: "TREE", in: bytes).first { bytes[$0 + 5] > 0 })
    put(UInt64(root), at: root + 32, into: &bytes)
    let error = try #require(exhaust(bytes))
    #expect(error.description.contains("stands at level 1, expected 0"))
  }

  @Test("thousands of entries that lead to the same long list are refused for their cost, quickly")
  func amplification() throws {
    var bytes = try HDF5FileTests.bytes("many")
    // All entries of all symbol nodes lead to one group.
    let nodes = places(of: "SNOD", in: bytes)
    let first = nodes[0] + 8 + 8
    let target = bytes[first..<first + 8]
    for node in nodes {
      for entry in 0..<Int(bytes[node + 6]) {
        let place = node + 8 + entry * 40 + 8
        bytes.replaceSubrange(place..<place + 8, with: target)
      }
    }
    #expect(exhaust(bytes)?.code == .unsupported)
    // All children of the tree lead to one node.
    var tree = try HDF5FileTests.bytes("many")
    let root = try #require(places(of: "TREE", in: tree).first { tree[$0 + 5] > 0 })
    tree[root + 6] = 0xFF
    tree[root + 7] = 0xFF
    #expect(exhaust(tree) != nil)
  }
}
