import Foundation

extension StrokeFont {
  /// One character: connected lines in glyph units, and the width of its body.
  struct Glyph: Sendable {
    var lines: [[(x: Double, y: Double)]]
    var width: Double
  }

  static func glyph(_ character: Character) -> Glyph { glyphs[character] ?? missing }

  private static let missing = glyph(from: "M 0.5 0 L 0.5 7 L 4 7 L 4 0 L 0.5 0")

  private static let glyphs: [Character: Glyph] = {
    var result = [Character: Glyph](minimumCapacity: strokes.count)
    for (character, path) in strokes { result[character] = glyph(from: path) }
    result[" "] = Glyph(lines: [], width: 1.6)
    return result
  }()

  /// Reads pen strokes: `M x y` sets the pen down, `L x y` draws a line, `Q cx cy x y` a quadratic curve,
  /// `A cx cy rx ry from to` an arc in degrees (joined to the stroke before unless it follows `|`), `E cx cy rx ry` a
  /// whole ellipse, `D x y` a dot, `|` lifts the pen.
  private static func glyph(from path: String) -> Glyph {
    var lines: [[(x: Double, y: Double)]] = []
    var line: [(x: Double, y: Double)] = []
    func arc(_ n: ArraySlice<Double>, from: Double, to: Double) -> [(x: Double, y: Double)] {
      let n = Array(n)
      return (0...16).map {
        let angle = (from + (to - from) * Double($0) / 16) * .pi / 180
        return (x: n[0] + n[2] * cos(angle), y: n[1] + n[3] * sin(angle))
      }
    }
    func lift() {
      if !line.isEmpty { lines.append(line) }
      line = []
    }
    var command: Substring = ""
    var numbers: [Double] = []
    func finish() {
      switch command {
      case "M":
        lift()
        line = [(numbers[0], numbers[1])]
      case "L": line.append((numbers[0], numbers[1]))
      case "Q":
        let start = line[line.count - 1]
        for i in 1...10 {
          let t = Double(i) / 10
          let s = 1 - t
          line.append(
            (
              x: s * s * start.x + 2 * s * t * numbers[0] + t * t * numbers[2],
              y: s * s * start.y + 2 * s * t * numbers[1] + t * t * numbers[3]
            ))
        }
      case "A": line += arc(numbers[...], from: numbers[4], to: numbers[5])
      case "E":
        lift()
        lines.append(arc(numbers[...], from: 0, to: 360))
      case "D":
        lift()
        lines.append([(numbers[0], numbers[1])])
      case "|": lift()
      default: break
      }
    }
    for word in path.split(separator: " ") {
      if let number = Double(word) {
        numbers.append(number)
      } else {
        finish()
        command = word
        numbers = []
      }
    }
    finish()
    lift()
    let width = lines.joined().map(\.x).max() ?? 0
    return Glyph(lines: lines, width: width)
  }

  /// The characters: printable ASCII and the few signs that sizes need.
  private static let strokes: [(Character, String)] = [
    ("0", "E 2.2 3.5 2.1 3.5"),
    ("1", "M 0.3 5.5 L 2.1 7 L 2.1 0"),
    ("2", "A 2.2 5 2 2 165 -38 L 0.2 0 L 4.3 0"),
    ("3", "A 2 5.25 1.75 1.75 150 -90 | A 2 1.85 2.05 1.85 90 -155"),
    ("4", "M 3.4 0 L 3.4 7 L 0 2 L 4.5 2"),
    ("5", "M 3.9 7 L 0.8 7 L 0.4 3.7 A 2 2.25 2.1 2.25 125 -150"),
    ("6", "M 3.5 6.9 Q 0.7 5.4 0.2 2.2 E 2.2 2.2 2 2.2"),
    ("7", "M 0 7 L 4.1 7 L 1.5 0"),
    ("8", "E 2.1 5.3 1.7 1.7 E 2.1 1.8 2.1 1.8"),
    ("9", "E 2.2 4.8 2 2.2 M 0.9 0.1 Q 3.7 1.6 4.2 4.8"),
    ("A", "M 0 0 L 2.5 7 L 5 0 M 0.9 2.4 L 4.1 2.4"),
    ("B", "M 0.2 0 L 0.2 7 L 2.4 7 A 2.4 5.3 1.65 1.7 90 -90 L 0.2 3.6 M 2.4 3.6 A 2.5 1.8 2 1.8 90 -90 L 0.2 0"),
    ("C", "A 3 3.5 2.8 3.5 48 312"),
    ("D", "M 0.2 0 L 0.2 7 L 1.8 7 A 1.8 3.5 3 3.5 90 -90 L 0.2 0"),
    ("E", "M 3.9 0 L 0.2 0 L 0.2 7 L 3.9 7 M 0.2 3.6 L 3.4 3.6"),
    ("F", "M 0.2 0 L 0.2 7 L 3.9 7 M 0.2 3.5 L 3.3 3.5"),
    ("G", "A 3 3.5 2.8 3.5 48 318 L 5.1 3.2 L 3.2 3.2"),
    ("H", "M 0.2 0 L 0.2 7 M 4.6 0 L 4.6 7 M 0.2 3.6 L 4.6 3.6"),
    ("I", "M 0.2 0 L 0.2 7"),
    ("J", "M 3 7 L 3 2 A 1.5 2 1.5 2 0 -165"),
    ("K", "M 0.2 0 L 0.2 7 M 4.4 7 L 0.2 2.7 M 1.8 4.3 L 4.6 0"),
    ("L", "M 0.2 7 L 0.2 0 L 3.7 0"),
    ("M", "M 0.2 0 L 0.2 7 L 3 2.2 L 5.8 7 L 5.8 0"),
    ("N", "M 0.2 0 L 0.2 7 L 4.7 0 L 4.7 7"),
    ("O", "E 3 3.5 2.85 3.5"),
    ("P", "M 0.2 0 L 0.2 7 L 2.4 7 A 2.4 5.1 1.9 1.9 90 -90 L 0.2 3.2"),
    ("Q", "E 3 3.5 2.85 3.5 M 3.4 1.7 L 5.4 -0.6"),
    ("R", "M 0.2 0 L 0.2 7 L 2.4 7 A 2.4 5.2 1.8 1.8 90 -90 L 0.2 3.4 M 2.4 3.4 L 4.4 0"),
    ("S", "A 2.2 5.25 1.9 1.75 35 265 Q 4.2 3.1 4.2 1.9 A 2.2 1.85 2 1.85 0 -150"),
    ("T", "M 0 7 L 4.6 7 M 2.3 7 L 2.3 0"),
    ("U", "M 0.2 7 L 0.2 2.3 A 2.4 2.3 2.2 2.3 180 360 L 4.6 7"),
    ("V", "M 0 7 L 2.4 0 L 4.8 7"),
    ("W", "M 0 7 L 1.7 0 L 3.4 6.4 L 5.1 0 L 6.8 7"),
    ("X", "M 0.1 7 L 4.5 0 M 4.5 7 L 0.1 0"),
    ("Y", "M 0 7 L 2.3 3.3 L 4.6 7 M 2.3 3.3 L 2.3 0"),
    ("Z", "M 0.2 7 L 4.3 7 L 0.1 0 L 4.5 0"),
    ("a", "A 1.9 3.3 1.7 1.7 150 0 L 3.6 0 M 3.6 2.9 Q 0.2 3.2 0.2 1.4 Q 0.2 0 1.6 0 Q 3.2 0 3.6 1.7"),
    ("b", "M 0.2 7 L 0.2 0 E 1.95 2.45 1.75 2.45"),
    ("c", "A 2.1 2.5 1.9 2.5 50 310"),
    ("d", "M 3.7 7 L 3.7 0 E 1.95 2.45 1.75 2.45"),
    ("e", "M 0.2 2.6 L 3.8 2.6 A 2 2.5 1.8 2.5 2 315"),
    ("f", "M 0.9 0 L 0.9 5.4 Q 0.9 7 2.6 6.9 M 0 4.8 L 2.3 4.8"),
    ("g", "E 1.95 2.45 1.75 2.45 M 3.7 4.9 L 3.7 -0.5 A 2 -0.5 1.7 1.6 0 -150"),
    ("h", "M 0.2 0 L 0.2 7 M 0.2 3.1 A 1.85 3.2 1.65 1.75 180 0 L 3.5 0"),
    ("i", "M 0.3 0 L 0.3 4.9 D 0.3 6.7"),
    ("j", "M 1.3 4.9 L 1.3 -0.8 Q 1.3 -2.1 0 -2 D 1.3 6.7"),
    ("k", "M 0.2 0 L 0.2 7 M 3.3 4.9 L 0.2 1.9 M 1.4 3.1 L 3.5 0"),
    ("l", "M 0.2 7 L 0.2 1 Q 0.2 0 1.1 0"),
    ("m", "M 0.2 0 L 0.2 4.9 M 0.2 3.3 A 1.6 3.4 1.4 1.55 180 0 L 3 0 M 3 3.3 A 4.4 3.4 1.4 1.55 180 0 L 5.8 0"),
    ("n", "M 0.2 0 L 0.2 4.9 M 0.2 3.1 A 1.85 3.2 1.65 1.75 180 0 L 3.5 0"),
    ("o", "E 2 2.45 1.85 2.45"),
    ("p", "M 0.2 4.9 L 0.2 -2.1 E 1.95 2.45 1.75 2.45"),
    ("q", "M 3.7 4.9 L 3.7 -2.1 E 1.95 2.45 1.75 2.45"),
    ("r", "M 0.2 0 L 0.2 4.9 M 0.2 2.9 Q 0.5 4.9 2.3 4.8"),
    ("s", "A 1.7 3.7 1.4 1.2 35 250 Q 3.2 2.3 3.2 1.35 A 1.7 1.3 1.5 1.3 0 -150"),
    ("t", "M 0.9 6.5 L 0.9 1.3 Q 0.9 -0.1 2.4 0.1 M 0 4.8 L 2.3 4.8"),
    ("u", "M 0.2 4.9 L 0.2 1.8 A 1.85 1.75 1.65 1.75 180 360 L 3.5 4.9 M 3.5 1.8 L 3.5 0"),
    ("v", "M 0 4.9 L 1.8 0 L 3.6 4.9"),
    ("w", "M 0 4.9 L 1.4 0 L 2.8 4.5 L 4.2 0 L 5.6 4.9"),
    ("x", "M 0 4.9 L 3.4 0 M 3.4 4.9 L 0 0"),
    ("y", "M 0 4.9 L 1.8 0.1 M 3.6 4.9 L 1.5 -1 Q 1.1 -2.1 0 -2"),
    ("z", "M 0.1 4.9 L 3.3 4.9 L 0 0 L 3.5 0"),
    (".", "D 0.3 0.15"),
    (",", "M 0.6 0.3 L 0.1 -1.3"),
    (":", "D 0.3 0.3 D 0.3 4"),
    (";", "M 0.6 0.3 L 0.1 -1.3 D 0.6 4"),
    ("!", "M 0.3 7 L 0.3 2.2 D 0.3 0.15"),
    ("?", "A 1.8 5.3 1.7 1.7 165 -35 Q 1.9 3.4 1.9 2.2 D 1.9 0.15"),
    ("'", "M 0.3 7 L 0.3 5.2"),
    ("\"", "M 0.3 7 L 0.3 5.2 M 1.7 7 L 1.7 5.2"),
    ("`", "M 0.2 7 L 1.2 5.6"),
    ("(", "A 3.2 2.8 3 5.4 125 235"),
    (")", "A -1.4 2.8 3 5.4 55 -55"),
    ("[", "M 1.6 7.6 L 0.3 7.6 L 0.3 -1.4 L 1.6 -1.4"),
    ("]", "M 0.2 7.6 L 1.5 7.6 L 1.5 -1.4 L 0.2 -1.4"),
    ("{", "M 1.9 7.6 Q 0.9 7.6 0.9 6 Q 0.9 3.2 0.1 3.1 Q 0.9 3 0.9 0.2 Q 0.9 -1.4 1.9 -1.4"),
    ("}", "M 0.1 7.6 Q 1.1 7.6 1.1 6 Q 1.1 3.2 1.9 3.1 Q 1.1 3 1.1 0.2 Q 1.1 -1.4 0.1 -1.4"),
    ("-", "M 0.2 2.7 L 2.6 2.7"),
    ("–", "M 0.2 2.7 L 3.6 2.7"),
    ("−", "M 0.2 3 L 3.8 3"),
    ("_", "M 0 -0.9 L 4 -0.9"),
    ("+", "M 0.2 3 L 4.2 3 M 2.2 5 L 2.2 1"),
    ("=", "M 0.2 4 L 4 4 M 0.2 2 L 4 2"),
    ("×", "M 0.4 4.6 L 3.4 1.4 M 3.4 4.6 L 0.4 1.4"),
    ("/", "M 0 -0.8 L 2.9 7.4"),
    ("\\", "M 0 7.4 L 2.9 -0.8"),
    ("|", "M 0.3 7.6 L 0.3 -1.4"),
    ("<", "M 3.8 5.2 L 0.4 3 L 3.8 0.8"),
    (">", "M 0.4 5.2 L 3.8 3 L 0.4 0.8"),
    ("≥", "M 0.4 6 L 3.8 4 L 0.4 2 M 0.4 0.4 L 3.8 0.4"),
    ("≤", "M 3.8 6 L 0.4 4 L 3.8 2 M 0.4 0.4 L 3.8 0.4"),
    ("*", "M 1.6 6.8 L 1.6 3.8 M 0.3 6 L 2.9 4.6 M 2.9 6 L 0.3 4.6"),
    ("#", "M 1.3 0.4 L 2 6.6 M 3.2 0.4 L 3.9 6.6 M 0.2 4.6 L 5 4.6 M 0.2 2.4 L 5 2.4"),
    ("%", "E 1.3 5.5 1.2 1.5 E 4.7 1.5 1.2 1.5 M 4.8 7 L 1.2 0"),
    (
      "&",
      "M 5 0 L 1.2 4.6 Q 0.4 5.8 1.2 6.5 Q 2.2 7.3 3.1 6.4 Q 4 5 2 3.9 Q -0.4 2.7 0.4 1 Q 1.3 -0.4 3 0.3 Q 4.4 1.2 4.6 3"
    ),
    ("@", "E 3.2 2.8 1.4 1.5 M 4.6 4.2 L 4.6 2 Q 4.8 1 5.7 1.7 Q 6.8 3.2 5.7 5 A 3.3 2.9 3.2 3.6 40 310"),
    ("$", "A 2.2 5.1 1.9 1.5 35 265 Q 4.2 3.1 4.2 1.9 A 2.2 1.9 2 1.6 0 -150 M 2.2 7.6 L 2.2 -0.6"),
    ("^", "M 0.3 4.6 L 1.9 7 L 3.5 4.6"),
    ("~", "M 0.2 2.5 Q 1.2 4.2 2.2 3 Q 3.2 1.8 4.2 3.5"),
    ("°", "E 1 6 0.9 0.95"),
    ("·", "D 0.3 3"),
    ("²", "A 1.1 6.2 1 1 165 -38 L 0.1 3.9 L 2.2 3.9"),
    ("³", "A 1 6.4 0.9 0.8 150 -90 | A 1 4.8 1.05 0.9 90 -155"),
    ("…", "D 0.3 0.15 D 2.2 0.15 D 4.1 0.15"),
    ("Å", "M 0 0 L 2.5 6.2 L 5 0 M 0.9 2.2 L 4.1 2.2 E 2.5 7.3 0.85 0.85"),
    (
      "å", "A 1.9 3.3 1.7 1.7 150 0 L 3.6 0 M 3.6 2.9 Q 0.2 3.2 0.2 1.4 Q 0.2 0 1.6 0 Q 3.2 0 3.6 1.7 E 1.9 6.5 0.7 0.7"
    ),
    ("µ", "M 0.2 4.9 L 0.2 -2 M 0.2 1.8 A 1.85 1.75 1.65 1.75 180 360 L 3.5 4.9 M 3.5 1.8 L 3.5 0"),
    ("é", "M 0.2 2.6 L 3.8 2.6 A 2 2.5 1.8 2.5 2 315 M 1.8 6 L 2.8 7.3"),
    (
      "ä",
      "A 1.9 3.3 1.7 1.7 150 0 L 3.6 0 M 3.6 2.9 Q 0.2 3.2 0.2 1.4 Q 0.2 0 1.6 0 Q 3.2 0 3.6 1.7 D 1.1 6.5 D 2.8 6.5"
    ),
    ("ö", "E 2 2.45 1.85 2.45 D 1.1 6.5 D 2.9 6.5"),
    ("ü", "M 0.2 4.9 L 0.2 1.8 A 1.85 1.75 1.65 1.75 180 360 L 3.5 4.9 M 3.5 1.8 L 3.5 0 D 0.9 6.5 D 2.8 6.5"),
    ("✓", "M 0.2 3 L 2 0.8 L 5 6.4"),
  ]
}
