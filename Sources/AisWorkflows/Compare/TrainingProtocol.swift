import AisTraining

/// Settings of trainings that were published, to be repeated.
package enum TrainingProtocol: String, Sendable, CaseIterable {
  /// Last et al., eLife 2024: boxes of 64 × 64 pixels, 50 epochs, 10 copies of each box turned by any angle, 1.3 boxes without the
  /// feature for each one with it, batches of 32, nothing held out.
  case paper

  /// Edge of a box in pixels.
  package var boxSize: Int { 64 }

  /// Those that were compared, in the order of the paper's table, where nobody names others.
  package var architectures: [String] {
    ["Eman2", "InceptionNet", "UNet S", "VGGNet S", "ResNet", "Pix2pix"]
  }

  package func fill(_ request: inout TrainRequest) {
    request.epochs = 50
    request.sampler.batchSize = 32
    request.sampler.copies = 10
    request.sampler.negativesPerPositive = 1.3
    request.sampler.validationFraction = 0
    request.sampler.augmentation = .none
    request.sampler.augmentation.rotatesFreely = true
  }
}
