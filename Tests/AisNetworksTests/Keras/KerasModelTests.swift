import AisCore
import AisFormats
import AisNetworks
import AisTestSupport
import Foundation
import Testing

/// What the Keras reader says about networks that cannot be run. The files are real ones of Keras with a few letters of
/// their description changed, always to as many others, so that everything stays where it is.
@Suite("KerasModel")
struct KerasModelTests {
  /// The weights of a model in `Tests/Fixtures/networks`.
  private func weights(_ name: String) throws -> [UInt8] {
    let archive = [UInt8](try Data(contentsOf: URL(filePath: NetworkFixture.path(name + ".scnm"))))
    let members = try TarArchive(archive, name: name).members
    return try #require(members.first { $0.name.hasSuffix(".h5") }).bytes
  }

  /// Replaces a text of the description, the first time it occurs; spaces fill what is shorter.
  private func changed(_ name: String, _ old: String, to new: String) throws -> [UInt8] {
    var bytes = try weights(name)
    let replacement = Array((new + String(repeating: " ", count: old.utf8.count - new.utf8.count)).utf8)
    let place = try #require(Data(bytes).range(of: Data(old.utf8)), "'\(old)' does not occur in \(name)")
    bytes.replaceSubrange(place, with: replacement)
    return bytes
  }

  /// What the error says when a network is read.
  private func message(_ bytes: [UInt8]) -> String? {
    do throws(AisError) {
      _ = try KerasModel.read(bytes, name: "x.h5")
      return nil
    } catch { return error.description }
  }

  @Test(
    "a layer that cannot be run is named with the reason and what to do",
    arguments: [
      (
        "unet_batchnorm", #""class_name": "Dropout","#, #""class_name": "Lambda","#,
        "(Lambda) holds code, and code from files is never run. Build the network from ordinary layers."
      ),
      (
        "unet_batchnorm", #""class_name": "Dropout","#, #""class_name": "Shuffle","#,
        "(Shuffle) is of a kind that is not known here. Known are convolutions, pooling, upsampling, Concatenate, Add, "
          + "batch normalisation and activations."
      ),
      (
        "unet_batchnorm", #""class_name": "UpSampling2D""#, #""class_name": "Softmax""#,
        "(Softmax) is an activation that is not run here. Known are ReLU, LeakyReLU, ELU, sigmoid and tanh."
      ),
      (
        "unet_batchnorm", #""class_name": "UpSampling2D""#, #""class_name": "Sequential""#,
        "(Sequential) is a whole network inside the network. Save the model with its layers side by side."
      ),
      (
        "vgg_like", #""class_name": "MaxPooling2D""#, #""class_name": "Flatten""#,
        "(Flatten) does not answer voxel by voxel. A segmentation network needs convolutions throughout."
      ),
      (
        "vgg_like", #""class_name": "MaxPooling2D""#, #""class_name": "PReLU""#,
        "(PReLU) is an activation that is not run here. Known are ReLU, LeakyReLU, ELU, sigmoid and tanh."
      ),
      (
        "vgg_like", #""data_format": "channels_last", "#, #""data_format": "channels_first","#,
        "(Conv2D) has its channels first ('channels_first'). Build the network with data_format='channels_last'."
      ),
      (
        "vgg_like", #""groups": 1"#, #""groups": 2"#,
        "(Conv2D) is a grouped convolution (2 groups). Only convolutions over all channels are run."
      ),
      (
        "vgg_like", #""activation": "relu""#, #""activation": "selu""#,
        "(Conv2D) uses the activation function 'selu'. Known are linear, relu, leaky_relu, elu, sigmoid and tanh."
      ),
      (
        "vgg_like", #""kernel_size": [3, 3]"#, #""kernel_size": [3, 0]"#,
        "(Conv2D) has kernel_size = [3, 0], expected 2 whole numbers from 1 to 65536. Save the model again with Keras."
      ),
      (
        "vgg_like", #""padding": "same""#, #""padding": "full""#,
        "(Conv2D) has padding = 'full', expected 'same' or 'valid'. Save the model again with Keras."
      ),
      (
        "vgg_like", #""output_padding": null"#, #""output_padding": 1"#,
        "(Conv2DTranspose) sets output_padding. Build the network without it."
      ),
      (
        "unet_batchnorm", #""interpolation": "nearest""#, #""interpolation": "lanczos""#,
        "(UpSampling2D) upsamples by 'lanczos' interpolation. Only 'nearest' is run."
      ),
      (
        "unet_batchnorm", #""axis": [3]"#, #""axis": [1]"#,
        "(BatchNormalization) has axis = [1], expected the last one (channels). Save the model again with Keras."
      ),
      (
        "net_3d", #""class_name": "MaxPooling3D""#, #""class_name": "MaxPooling2D""#,
        "(MaxPooling2D) does not fit an input of 3 spatial axes. Networks that are 2D or 3D throughout are run."
      ),
      (
        "net_3d", "[null, null, null, null, 1]", "[null, null, null, null, 0]",
        "(InputLayer) does not say how many channels it takes. Build the network with a fixed number of channels."
      ),
    ])
  func refusedLayers(name: String, old: String, new: String, expected: String) throws {
    let text = try #require(message(try changed(name, old, to: new)))
    #expect(text.hasPrefix("the network in 'x.h5' cannot be run: its layer '"))
    #expect(text.hasSuffix(expected), "\(text)")
  }

  @Test("a network of a kind that only code describes is refused")
  func subclassed() throws {
    #expect(
      message(try changed("vgg_like", #""class_name": "Functional""#, to: #""class_name": "MyOwnNet_1""#))
        == "the network in 'x.h5' cannot be run: it is a 'MyOwnNet_1', which only its own program code describes. "
        + "Save it as a functional or sequential model.")
  }

  @Test("several inputs are refused, with their names")
  func severalInputs() throws {
    let text = try #require(
      message(try changed("vgg_like", #""class_name": "MaxPooling2D""#, to: #""class_name": "InputLayer""#)))
    #expect(text.contains("it takes 2 inputs ('input_"))
    #expect(text.hasSuffix("A segmentation network has one."))
  }

  @Test("weights that do not fit their layer are named with both shapes")
  func wrongWeights() throws {
    #expect(
      message(try changed("vgg_like", #""filters": 8"#, to: #""filters": 9"#))?.hasPrefix(
        "the weights in 'x.h5' do not fit its network: the layer 'conv2d") == true)
    #expect(
      message(try changed("vgg_like", #""filters": 8"#, to: #""filters": 9"#))?.contains(
        "has a kernel of (3, 3, 1, 8), expected (3, 3, 1, 9)") == true)
    #expect(
      message(try changed("vgg_like", #""use_bias": true"#, to: #""use_bias":false"#))?.contains(
        "has a bias that it should not have") == true)
  }

  @Test("wires that lead nowhere or in a circle are refused")
  func wrongWires() throws {
    let text = String(decoding: try weights("vgg_like"), as: UTF8.self)
    let first = try #require(text.firstMatch(of: /"inbound_nodes": \[\[\["(input_\d+)", 0, 0/)?.1)
    let elsewhere = try changed(
      "vgg_like", "[[[\"\(first)\", 0", to: "[[[\"\(first.replacing("input", with: "inqut"))\", 0")
    #expect(message(elsewhere)?.contains("takes its input from 'inqut_") == true)
    let circle = try changed("vgg_like", "[[[\"\(first)\", 0, 0, {}]]]", to: "[[[\"conv2d\",0,0,{}]]]")
    #expect(message(circle) != nil)
  }

  @Test("a description that is not JSON is refused with the place")
  func brokenDescription() throws {
    let text = try #require(
      message(
        try changed(
          "vgg_like", #"{"class_name": "Functional""#, to: #"{"class_name": "Functional' "#.replacing("' ", with: "'")))
    )
    #expect(text.hasPrefix("'x.h5: model_config' is not JSON: "))
  }

  @Test("a file with weights only says how to save the whole model")
  func weightsOnly() throws {
    let bytes = [UInt8](try Data(contentsOf: Fixtures.kept.appending(path: "hdf5/everything.h5")))
    #expect(
      message(bytes)
        == "the network in 'x.h5' cannot be run: it holds no description of a network ('model_config'). "
        + "Save a whole Keras model with model.save('NAME.h5').")
  }

  @Test("any byte of a model may be anything")
  func mutations() throws {
    let bytes = try weights("keras3_h5")
    var generator = SeededGenerator(seed: 31)
    for _ in 0..<400 {
      var mutated = bytes
      for _ in 0..<Int.random(in: 1...20, using: &generator) {
        mutated[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      _ = try? KerasModel.read(mutated, name: "x.h5")
    }
  }

  @Test(
    "old Keras files of several ages are read, or refused with a sentence that names the layer",
    .enabled(if: Fixtures.hasShared),
    arguments: [
      ("conv2d_tensorflow_2", nil), ("cnn_batch_norm", "'flatten_1' (Flatten) does not answer voxel by voxel"),
      ("conv2d_reshape_tensorflow_2", "'reshape_1' (Reshape) does not answer voxel by voxel"),
      ("batch_to_conv2d_tensorflow_2", "'dense_1_input' (InputLayer) takes arrays of 2 axes"),
      ("conv2d_tensorflow_1", "'convolution2d_1' (Convolution2D) was written by Keras 1"),
      ("conv2d_theano_1", "'convolution2d_1' (Convolution2D) was written by Keras 1"),
      ("sepconv2d_tensorflow_2", "'separable_conv2d_1' (SeparableConv2D) is a grouped convolution"),
    ] as [(String, String?)])
  func kerasSmall(name: String, refusal: String?) throws {
    let path = Fixtures.shared.appending(path: "models/keras_small/\(name).h5")
    let text = message([UInt8](try Data(contentsOf: path)))
    if let refusal { #expect(text?.contains(refusal) == true, "\(text ?? "read")") } else { #expect(text == nil) }
  }
}
