import AisCore

/// What a training set says of all its boxes.
package struct TrainingSetMetadata: Sendable, Equatable {
  /// What was done to the grey values.
  package enum Normalisation: String, Sendable {
    /// Nothing: each box is to be standardised by itself.
    case perBox = "per-box"
    /// Centre and scale of the whole tomogram were taken out.
    case globalMAD = "global_mad"
  }

  /// Å per pixel within a slice; `nil` when unknown.
  package var pixelSize: Length?
  /// Rows and columns of a box.
  package var boxSize: Int
  /// Slices that a network sees at once.
  package var depth: Int
  /// Slices that are stored beyond `depth`, so that slabs can be cut from varying heights.
  package var jitter: Int
  /// Titles of what was annotated.
  package var features: [String] = []
  /// Folders of images, `x_main` among them: versions of the same boxes, sorted.
  package var flavours: [String] = [standardFlavour]
  /// The one that was looked at while annotating.
  package var annotatedFlavour = standardFlavour
  package var normalisation = Normalisation.perBox

  package static let standardFlavour = "x_main"

  /// Slices of a stored image.
  package var storedDepth: Int { depth + jitter }

  package init(pixelSize: Length?, boxSize: Int, depth: Int, jitter: Int) {
    self.pixelSize = pixelSize
    self.boxSize = boxSize
    self.depth = depth
    self.jitter = jitter
  }

  /// The place of the annotated flavour in `flavours`.
  package var annotatedIndex: Int { flavours.firstIndex(of: annotatedFlavour) ?? 0 }

  /// The file name that is usual for such a set: `64x64x1_10.00Apx_Membrane.scnt`.
  package func proposedName(_ features: [String]) -> String {
    let size = pixelSize.map { "\(DecimalText.fixed($0.angstrom, 2))Apx_" } ?? ""
    return "\(boxSize)x\(boxSize)x\(depth)_\(size)\(features.joined(separator: "_")).scnt"
  }
}

/// Where a box was cut.
package struct TrainingBoxSource: Sendable, Equatable {
  /// The tomogram's file name without folder and type.
  package var tomogram: String
  package var tomogramPath: String
  package var feature: String
  /// The box's centre, a pixel of the tomogram counted from 0.
  package var centre: VoxelIndex
  /// Edge of the box as it was drawn, pixels of the tomogram.
  package var annotatedSize: Int
  /// Edge of the box as it is stored.
  package var extractedSize: Int
  /// Whether the box shows what is not to be found.
  package var isNegative: Bool

  package init(
    tomogram: String, tomogramPath: String, feature: String, centre: VoxelIndex, annotatedSize: Int,
    extractedSize: Int, isNegative: Bool = false
  ) {
    self.tomogram = tomogram
    self.tomogramPath = tomogramPath
    self.feature = feature
    self.centre = centre
    self.annotatedSize = annotatedSize
    self.extractedSize = extractedSize
    self.isNegative = isNegative
  }

  /// The name that the box has in its set: the same place of the same feature has the same name everywhere.
  package var identifier: String {
    String(MD5.hex(of: "\(tomogram)_\(feature)_\(centre.z)_\(centre.y)_\(centre.x)").prefix(16))
  }

  init?(_ json: JSONValue) {
    guard let tomogram = json["aisTomogramName"]?.string, let z = json["aisBoxCoordinateZ"]?.integer,
      let y = json["aisBoxCoordinateY"]?.integer, let x = json["aisBoxCoordinateX"]?.integer
    else { return nil }
    self.init(
      tomogram: tomogram, tomogramPath: json["aisTomogramPath"]?.string ?? "",
      feature: json["aisFeatureName"]?.string ?? "", centre: VoxelIndex(z: z, y: y, x: x),
      annotatedSize: json["aisBoxSizeAnnotate"]?.integer ?? 0, extractedSize: json["aisBoxSizeExtracted"]?.integer ?? 0,
      isNegative: json["aisNegative"]?.bool ?? false)
  }

  var json: JSONValue {
    .object([
      "aisTomogramName": .string(tomogram), "aisTomogramPath": .string(tomogramPath),
      "aisBoxCoordinateZ": .number(Double(centre.z)), "aisBoxCoordinateY": .number(Double(centre.y)),
      "aisBoxCoordinateX": .number(Double(centre.x)), "aisBoxSizeAnnotate": .number(Double(annotatedSize)),
      "aisBoxSizeExtracted": .number(Double(extractedSize)), "aisFeatureName": .string(feature),
      "aisNegative": .bool(isNegative),
    ])
  }
}
