import AisCore
import AisFormats

/// What the numbers in a segmentation mean.
package struct PredictionScale: Sendable, Hashable {
  package enum Kind: String, Sendable, CaseIterable {
    /// 0 to 255, as this program and the reference write them.
    case bytes = "0-255"
    /// 0 to 127, as in signed bytes.
    case signedBytes = "0-127"
    /// 0 to 1, as in floating-point files.
    case fractions = "0-1"
    /// A mask or labels: everything above 0 is certain.
    case labels
  }

  package var kind: Kind
  /// Why it is taken for that, a part of a sentence.
  package var reason: String

  package init(_ kind: Kind, reason: String) {
    self.kind = kind
    self.reason = reason
  }

  /// What 32 bits can count.
  package static let largestLabel = 1 << 32

  /// Throws `usage` for a number that is no label.
  package static func check(label: Int?) throws(AisError) {
    guard let label, !(1...largestLabel).contains(label) else { return }
    throw AisError(
      .usage, "--label \(label): expected 1 to \(largestLabel)")
  }

  /// The value that means certainty.
  package var certainty: Double {
    switch kind {
    case .bytes: 255
    case .signedBytes: 127
    case .fractions, .labels: 1
    }
  }

  /// Integers up to here, in a file of bytes that this program did not write, are taken for labels.
  static let mostLabels: Float = 16

  /// Decides by the type of the voxels, by whether this program wrote them, and where these leave it open by the greatest
  /// value, which is asked for only then.
  package static func decide(
    _ type: ElementType, isOurs: Bool, greatest: () throws(AisError) -> Float
  ) throws(AisError) -> PredictionScale {
    switch type {
    case .float16, .float32, .float64:
      if isOurs {
        return type == .float16
          ? PredictionScale(.bytes, reason: "a segmentation of this program in half precision")
          : PredictionScale(.fractions, reason: "a segmentation of this program in single precision")
      }
      return try greatest() <= 1
        ? PredictionScale(.fractions, reason: "floating-point values up to 1")
        : PredictionScale(.bytes, reason: "floating-point values above 1")
    case .int8, .uint8, .uint4:
      if isOurs { return PredictionScale(.signedBytes, reason: "a segmentation of this program in signed bytes") }
      if try greatest() <= mostLabels {
        return PredictionScale(.labels, reason: "bytes of at most \(Int(mostLabels))")
      }
      return type == .int8
        ? PredictionScale(.signedBytes, reason: "signed bytes") : PredictionScale(.bytes, reason: "bytes")
    case .int32, .uint32:
      return PredictionScale(.labels, reason: "32-bit integers")
    case .int16, .uint16:
      return PredictionScale(.bytes, reason: "\(type.rawValue) values")
    }
  }

  /// What the reference program makes of the type: it halves its scale for signed bytes.
  static func reference(_ info: TomogramInfo) -> (certainty: Double, reason: String) {
    switch info.elementType {
    case .int8: (127.5, "signed bytes, as the reference program reads them")
    case .float32: (1, "single precision, as the reference program reads it")
    default: (255, "\(info.elementType.rawValue) values, as the reference program reads them")
    }
  }
}
