import AisNetworks
import AisTraining
import AisWorkflows
import ArgumentParser

/// Which network is trained.
package struct TrainedNetworkArguments: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The layout: 'ais architectures' lists them. Without it, that of '--from', or VGGNet M.", valueName: "name"))
  package var architecture: String?

  @Option(
    help: ArgumentHelp("Start from this network's weights, with a fresh optimiser.", valueName: "model.scnm"))
  package var from: String?

  package init() {}

  func fill(_ request: inout TrainRequest) {
    request.architecture = architecture
    request.architectureFolder = UserFolders.current.architectures
    request.startModel = from
  }
}

/// How a network learns.
package struct LearningArguments: ParsableArguments {
  @Option(name: [.short, .long], help: "Passes over the sets; each is '--copies' times as long as the sets.")
  package var epochs = 50

  @Option(
    help: ArgumentHelp("Adam's learning rate. Without it, the one that the layout was tuned with.", valueName: "number")
  )
  package var rate: Double?

  @Option(
    help:
      "How the rate goes on: constant; cosine, down to nothing; plateau, halved when five epochs brought nothing better."
  )
  package var schedule = TrainingSettings.Schedule.constant

  @Option(help: ArgumentHelp("Stop when this many epochs in a row brought nothing better.", valueName: "epochs"))
  package var patience: Int?

  @Option(help: ArgumentHelp("Shorten gradients that are longer than this, all together.", valueName: "length"))
  package var clip: Double?

  @Option(
    help:
      "The numbers that layers compute with; weights stay float32. Without it, bfloat16 where the processor, or the card, multiplies it by itself."
  )
  package var precision: TrainingSettings.Precision?

  @Option(help: "Of everything that is drawn at random. The same seed, machine and threads give the same network.")
  package var seed: UInt64 = 1

  package init() {}

  func fill(_ request: inout TrainRequest) {
    request.epochs = epochs
    request.learningRate = rate
    request.schedule = schedule
    request.patience = patience
    request.gradientLimit = clip
    request.precision = precision
    request.seed = seed
  }
}

/// What networks learn on.
package struct TrainingDeviceArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What to learn on, with libtorch. auto: the first NVIDIA card that can be used, or else the processor. cpu: the processor. gpu, gpu:1: a card; 'ais doctor' says whether it can be used. gpu:0,gpu:1: cards that share every batch. torch-cpu: the same as cpu; several times, for comparison with cards."
    ))
  package var device: EngineArguments.Device = .auto

  package init() {}
}

extension EngineArguments.Device {
  /// The same for a training.
  var training: TrainingDeviceChoice {
    switch self {
    case .auto: .automatic
    case .cpu, .torchCPU: .named([.processor])
    case .gpu(let number): .named([.gpu(number)])
    case .several(let devices):
      .named(
        devices.map { device -> TorchDevice in
          if case .gpu(let number) = device { .gpu(number) } else { .processor }
        })
    }
  }
}

/// Which boxes a network sees, and how they are changed.
package struct TrainingBoxArguments: ParsableArguments {
  @Option(name: [.short, .long], help: "Boxes in one step.")
  package var batch = 32

  @Option(name: [.short, .long], help: "How often an epoch shows each box, changed anew each time.")
  package var copies = 10

  @Option(
    help: ArgumentHelp(
      "The share of the boxes that is held out to judge by, such as 0.15. Worth it when the sets are large.",
      valueName: "share"))
  package var validation = 0.0

  @Option(
    help: ArgumentHelp(
      "Boxes without the feature for each one with it. Without it, all boxes as they are.", valueName: "ratio"))
  package var negatives: Double?

  @Option(
    help: ArgumentHelp("Slices that the network sees. Without it, what the sets are meant for.", valueName: "slices"))
  package var depth: Int?

  @Option(
    help: ArgumentHelp("Turn labels into soft tubes of this diameter in pixels, for filaments.", valueName: "pixels"))
  package var filament: Double?

  @Flag(help: "Also change brightness, contrast, noise and blur of one box in ten.")
  package var augment = false

  @Flag(help: "Turn boxes by any angle, not by quarters.")
  package var rotate = false

  @Option(help: ArgumentHelp("Magnify one box in ten by 1 ± up to this.", valueName: "share"))
  package var scale = 0.0

  @Option(
    help: ArgumentHelp("Raise the grey values of one box in ten to a power of 1 ± up to this.", valueName: "share"))
  package var gamma = 0.0

  package init() {}

  func fill(_ request: inout TrainRequest) {
    request.sampler.batchSize = batch
    request.sampler.copies = copies
    request.sampler.validationFraction = validation
    request.sampler.negativesPerPositive = negatives
    request.sampler.depth = depth
    request.filamentDiameter = filament
    var augmentation = augment ? Augmentation.further : Augmentation()
    augmentation.rotatesFreely = rotate
    augmentation.scale = scale
    augmentation.gamma = gamma
    request.sampler.augmentation = augmentation
  }
}

extension TrainingSettings.Schedule: ExpressibleByArgument {}
extension TrainingSettings.Precision: ExpressibleByArgument {}
