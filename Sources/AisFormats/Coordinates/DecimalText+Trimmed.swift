extension DecimalText {
  /// A number rounded to so many decimals, without zeros at its end: `12`, `12.5`, `-0.333333`.
  package static func trimmed(_ value: Double, decimals: Int = 6) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    let scale = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
    let scaled = (abs(value) * scale).rounded()
    // Beyond 2⁵³ the shortest text is as exact as any.
    guard scaled < 9e15 else { return "\(value)" }
    let (whole, rest) = Int(scaled).quotientAndRemainder(dividingBy: Int(scale))
    let sign = value < 0 && scaled != 0 ? "-" : ""
    if rest == 0 { return "\(sign)\(whole)" }
    var fraction = String(rest)
    fraction = String(repeating: "0", count: decimals - fraction.count) + fraction
    while fraction.hasSuffix("0") { fraction.removeLast() }
    return "\(sign)\(whole).\(fraction)"
  }
}
