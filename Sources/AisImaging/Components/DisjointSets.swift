/// Sets of whole numbers that are united step by step (Tarjan 1975, path halving). The root of a set is its smallest member, so
/// that the answer does not depend on the order of the unions.
struct DisjointSets: Sendable {
  private var parent: [Int32]

  /// `count` sets of one member.
  init(count: Int = 0) { parent = (0..<Int32(count)).map { $0 } }

  var count: Int { parent.count }

  /// A new set of one member, the next number.
  mutating func append() -> Int32 {
    let new = Int32(parent.count)
    parent.append(new)
    return new
  }

  mutating func root(of member: Int32) -> Int32 {
    parent.withUnsafeMutableBufferPointer { parent in
      var member = Int(member)
      while Int(parent[member]) != member {
        parent[member] = parent[Int(parent[member])]
        member = Int(parent[member])
      }
      return Int32(member)
    }
  }

  /// Unites two sets and gives the root of the union.
  @discardableResult
  mutating func unite(_ a: Int32, _ b: Int32) -> Int32 {
    let (a, b) = (root(of: a), root(of: b))
    parent[Int(max(a, b))] = min(a, b)
    return min(a, b)
  }

  /// For each member the number of its set, counted in the order of their smallest members; and how many sets there are.
  mutating func numbered() -> (numbers: [Int32], count: Int) {
    var numbers = [Int32](repeating: 0, count: parent.count)
    var count: Int32 = 0
    for member in parent.indices {
      // Parents are never larger than their children: the parent has its number already.
      if Int(parent[member]) == member {
        numbers[member] = count
        count += 1
      } else {
        numbers[member] = numbers[Int(parent[member])]
      }
    }
    return (numbers, Int(count))
  }
}
