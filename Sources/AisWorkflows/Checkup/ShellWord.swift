/// Text as one word of a shell command line, for the commands that messages propose.
package func shellWord(_ text: String) -> String {
  let plain = text.utf8.allSatisfy { byte in
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || "/._-+=:@,%".utf8.contains(byte)
  }
  if plain, !text.isEmpty, !text.hasPrefix("-") { return text }
  let quoted = "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  return text.hasPrefix("-") ? "./" + quoted : quoted
}

/// A number of ångström as people write it: `10`, `13.48`, at most three decimals.
package func angstromText(_ value: Double) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
  let thousandths = (value * 1000).rounded() / 1000
  if thousandths == thousandths.rounded() { return "\(Int(thousandths))" }
  return "\(thousandths)"
}
