import AisCore

/// An annotated tomogram as the reference program stores it (`.scns`): features, painted slices, boxes, and how the slice
/// was looked at.
///
/// Masks stay in the file until they are asked for, so that a file of any size opens in little memory.
package struct AnnotatedDataset: Sendable {
  /// The tomogram's path when the file was saved, with the other system's backslashes as they were.
  package var tomogramPath: String
  package var title: String
  /// Slices, rows and columns of the tomogram; `z` is `nil` where the file does not say.
  package var sliceCount: Int?
  package var height: Int
  package var width: Int
  package var pixelSize: Length?
  package var currentSlice: Int
  package var features: [Feature]
  /// The place in `features` of the one that was chosen.
  package var activeFeature: Int?
  package var display: Display
  /// Whether the voxels of the tomogram are inside.
  package var includesTomogram: Bool

  /// How the slice was shown.
  package struct Display: Sendable, Equatable {
    package var interpolates = false
    package var isInverted = false
    package var hasAutoContrast = true
    /// The values drawn black and white.
    package var contrast: ClosedRange<Double>?

    package init(
      interpolates: Bool = false, isInverted: Bool = false, hasAutoContrast: Bool = true,
      contrast: ClosedRange<Double>? = nil
    ) {
      self.interpolates = interpolates
      self.isInverted = isInverted
      self.hasAutoContrast = hasAutoContrast
      self.contrast = contrast
    }
  }

  /// The centre of a box: the pixel of this row and column, counted from 0.
  package struct Box: Hashable, Sendable {
    package var y: Double
    package var x: Double
    package init(y: Double, x: Double) {
      self.y = y
      self.x = x
    }
  }

  /// One kind of thing that was annotated.
  package struct Feature: Sendable {
    package var title = ""
    /// Red, green, blue, each 0…1.
    package var colour: [Double] = [1, 1, 1]
    package var opacity = 1.0
    package var isHidden = false
    package var isOutline = false
    package var showsBoxes = true
    package var isFlood = false
    /// Percent.
    package var floodSensitivity = 50.0
    /// Pixels.
    package var brushRadius = 10.0
    /// Pixels.
    package var boxSize = 128
    /// Boxes by slice.
    package var boxes: [Int: [Box]] = [:]
    /// Masks by slice.
    package var masks: [Int: Mask] = [:]

    package init() {}
  }

  /// A painted slice.
  package enum Mask: Sendable {
    case inMemory(SliceMask)
    case stored(PickleArray, PickleGraph)

    /// The painted pixels; reads them if they are in the file still.
    package func read() throws(AisError) -> SliceMask {
      switch self {
      case .inMemory(let mask): mask
      case .stored(let array, let graph): try array.mask(in: graph)
      }
    }
  }

  package init(
    tomogramPath: String, title: String, sliceCount: Int?, height: Int, width: Int, pixelSize: Length? = nil,
    currentSlice: Int = 0, features: [Feature] = [], activeFeature: Int? = nil, display: Display = Display(),
    includesTomogram: Bool = false
  ) {
    self.tomogramPath = tomogramPath
    self.title = title
    self.sliceCount = sliceCount
    self.height = height
    self.width = width
    self.pixelSize = pixelSize
    self.currentSlice = currentSlice
    self.features = features
    self.activeFeature = activeFeature
    self.display = display
    self.includesTomogram = includesTomogram
  }
}
