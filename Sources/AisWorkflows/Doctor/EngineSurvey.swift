import AisCore
import AisNetworks
import Foundation

/// What networks can run on here, and what keeps the rest from being used.
package struct EngineSurvey: Sendable, Codable {
  package struct Finding: Sendable, Codable {
    /// As `--device` names it: "cpu", "torch-cpu", "gpu:0".
    package var device: String
    /// "AMD EPYC …", "NVIDIA H200", "libtorch 2.11.0".
    package var title: String
    package var isUsable: Bool
    /// What it offers, or why it cannot be used.
    package var details: String
    /// What to do about it, a sentence.
    package var remedy: String?

    /// The number of a card.
    package var cardNumber: Int? { device.hasPrefix("gpu:") ? Int(device.dropFirst(4)) : nil }
  }

  package var schema = "ais.devices/1"
  package var findings: [Finding]

  /// A card that its driver reports.
  struct Card: Sendable, Equatable {
    var number: Int
    var name: String
    var driver: String
    var capability: String
    var totalMiB: Int
    var freeMiB: Int
  }

  /// Looks at this machine. Asks the driver's own program, `nvidia-smi`, in a process of its own: a driver that hangs or faults takes
  /// nobody with it.
  package static func current(program: String = ProgramPath.current) -> EngineSurvey {
    let threads = MachineResources.current().threads
    return EngineSurvey(
      threads: threads, smi: CommandOutputText.of("nvidia-smi", arguments: Card.query),
      libtorch: libtorch(program: program, threads: threads))
  }

  /// The numbers of the cards that networks can run on. Quick where there is no driver: nothing is started then.
  package static func usableCards(program: String = ProgramPath.current) -> [Int] {
    cards(program: program).findings.compactMap { $0.isUsable ? $0.cardNumber : nil }
  }

  /// What is known of the cards of this machine.
  struct Cards: Sendable {
    /// One for each card, or one that says why there is none.
    var findings: [Finding]
    /// What each can do: "9.0". Empty where the driver says nothing.
    var capabilities: [Int: String]
    /// How many libtorch can use; 0 where it was not asked.
    var usable: Int

    /// Why a card cannot be used; `nil` when it can. libtorch has the last word: its count is that of this process, and in containers
    /// there may be no `nvidia-smi`.
    func problem(of number: Int) -> AisError? {
      if number < usable { return nil }
      let finding = findings.first { $0.cardNumber == number }
      let numbers = findings.compactMap(\.cardNumber)
      let reason =
        if let finding {
          finding.details + (finding.remedy.map { "; \($0)" } ?? "")
        } else if numbers.isEmpty {
          findings.first?.details ?? "there is none"
        } else {
          "this machine has \(numbers.map { "GPU \($0)" }.joined(separator: " and "))"
        }
      return AisError(
        .engineUnavailable, "GPU \(number) cannot be used: \(reason) ('ais doctor' shows what can be computed on)")
    }

    /// Whether all of these cards have instructions for it.
    func multiplyBfloat16(_ numbers: [Int]) -> Bool {
      numbers.allSatisfy { (capabilities[$0].flatMap(Double.init) ?? 0) >= 8 }
    }
  }

  /// - Parameter asksLibtorch: also where no driver reports a card. Otherwise it is quick there: nothing is started.
  static func cards(program: String = ProgramPath.current, asksLibtorch: Bool = false) -> Cards {
    let smi = CommandOutputText.of("nvidia-smi", arguments: Card.query)
    let hasCards = smi.map { $0.status == 0 && !$0.text.isEmpty } ?? false
    let found: Libtorch =
      hasCards || asksLibtorch ? libtorch(program: program, threads: 1) : .success((version: "", cards: 0))
    return Cards(smi, libtorch: found)
  }

  /// What libtorch says of itself: its version and how many cards it can use; or what is missing.
  typealias Libtorch = Result<(version: String, cards: Int), AisError>

  private static func libtorch(program: String, threads: Int) -> Libtorch {
    do throws(AisError) {
      let settings = EngineProcessSettings(
        installation: try TorchInstallation.find(program: program), device: .processor, threads: threads)
      let process = EngineProcess(settings, program: program)
      return .success((try process.version(), try process.deviceCount()))
    } catch {
      return .failure(error)
    }
  }

  /// - Parameter smi: what `nvidia-smi` printed; `nil` where there is none, an error where it failed.
  init(threads: Int, smi: CommandOutputText?, libtorch: Libtorch) {
    findings = [
      Finding(
        device: "cpu", title: "the processor", isUsable: true,
        details:
          "own kernels, \(InstructionSet.best.rawValue), float32, \(threads) \(threads == 1 ? "thread" : "threads")")
    ]
    var usableCards = 0
    switch libtorch {
    case .success(let found):
      usableCards = found.cards
      findings.append(
        Finding(
          device: "torch-cpu", title: "the processor", isUsable: true,
          details: "libtorch \(found.version); for comparison, slower than 'cpu'"))
    case .failure(let error):
      findings.append(
        Finding(
          device: "torch-cpu", title: "the processor", isUsable: false, details: error.message,
          remedy: "only GPUs and training need libtorch: 'make torch' sets it up"))
    }
    findings += Self.cards(smi, libtorch: libtorch, usable: usableCards)
  }

  fileprivate static func cards(_ smi: CommandOutputText?, libtorch: Libtorch, usable: Int) -> [Finding] {
    func none(_ details: String, _ remedy: String?) -> [Finding] {
      [Finding(device: "gpu", title: "no NVIDIA card", isUsable: false, details: details, remedy: remedy)]
    }
    guard let smi else {
      return none(
        "there is no NVIDIA driver: no 'nvidia-smi' was found", "with a card in this machine, install NVIDIA's driver")
    }
    guard smi.status == 0 else {
      let said = smi.text.split(separator: "\n").first.map { "'\($0.prefix(200))'" } ?? "nothing"
      return none(
        "'nvidia-smi' failed and said \(said)",
        "the driver does not work: restart the machine after an update of the driver, or install the driver anew")
    }
    let cards = smi.text.split(separator: "\n").compactMap { Card(line: String($0)) }
    if cards.isEmpty { return none("the driver finds no card", nil) }
    return cards.map { card in
      let facts =
        "capability \(card.capability), driver \(card.driver), \(card.freeMiB) of \(card.totalMiB) MiB free"
      var finding = Finding(device: "gpu:\(card.number)", title: card.name, isUsable: false, details: facts)
      if let (reason, remedy) = card.obstacle {
        finding.details = "\(reason) (\(facts))"
        finding.remedy = remedy
        return finding
      }
      switch libtorch {
      case .failure(let error):
        finding.details = "libtorch is missing (\(facts))"
        finding.remedy = error.message
      case .success where usable == 0:
        finding.details = "libtorch cannot use it (\(facts))"
        finding.remedy =
          "this libtorch was fetched for a machine without a card, or a library of CUDA is missing: 'make deps-torch torch' "
          + "fetches the one for this card"
      case .success:
        finding.isUsable = card.number < usable
        if card.freeMiB < 1024 {
          finding.isUsable = false
          finding.details = "other programs hold its memory (\(facts))"
          finding.remedy = "'nvidia-smi' names them; a GiB must be free"
        }
      }
      return finding
    }
  }
}

extension EngineSurvey.Cards {
  /// - Parameters: as of `EngineSurvey.init`.
  init(_ smi: CommandOutputText?, libtorch: EngineSurvey.Libtorch) {
    usable = if case .success(let found) = libtorch { found.cards } else { 0 }
    findings = EngineSurvey.cards(smi, libtorch: libtorch, usable: usable)
    let lines = smi.map { $0.status == 0 ? $0.text.split(separator: "\n") : [] } ?? []
    let cards = lines.compactMap { EngineSurvey.Card(line: String($0)) }
    capabilities = Dictionary(cards.map { ($0.number, $0.capability) }) { first, _ in first }
  }
}

extension EngineSurvey.Card {
  static let query = [
    "--query-gpu=index,name,driver_version,compute_cap,memory.total,memory.free", "--format=csv,noheader,nounits",
  ]

  /// A line as "0, NVIDIA H200, 580.65.06, 9.0, 143771, 143000".
  init?(line: String) {
    let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
    guard fields.count == 6, let number = Int(fields[0]) else { return nil }
    self.init(
      number: number, name: fields[1], driver: fields[2], capability: fields[3], totalMiB: Int(fields[4]) ?? 0,
      freeMiB: Int(fields[5]) ?? 0)
  }

  /// Why no libtorch that we fetch can use it, and what to do.
  var obstacle: (reason: String, remedy: String?)? {
    if let version = Double(capability), version < 5 {
      return ("compute capability \(capability) is too old: 5.0 or newer is needed", nil)
    }
    if let version = driver.split(separator: ".").first.flatMap({ Int($0) }), version < 525 {
      return (
        "the driver \(driver) is too old: 525 or newer is needed, 580 for the newest cards",
        "install a newer driver of NVIDIA's"
      )
    }
    return nil
  }
}

/// What a program printed and how it ended.
struct CommandOutputText: Sendable {
  var status: Int32
  var text: String

  /// `nil` where there is no such program in PATH.
  static func of(_ name: String, arguments: [String]) -> CommandOutputText? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let candidates = folders.map { "\($0)/\(name)" }
    guard let path = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else { return nil }
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return CommandOutputText(status: -1, text: "") }
    let data = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    return CommandOutputText(status: process.terminationStatus, text: String(decoding: data, as: UTF8.self))
  }
}
