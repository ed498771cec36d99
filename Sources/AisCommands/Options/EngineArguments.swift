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

    package init?(argument: String) {
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
      }
    }

    package static var allValueStrings: [String] { ["auto", "cpu", "gpu", "gpu:N", "torch-cpu"] }
  }

  /// The numbers that the arithmetic is done with.
  package enum Precision: String, CaseIterable, ExpressibleByArgument, Sendable {
    case float32, bfloat16, float16

    var element: TorchTensor.Element {
      switch self {
      case .float32: .float32
      case .bfloat16: .bfloat16
      case .float16: .float16
      }
    }
  }

  @Option(
    help: ArgumentHelp(
      "What to compute on. auto: what is done first; the cards that can be used are tried, if the work takes long enough. cpu: our kernels on the processor. gpu, gpu:1: an NVIDIA card, with libtorch; 'ais doctor' says whether it can be used. torch-cpu: libtorch on the processor, for comparison."
    ))
  package var device: Device = .auto

  @Option(help: "The numbers to compute with. cpu: float32 only.")
  package var precision: Precision = .float32

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
    if precision != .float32, device == .cpu || device == .auto {
      throw ValidationError(
        "--precision \(precision.rawValue) goes with '--device gpu' or 'torch-cpu': our own kernels compute with float32"
      )
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

  private func torch(on device: TorchDevice, threads: Int, memoryLimit: Int?) throws(AisError) -> TorchEngine {
    let program = ProgramPath.current
    return try TorchEngine(
      EngineProcessSettings(
        installation: TorchInstallation.find(program: program), device: device, element: precision.element,
        threads: threads, memoryBudget: device == .processor ? memoryLimit : nil),
      program: program)
  }
}
