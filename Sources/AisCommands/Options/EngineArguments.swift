import AisCore
import AisNetworks
import AisWorkflows
import ArgumentParser

/// What networks run on: the options that mean the same in every command that runs them.
package struct EngineArguments: ParsableArguments {
  /// Where the arithmetic is done.
  package enum Device: ExpressibleByArgument, Sendable, Equatable, CustomStringConvertible {
    /// What is done first, by trial.
    case auto
    /// Our kernels on the processor.
    case cpu
    /// libtorch on the processor, for comparison.
    case torchCPU
    /// libtorch on the NVIDIA card of this number.
    case gpu(Int)
    /// Cards that share the slices; several times libtorch on the processor shows the same without any.
    case several([Device])

    package init?(argument: String) {
      if argument.contains(",") {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let devices = parts.compactMap { Device(argument: String($0)) }
        guard devices.count == parts.count, devices.allSatisfy(\.canShare) else { return nil }
        let cards = devices.filter { $0 != .torchCPU }
        guard cards.isEmpty || cards.count == devices.count, Set(cards.map(\.description)).count == cards.count else {
          return nil
        }
        self = .several(devices)
        return
      }
      switch argument {
      case "auto": self = .auto
      case "cpu": self = .cpu
      case "torch-cpu": self = .torchCPU
      case "gpu": self = .gpu(0)
      default:
        guard argument.hasPrefix("gpu:"), let number = Int(argument.dropFirst(4)), (0..<64).contains(number) else {
          return nil
        }
        self = .gpu(number)
      }
    }

    package var description: String {
      switch self {
      case .auto: "auto"
      case .cpu: "cpu"
      case .torchCPU: "torch-cpu"
      case .gpu(let number): "gpu:\(number)"
      case .several(let devices): devices.map(\.description).joined(separator: ",")
      }
    }

    private var canShare: Bool {
      switch self {
      case .gpu, .torchCPU: true
      case .auto, .cpu, .several: false
      }
    }

    package static var allValueStrings: [String] { ["auto", "cpu", "gpu", "gpu:N", "gpu:N,gpu:M", "torch-cpu"] }
  }

  /// The numbers that the arithmetic is done with.
  package enum Precision: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// 16 bits where a trial finds them accurate enough and quicker.
    case auto
    case float32, bfloat16, float16

    var precision: TorchEngine.Precision {
      switch self {
      case .auto: .automatic
      case .float32: .fixed(.float32)
      case .bfloat16: .fixed(.bfloat16)
      case .float16: .fixed(.float16)
      }
    }
  }

  @Option(
    help: ArgumentHelp(
      "What to compute on. auto: what is done first; the cards that can be used are tried, if the work takes long enough. cpu: our kernels on the processor. gpu, gpu:1: an NVIDIA card, with libtorch; 'ais doctor' says whether it can be used. gpu:0,gpu:1: cards that share the slices. torch-cpu: libtorch on the processor, for comparison."
    ))
  package var device: Device = .auto

  @Option(
    help: ArgumentHelp(
      "The numbers to compute with. cpu: float32 only. auto: each network is tried on slices of the first tomogram, and 16 bits are taken if they are quicker and hardly change the result. Without it, auto on a card and float32 on a processor."
    ))
  package var precision: Precision?

  @Option(
    help: ArgumentHelp(
      "How much of a card's memory may be used at once, such as 8GiB; larger slices are cut. Without it, 80 % of what is free. Where less is there than that, pieces get smaller and the work goes on.",
      valueName: "amount"),
    transform: Quantity.byteCount)
  package var gpuMemory: ByteCount?

  @Option(
    help: ArgumentHelp(
      "Slices, or tiles of them, that a card computes at once. Without it, as many as keep it busy: more where slices are small.",
      valueName: "count"))
  package var gpuBatch: Int?

  @Option(
    help: ArgumentHelp(
      "Threads to compute with. Without it, as many as this process may use (affinity mask, control group, Slurm).",
      valueName: "count"))
  package var threads: Int?

  package init() {}

  package func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads \(threads): expected 1 to 1024")
    }
    if let precision, precision == .bfloat16 || precision == .float16, device == .cpu || device == .auto {
      throw ValidationError(
        "--precision \(precision.rawValue) goes with '--device gpu' or 'torch-cpu': our own kernels compute with float32"
      )
    }
    if gpuMemory != nil || gpuBatch != nil, device == .cpu {
      throw ValidationError(
        "--gpu-\(gpuMemory == nil ? "batch" : "memory") is for cards: our own kernels on the processor keep to '--memory'"
      )
    }
    if let gpuBatch, !(1...256).contains(gpuBatch) {
      throw ValidationError("--gpu-batch \(gpuBatch): expected 1 to 256")
    }
  }

  /// The engine that these options ask for.
  ///
  /// - Parameters:
  ///   - memoryLimit: bytes that its tensors may hold, where an engine can keep to it.
  ///   - voxels: that networks are going to be run over, where that is known: short work is not worth a trial of other devices.
  package func makeEngine(
    memoryLimit: Int? = nil, voxels: @escaping @Sendable () -> Int? = { nil }
  ) throws(AisError) -> any Engine {
    let threads = threads ?? MachineResources.current().threads
    let engine: any Engine =
      switch device {
      case .auto: try automatic(threads: threads, memoryLimit: memoryLimit, voxels: voxels)
      case .cpu: try CPUEngine(threads: threads)
      case .torchCPU: try torch(on: .processor, threads: threads, memoryLimit: memoryLimit)
      case .gpu(let number): try torch(on: .gpu(number), threads: threads, memoryLimit: memoryLimit)
      case .several(let devices): try team(devices, threads: threads, memoryLimit: memoryLimit)
      }
    return CustomModelEngine(engine, folder: UserFolders.current.architectures, threads: threads)
  }

  private func automatic(
    threads: Int, memoryLimit: Int?, voxels: @escaping @Sendable () -> Int?
  ) throws(AisError) -> AutomaticEngine {
    var candidates = [
      AutomaticEngine.Candidate(device: "cpu") { () throws(AisError) in try CPUEngine(threads: threads) }
    ]
    candidates += EngineSurvey.usableCards().map { number in
      AutomaticEngine.Candidate(device: "gpu:\(number)") { [self] () throws(AisError) in
        try torch(on: .gpu(number), threads: threads, memoryLimit: memoryLimit)
      }
    }
    return try AutomaticEngine(candidates, voxels: voxels)
  }

  private func team(_ devices: [Device], threads: Int, memoryLimit: Int?) throws(AisError) -> EngineTeam {
    var engines: [TorchEngine] = []
    for device in devices {
      let card: TorchDevice = if case .gpu(let number) = device { .gpu(number) } else { .processor }
      engines.append(
        try torch(
          on: card, threads: max(1, threads / devices.count), memoryLimit: memoryLimit.map { $0 / devices.count }))
    }
    return EngineTeam(engines)
  }

  private func torch(on device: TorchDevice, threads: Int, memoryLimit: Int?) throws(AisError) -> TorchEngine {
    let program = ProgramPath.current
    let isCard = device != .processor
    // The processor stands in for a card of so much memory.
    let budget = isCard ? nil : [memoryLimit, gpuMemory?.bytes].compactMap(\.self).min()
    return try TorchEngine(
      EngineProcessSettings(
        installation: TorchInstallation.find(program: program), device: device, threads: threads, memoryBudget: budget),
      precision: precision?.precision ?? (isCard ? .automatic : .fixed(.float32)), deviceBytes: gpuMemory?.bytes,
      batch: gpuBatch, program: program)
  }
}
