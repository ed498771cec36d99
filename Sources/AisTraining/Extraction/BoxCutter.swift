import AisCore
import AisFormats
import AisImaging

/// Cuts training boxes out of one tomogram: grey values normalised with the whole of it, and labels.
///
/// Slices beyond the volume repeat its first or last; pixels beyond a slice are mirrored, and unknown to the label.
package struct BoxCutter: Sendable {
  package let geometry: BoxGeometry
  package let shape: Shape
  private let tomogram: Tomogram
  private let statistics: GlobalStatistics
  private let resampler: SliceResampler

  /// Measures the tomogram.
  package init(
    _ tomogram: Tomogram, geometry: BoxGeometry, cancellation: Cancellation = Cancellation()
  ) throws(AisError) {
    self.tomogram = tomogram
    self.geometry = geometry
    shape = tomogram.shape
    statistics = try GlobalStatistics.measure(tomogram, cancellation: cancellation)
    let native = geometry.nativeSize
    resampler = .antialiased(from: (native, native), to: (geometry.size, geometry.size))
  }

  /// Grey values around `centre`, (v − centre) / scale of the whole tomogram: `storedDepth` slices of `size` squared.
  package func image(at centre: VoxelIndex) throws(AisError) -> Volume<Float> {
    let native = geometry.nativeSize
    let rows = geometry.pixels(centre.y).map { BorderRule.wholeSample.index($0, count: shape.y) }
    let columns = geometry.pixels(centre.x).map { BorderRule.wholeSample.index($0, count: shape.x) }
    var voxels: [Float] = []
    voxels.reserveCapacity(geometry.storedDepth * geometry.size * geometry.size)
    var previous: (z: Int, pixels: [Float])?
    for z in geometry.slices(centre) {
      let inside = min(max(z, 0), shape.z - 1)
      if let previous, previous.z == inside {
        voxels += previous.pixels
        continue
      }
      var patch = try self.patch(z: inside, rows: rows, columns: columns)
      for i in patch.indices { patch[i] = (patch[i] - statistics.centre) / statistics.scale }
      precondition(patch.count == native * native, "a patch has the size of a box")
      let pixels = geometry.isResampled ? resampler.resampled(patch) : patch
      voxels += pixels
      previous = (inside, pixels)
    }
    return Volume(shape: Shape(z: geometry.storedDepth, y: geometry.size, x: geometry.size), voxels: voxels)
  }

  /// The pixels of one slice in these rows and columns, each of which lies in the slice.
  private func patch(z: Int, rows: [Int], columns: [Int]) throws(AisError) -> [Float] {
    let box = VoxelBox(
      z: z..<z + 1, y: rows.min()!..<rows.max()! + 1, x: columns.min()!..<columns.max()! + 1)
    var values = [Float](repeating: 0, count: box.shape.count)
    var failure: AisError?
    values.withUnsafeMutableBufferPointer { buffer in
      do throws(AisError) { try tomogram.read(box, into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    if rows.count == box.y.count, columns.count == box.x.count { return values }
    let width = box.x.count
    return rows.flatMap { row in
      columns.map { values[(row - box.y.lowerBound) * width + $0 - box.x.lowerBound] }
    }
  }

  /// What a box shows: 1 where the feature is painted, 0 beside it, 2 where nobody can know.
  ///
  /// - Parameters:
  ///   - isSlab: as many slices as the image has, instead of the annotated one. In slices beside it, only what lies in boxes of
  ///     their own is known.
  ///   - isNegative: nothing of the feature is there, whatever is painted.
  package func label(
    of feature: AnnotatedFeature, at centre: VoxelIndex, isSlab: Bool, isNegative: Bool = false
  ) throws(AisError) -> Volume<Float> {
    let slices = isSlab ? geometry.slices(centre) : centre.z..<centre.z + 1
    let margin = feature.boxSize.map { max(0, (geometry.nativeSize - $0) / 2) } ?? 0
    var voxels: [Float] = []
    for z in slices {
      var patch = LabelPatch(rows: geometry.pixels(centre.y), columns: geometry.pixels(centre.x))
      if z == centre.z || (feature.boxSize == nil && z >= 0 && z < shape.z) {
        patch.paint(try feature.mask(z), isNegative: isNegative)
      } else if let size = feature.boxSize, let mask = try z >= 0 && z < shape.z ? feature.mask(z) : nil {
        for box in feature.boxes where box.z == z {
          patch.paint(
            mask, isNegative: isNegative, rows: box.y - size / 2..<box.y - size / 2 + size,
            columns: box.x - size / 2..<box.x - size / 2 + size)
        }
      }
      patch.hide(outside: shape, margin: margin)
      voxels += patch.resampled(to: geometry.size)
    }
    return Volume(shape: Shape(z: slices.count, y: geometry.size, x: geometry.size), voxels: voxels)
  }
}
