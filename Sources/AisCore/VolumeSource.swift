/// A volume in memory as a source of slices.
package struct VolumeSource: SliceSource {
  package let volume: Volume<Float>
  package let voxelSize: VoxelSize?
  package var shape: Shape { volume.shape }

  package init(_ volume: Volume<Float>, voxelSize: VoxelSize? = nil) {
    self.volume = volume
    self.voxelSize = voxelSize
  }

  package func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    _ = destination.update(fromContentsOf: volume.slice(z))
  }
}
