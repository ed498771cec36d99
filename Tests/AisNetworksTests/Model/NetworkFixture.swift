import AisCore
import AisFormats
import AisNetworks
import AisTestSupport
import Foundation

/// One network of `Tests/Fixtures/networks` with an input and the answer of Keras.
struct NetworkFixture {
  static let names = [
    "gzip_container", "inception_like", "keras3_h5", "net_3d", "pix2pix_like_tanh", "resnet_like_add",
    "unet_batchnorm", "vgg_like", "vgg_like_25d",
  ]
  static let folder = Fixtures.kept.appending(path: "networks")

  let model: ModelFile
  let input: [Float]
  let inputShape: TensorShape
  let expected: [Float]

  init(_ name: String) throws {
    model = try ModelFile.read(Self.path(name + ".scnm"))
    let volume = try Self.volume(name + "_input.mrc")
    // Slices are channels in 2D networks and z in 3D ones.
    switch model.graph.dimensionality {
    case .two:
      inputShape = TensorShape(z: 1, y: volume.shape.y, x: volume.shape.x, channels: volume.shape.z)
      input = (0..<volume.shape.sliceCount).flatMap { pixel in
        (0..<volume.shape.z).map { volume.voxels[$0 * volume.shape.sliceCount + pixel] }
      }
    case .three:
      inputShape = TensorShape(z: volume.shape.z, y: volume.shape.y, x: volume.shape.x, channels: 1)
      input = volume.voxels
    }
    expected = try Self.volume(name + "_output.mrc").voxels
  }

  static func path(_ name: String) -> String { folder.appending(path: name).path }

  private static func volume(_ name: String) throws -> Volume<Float> {
    let tomogram = try Tomogram.open(path(name))
    var voxels: [Float] = []
    for z in 0..<tomogram.shape.z { voxels += try tomogram.slice(z) }
    return Volume(shape: tomogram.shape, voxels: voxels)
  }
}
