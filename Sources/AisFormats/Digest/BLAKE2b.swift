/// The BLAKE2b digest without a key (RFC 7693). Nettle, which computes the other digests, does not have it.
package enum BLAKE2b {
  /// The digest of `message`, of 1 to 64 bytes.
  package static func digest(of message: [UInt8], byteCount: Int) -> [UInt8] {
    precondition((1...64).contains(byteCount), "a BLAKE2b digest has 1 to 64 bytes")
    var state = initial
    // The parameter block: digest length, no key, fanout 1, depth 1.
    state[0] ^= 0x0101_0000 ^ UInt64(byteCount)
    // An empty message is one block of zeros.
    let blockCount = max(1, (message.count + 127) / 128)
    for block in 0..<blockCount {
      let bytes = message[min(128 * block, message.count)..<min(128 * (block + 1), message.count)]
      let isLast = block == blockCount - 1
      compress(&state, words(of: bytes), counter: isLast ? message.count : 128 * (block + 1), isLast: isLast)
    }
    return (0..<byteCount).map { UInt8(truncatingIfNeeded: state[$0 / 8] >> UInt64(8 * ($0 % 8))) }
  }

  /// Sixteen little-endian words, filled up with zeros.
  private static func words(of bytes: ArraySlice<UInt8>) -> [UInt64] {
    var result = [UInt64](repeating: 0, count: 16)
    for (index, byte) in bytes.enumerated() { result[index / 8] |= UInt64(byte) << UInt64(8 * (index % 8)) }
    return result
  }

  private static func compress(_ state: inout [UInt64], _ message: [UInt64], counter: Int, isLast: Bool) {
    var v = state + initial
    v[12] ^= UInt64(counter)
    if isLast { v[14] = ~v[14] }
    for round in 0..<12 {
      let order = permutations[round % 10]
      for (i, lane) in lanes.enumerated() {
        mix(&v, lane.a, lane.b, lane.c, lane.d, message[order[2 * i]], message[order[2 * i + 1]])
      }
    }
    for i in 0..<8 { state[i] ^= v[i] ^ v[i + 8] }
  }

  private static func mix(_ v: inout [UInt64], _ a: Int, _ b: Int, _ c: Int, _ d: Int, _ x: UInt64, _ y: UInt64) {
    v[a] = v[a] &+ v[b] &+ x
    v[d] = rotated(v[d] ^ v[a], 32)
    v[c] = v[c] &+ v[d]
    v[b] = rotated(v[b] ^ v[c], 24)
    v[a] = v[a] &+ v[b] &+ y
    v[d] = rotated(v[d] ^ v[a], 16)
    v[c] = v[c] &+ v[d]
    v[b] = rotated(v[b] ^ v[c], 63)
  }

  private static func rotated(_ word: UInt64, _ count: UInt64) -> UInt64 { word >> count | word << (64 - count) }

  /// The columns, then the diagonals of the 4 × 4 state.
  private static let lanes: [(a: Int, b: Int, c: Int, d: Int)] = [
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
  ]

  private static let initial: [UInt64] = [
    0x6A09_E667_F3BC_C908, 0xBB67_AE85_84CA_A73B, 0x3C6E_F372_FE94_F82B, 0xA54F_F53A_5F1D_36F1,
    0x510E_527F_ADE6_82D1, 0x9B05_688C_2B3E_6C1F, 0x1F83_D9AB_FB41_BD6B, 0x5BE0_CD19_137E_2179,
  ]

  private static let permutations: [[Int]] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
  ]
}
