import AisCore

/// What a request must know to be answered: random, made anew at every start.
package struct AccessToken: Sendable, Hashable {
  package let text: String
  /// The name of the cookie. Browsers send cookies to all ports of a host, so that several programs need several names.
  let cookieName: String

  /// 192 random bits.
  package init() {
    var generator = SystemRandomNumberGenerator()
    self.init(
      unchecked: (0..<48).map { _ in String(Int.random(in: 0..<16, using: &generator), radix: 16) }.joined())
  }

  /// A token that the user chose, for programs that start the server and must know it beforehand.
  package init(_ text: String) throws(AisError) {
    let allowed = text.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    guard allowed, (24...128).contains(text.utf8.count) else {
      throw AisError(.usage, "a token has 24 to 128 letters and digits, nothing else; 'openssl rand -hex 24' makes one")
    }
    self.init(unchecked: text)
  }

  private init(unchecked text: String) {
    self.text = text
    // Says nothing about the token: 32 bits of a hash that cannot be led back.
    var hash: UInt32 = 2_166_136_261
    for byte in text.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    cookieName = "ais-" + String(hash, radix: 36)
  }

  /// Whether a text is the token. Takes as long for every wrong one, so that the time does not tell how much is right.
  func matches(_ other: some StringProtocol) -> Bool {
    let own = Array(text.utf8)
    let given = Array(other.utf8)
    guard own.count == given.count else { return false }
    var difference: UInt8 = 0
    for (a, b) in zip(own, given) { difference |= a ^ b }
    return difference == 0
  }

  /// Whether a request's `Cookie` field has it.
  func isIn(cookies: some Sequence<String>) -> Bool {
    cookies.contains { field in
      field.split(separator: ";").contains { pair in
        let parts = pair.split(separator: "=", maxSplits: 1).map { $0.drop { $0 == " " } }
        return parts.count == 2 && parts[0] == cookieName && matches(parts[1])
      }
    }
  }
}
