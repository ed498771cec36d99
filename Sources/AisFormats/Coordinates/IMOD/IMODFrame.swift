import AisCore

/// Where a model's coordinates lie in the volume.
///
/// 3dmod counts x and y from the edge of the first pixel and z from its centre: the centre of the first voxel is at 0.5, 0.5, 0.
/// A model that was made on a part of the image counts from that part's corner, and `MINX` says where that is.
package struct IMODFrame: Sendable, Equatable {
  /// Whole-image pixels less model coordinates.
  private var offset: (x: Double, y: Double, z: Double)
  private var exchangesYZ: Bool
  private var halfPixelOnExchange: Bool

  package static func == (a: IMODFrame, b: IMODFrame) -> Bool {
    a.offset == b.offset && a.exchangesYZ == b.exchangesYZ && a.halfPixelOnExchange == b.halfPixelOnExchange
  }

  /// The frame of models that we write: the whole image, nothing exchanged.
  package static let whole = IMODFrame(IMODModel())

  package init(_ model: IMODModel) {
    offset = (0, 0, 0)
    exchangesYZ = model.flags & IMODFlags.exchangesYZ != 0
    halfPixelOnExchange = model.flags & IMODFlags.zFromMinusHalf != 0
    guard model.flags & IMODFlags.imageOrigin != 0, let reference = model.reference else { return }
    func along(_ image: Float, _ loaded: Float, _ scale: Float) -> Double {
      let pixels = (Double(image) - Double(loaded)) / Double(scale)
      return pixels.isFinite ? pixels : 0
    }
    let (image, loaded, scale) = (reference.imageOrigin, reference.loadedOrigin, reference.scale)
    offset = (
      along(image.x, loaded.x, scale.x), along(image.y, loaded.y, scale.y), along(image.z, loaded.z, scale.z)
    )
  }

  /// Whether the model counts from a corner inside the image.
  package var isPart: Bool { offset != (0, 0, 0) }

  /// The offset in pixels, for people: `x + 100, y + 0, z − 12`.
  package var offsetText: String {
    func part(_ axis: String, _ value: Double) -> String {
      let rounded = (value * 1000).rounded() / 1000
      let text =
        abs(rounded) == abs(rounded).rounded() && abs(rounded) < 1e9 ? "\(Int(abs(rounded)))" : "\(abs(rounded))"
      return "\(axis) \(rounded < 0 ? "−" : "+") \(text)"
    }
    return [part("x", offset.x), part("y", offset.y), part("z", offset.z)].joined(separator: ", ")
  }

  /// A model's point in voxels, centres on whole numbers.
  package func voxel(_ point: IMODModel.Point) -> VoxelPoint {
    var (y, z) = (Double(point.y), Double(point.z))
    if exchangesYZ {
      let half = halfPixelOnExchange ? 0.5 : 0
      (y, z) = (z + half, y - half)
    }
    return VoxelPoint(z: z + offset.z, y: y + offset.y - 0.5, x: Double(point.x) + offset.x - 0.5)
  }

  /// A voxel's point as the model holds it.
  package func point(_ voxel: VoxelPoint) -> IMODModel.Point {
    var (y, z) = (voxel.y - offset.y + 0.5, voxel.z - offset.z)
    if exchangesYZ {
      let half = halfPixelOnExchange ? 0.5 : 0
      (y, z) = (z + half, y - half)
    }
    return IMODModel.Point(x: Float(voxel.x - offset.x + 0.5), y: Float(y), z: Float(z))
  }

  /// The image's size with y and z in place.
  package func shape(_ size: Shape) -> Shape {
    exchangesYZ ? Shape(z: size.y, y: size.z, x: size.x) : size
  }

  /// Whether y and z are exchanged in the file.
  package var isExchanged: Bool { exchangesYZ }
}

extension EulerAngles {
  /// The turn of a particle that lies upright in the slicer window: its z axis points out of the slice.
  package init(slicer angles: IMODModel.SlicerAngles) {
    let turn =
      RotationMatrix(about: .x, degrees: Double(angles.x)) * RotationMatrix(about: .y, degrees: Double(angles.y))
      * RotationMatrix(about: .z, degrees: Double(angles.z))
    self = turn.transposed.angles
  }

  /// The slicer's angles that show a particle upright.
  package func slicer(centre: IMODModel.Point, label: String = "") -> IMODModel.SlicerAngles {
    let (x, y, z) = RotationMatrix(self).transposed.degreesAboutZYX
    return IMODModel.SlicerAngles(x: Float(x), y: Float(y), z: Float(z), centre: centre, label: label)
  }
}
