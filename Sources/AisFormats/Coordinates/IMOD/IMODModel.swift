import AisCore

/// A model of IMOD (`.mod`, `.fid`): objects made of contours made of points, in the file's own terms.
///
/// Source: IMOD Binary File Format, Version 1, Revision 2 (https://bio3d.colorado.edu/imod/doc/binspec.html).
package struct IMODModel: Sendable, Equatable {
  /// Model coordinates: pixels of the image, in the order x, y, z of the file; `frame` says where they lie.
  package struct Point: Sendable, Hashable {
    package var x: Float
    package var y: Float
    package var z: Float
    package init(x: Float, y: Float, z: Float) {
      self.x = x
      self.y = y
      self.z = z
    }
  }

  package struct Contour: Sendable, Equatable {
    package var points: [Point]
    /// Radii of single points in pixels, below 0 where the object's counts; `nil` when no point has one.
    package var sizes: [Float]?
    /// Which of the object's surfaces the contour belongs to.
    package var surface: Int
    package init(points: [Point], sizes: [Float]? = nil, surface: Int = 0) {
      self.points = points
      self.sizes = sizes
      self.surface = surface
    }
  }

  package struct Object: Sendable, Equatable {
    package var name: String
    /// Red, green, blue, 0 to 1.
    package var colour: [Float]
    package var flags: UInt32
    /// Radius in pixels with which the points are drawn as balls; 0: not at all.
    package var pointRadius: Int
    package var contours: [Contour]
    /// Surfaces made of triangles, whose corners are no picked points.
    package var meshCount = 0

    package init(
      name: String, colour: [Float] = [0, 1, 0], flags: UInt32 = 0, pointRadius: Int = 0, contours: [Contour] = []
    ) {
      self.name = name
      self.colour = colour
      self.flags = flags
      self.pointRadius = pointRadius
      self.contours = contours
    }

    /// Points without lines between them.
    package var isScattered: Bool { flags & IMODFlags.scattered != 0 }
    package var pointCount: Int { contours.reduce(0) { $0 + $1.points.count } }
  }

  /// A position and turn of 3dmod's slicer window that a person has stored.
  package struct SlicerAngles: Sendable, Equatable {
    /// Degrees; the volume turned about z, then y, then x shows the slice.
    package var x: Float
    package var y: Float
    package var z: Float
    package var centre: Point
    package var time: Int
    package var label: String
    package init(x: Float, y: Float, z: Float, centre: Point, time: Int = 1, label: String = "") {
      self.x = x
      self.y = y
      self.z = z
      self.centre = centre
      self.time = time
      self.label = label
    }
  }

  /// How the image lay on which the model was last shown (chunk `MINX`).
  package struct ImageReference: Sendable, Equatable {
    /// Ångström per pixel, as the image's header says; 1 often means that it does not say.
    package var scale: Point
    /// Origin of the part of the image that was loaded.
    package var loadedOrigin: Point
    /// Origin of the whole image; to be trusted only with `IMODFlags.imageOrigin`.
    package var imageOrigin: Point
    package init(scale: Point, loadedOrigin: Point, imageOrigin: Point) {
      self.scale = scale
      self.loadedOrigin = loadedOrigin
      self.imageOrigin = imageOrigin
    }
  }

  package var name: String
  /// Pixels of the image.
  package var size: Shape
  package var flags: UInt32
  /// Edge of a pixel in `units`.
  package var pixelSize: Float
  /// 0: pixels without a size; else the power of ten of a metre, −9 for nm, −10 for Å (3 for km, 1 for m).
  package var units: Int
  package var objects: [Object]
  package var slicerAngles: [SlicerAngles]
  package var reference: ImageReference?

  package init(
    name: String = "", size: Shape = Shape(z: 0, y: 0, x: 0), flags: UInt32 = IMODFlags.standard, pixelSize: Float = 1,
    units: Int = 0, objects: [Object] = [], slicerAngles: [SlicerAngles] = [], reference: ImageReference? = nil
  ) {
    self.name = name
    self.size = size
    self.flags = flags
    self.pixelSize = pixelSize
    self.units = units
    self.objects = objects
    self.slicerAngles = slicerAngles
    self.reference = reference
  }

  package var pointCount: Int { objects.reduce(0) { $0 + $1.pointCount } }

  /// Edge of a pixel: from pixel size and unit, else from the image's header; `nil` when neither says.
  package var voxelSize: VoxelSize? {
    let exponent = units == 1 ? 0 : units
    let angstrom = Double(pixelSize) * power(exponent + 10)
    if units != 0, angstrom.isFinite, angstrom > 0 { return VoxelSize(.angstroms(angstrom)) }
    guard let scale = reference?.scale, scale != Point(x: 1, y: 1, z: 1) else { return nil }
    let edges = [scale.x, scale.y, scale.z]
    guard edges.allSatisfy({ $0.isFinite && $0 > 0 }) else { return nil }
    return VoxelSize(
      z: .angstroms(Double(scale.z)), y: .angstroms(Double(scale.y)), x: .angstroms(Double(scale.x)))
  }

  private func power(_ exponent: Int) -> Double {
    (0..<min(abs(exponent), 30)).reduce(1.0) { value, _ in exponent < 0 ? value / 10 : value * 10 }
  }
}

/// Bits of models and objects.
package enum IMODFlags {
  /// Object: contours are open lines, not closed outlines.
  package static let open: UInt32 = 1 << 3
  /// Object: points without lines.
  package static let scattered: UInt32 = 1 << 9

  /// Model: z runs from −0.5, so that exchanging y and z takes half a pixel into account.
  package static let zFromMinusHalf: UInt32 = 1 << 10
  package static let multipleClipPlanes: UInt32 = 1 << 12
  package static let materialBytes: UInt32 = 1 << 13
  /// Model: the reference holds the origin of the whole image.
  package static let imageOrigin: UInt32 = 1 << 14
  package static let tiltAngles: UInt32 = 1 << 15
  /// Model: the points are stored with y and z exchanged.
  package static let exchangesYZ: UInt32 = 1 << 16

  /// What a model of today has.
  package static let standard = zFromMinusHalf | multipleClipPlanes | materialBytes
}
