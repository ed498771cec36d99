import AisCore
import AisPicking

/// How `ais pick --filaments` follows filaments; the spacing of points is the request's.
package struct FilamentRules: Sendable, Hashable {
  package var minimumLength = PickRequest.Extent.length(.nanometers(50))
  /// Degrees from point to point.
  package var twist: Double?
  package var junctions = FilamentSettings.Junctions.through
  /// Degrees.
  package var greatestBend = 50.0
  package var pruning: PickRequest.Extent?
  package var smoothing: PickRequest.Extent?

  package init() {}

  /// Throws `usage` for what makes no sense.
  func validate() throws(AisError) {
    guard (0...90).contains(greatestBend) else {
      throw AisError(.usage, "--max-bend \(angstromText(greatestBend)): expected 0 to 90 degrees")
    }
    if let twist, !twist.isFinite || abs(twist) > 36_000 {
      throw AisError(.usage, "--twist \(twist): expected degrees from point to point, such as 27.5 or -166.6")
    }
  }

  /// Every rule as text, for the account beside the points.
  var texts: [String: String] {
    var texts = [
      "minimumLength": minimumLength.text, "junctions": junctions.rawValue, "maximumBend": angstromText(greatestBend),
      "pruning": pruning?.text ?? "1.5 half widths and 2 voxels", "smoothing": smoothing?.text ?? "automatic",
    ]
    if let twist { texts["twist"] = "\(twist)" }
    return texts
  }
}

/// How `ais pick --on-surface` covers surfaces; the spacing of points is the request's.
package struct SurfaceRules: Sendable, Hashable {
  package var normals = SurfaceSettings.Normals.outward
  /// `nil`: two and a half times the sheet's half thickness, at least six voxels and at most fifteen.
  package var patch: PickRequest.Extent?

  package init() {}

  /// Every rule as text, for the account beside the points.
  var texts: [String: String] {
    ["normals": normals.rawValue, "patch": patch?.text ?? "1.25 thicknesses, 6 to 15 voxels"]
  }
}

extension PickRequest {
  /// Whether points are set along filaments or on surfaces.
  var isAlongCurves: Bool {
    switch method {
    case .filaments, .surfaces: true
    case .particles, .referencePeaks, .referenceCentroids: false
    }
  }

  /// What the points of a list are called.
  package var noun: String { isAlongCurves ? "point" : "particle" }

  /// Throws `usage` where the rules for curves and surfaces contradict themselves or the others.
  func validateCurves() throws(AisError) {
    guard isAlongCurves else { return }
    if case .filaments(let rules) = method { try rules.validate() }
    if orientation != nil {
      throw AisError(
        .usage, "'--orient' is for particles: filaments and surfaces give their points angles of their own")
    }
    if !spacing.isAboveZero { throw AisError(.usage, "--every \(spacing.text): points need a distance above zero") }
  }

  /// The lengths of the rules for curves and surfaces, with the options that give them.
  var curveLengths: [(option: String, extent: Extent?)] {
    switch method {
    case .filaments(let rules):
      [("--min-length", rules.minimumLength), ("--prune", rules.pruning), ("--smoothing", rules.smoothing)]
    case .surfaces(let rules): [("--patch", rules.patch)]
    default: []
    }
  }
}
