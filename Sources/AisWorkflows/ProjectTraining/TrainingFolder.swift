import AisCore
import AisFormats
import AisProject
import AisTraining
import Foundation

/// What a training in a project was asked for; kept in its folder, so that it can be gone on with.
package struct TrainingOrder: Sendable, Codable {
  package var schema = "ais.training/1"
  package var id: String
  package var title: String
  package var model: Int64
  /// The project's training set; 0 for boxes out of a file.
  package var set: Int64
  /// The file (`.scnt`) that somebody brought, whose boxes are learnt from.
  package var setFile: String?
  package var architecture: String?
  /// The model file whose network the training starts from.
  package var startModel: String?
  /// What that model was called.
  package var fromTitle: String?
  package var epochs = 50
  package var batch = 32
  package var copies = 10
  package var validation = 0.1
  /// Boxes without the feature for each one with it; `nil`: all boxes as they are.
  package var negativesPerPositive: Double?
  package var learningRate: Double?
  package var patience: Int?
  package var seed: UInt64 = 1
  package var boxSize: Int
  package var depth: Int
  /// `nil` where a file of boxes does not say it.
  package var pixelSizeAngstrom: Double?
  package var positives: Int
  package var negatives: Int
  /// Of the set when its boxes were cut.
  package var setDigest: String
  package var author: String
  /// Milliseconds since 1970.
  package var started: Double
  /// The file with the boxes, once they are cut: its name in the folder.
  package var boxes: String?
  /// The tomogram and slice that the model's picture is made of.
  package var preview: String?
  /// Threads that it computes with, from its first start on: others would give other numbers.
  package var threads: Int?
  /// It is being stopped, and what it learnt is not wanted.
  package var givesUp = false

  package init(
    id: String, title: String, model: Int64, set: TrainingSet, positives: Int, negatives: Int, digest: String,
    author: String
  ) {
    self.id = id
    self.title = title
    self.model = model
    self.set = set.id
    self.positives = positives
    self.negatives = negatives
    self.author = author
    setDigest = digest
    boxSize = set.boxSize
    depth = set.depth
    pixelSizeAngstrom = set.pixelSize.angstrom
    started = (Date().timeIntervalSince1970 * 1000).rounded()
  }

  package init(id: String, title: String, file: TrainingSetFile, author: String) {
    self.id = id
    self.title = title
    self.author = author
    (model, set, setDigest) = (0, 0, "")
    setFile = file.path
    negatives = file.sources.values.count(where: \.isNegative)
    positives = file.count - negatives
    boxSize = file.metadata.boxSize
    depth = file.metadata.depth
    pixelSizeAngstrom = file.metadata.pixelSize?.angstrom
    started = (Date().timeIntervalSince1970 * 1000).rounded()
  }
}

/// How a training ended for good.
package struct TrainingEnd: Sendable, Codable {
  package enum State: String, Sendable, Codable { case done, stopped, failed }
  package var state: State
  package var reason: String
  /// Milliseconds since 1970.
  package var ended: Double

  package init(_ state: State, _ reason: String) {
    self.state = state
    self.reason = reason
    ended = (Date().timeIntervalSince1970 * 1000).rounded()
  }
}

/// The folder of one training in a project: its order, its boxes, what the process that trains tells, and what it makes.
package struct TrainingFolder: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// The folder of a project's trainings.
  package static func all(_ project: ProjectFolder) -> String { project.path + "/trainings" }

  private var orderPath: String { path + "/order.json" }
  private var endPath: String { path + "/end.json" }
  private var processPath: String { path + "/process.json" }
  package var progressPath: String { path + "/progress.jsonl" }
  package var messagesPath: String { path + "/messages.txt" }
  /// The half-trained network.
  package var livePath: String { path + "/live.scnm" }
  package var modelPath: String { path + "/model.scnm" }
  /// What an unfinished training goes on from.
  package var hasCheckpoint: Bool { FileManager.default.fileExists(atPath: path + "/model.training") }

  package func order() throws(AisError) -> TrainingOrder { try read(orderPath) }
  package func write(_ order: TrainingOrder) throws(AisError) { try write(order, to: orderPath) }

  package var end: TrainingEnd? { try? read(endPath) }
  package func write(_ end: TrainingEnd?) throws(AisError) {
    if let end { try write(end, to: endPath) } else { try? FileManager.default.removeItem(atPath: endPath) }
  }

  package var process: ProcessIdentity? { try? read(processPath) }
  package func write(_ process: ProcessIdentity) throws(AisError) { try write(process, to: processPath) }
  /// From now on it waits for a process.
  package func forgetProcess() { try? FileManager.default.removeItem(atPath: processPath) }

  /// Copies a file of boxes into the folder, so that the training can go on when the file is away, and returns its name there.
  package func keep(_ file: String) throws(AisError) -> String {
    let (name, files) = ("set.scnt", FileManager.default)
    let (part, target) = ("\(path)/\(name).part", "\(path)/\(name)")
    do {
      try? files.removeItem(atPath: part)
      try files.copyItem(atPath: file, toPath: part)
      try? files.removeItem(atPath: target)
      try files.moveItem(atPath: part, toPath: target)
    } catch {
      throw AisError(.fileSystem, "'\(file)' cannot be copied into the project: \(error.localizedDescription)")
    }
    return name
  }

  private func read<Value: Decodable>(_ path: String) throws(AisError) -> Value {
    let bytes = try RandomAccessFile(path).contents(limit: 1 << 20)
    do { return try JSONDecoder().decode(Value.self, from: Data(bytes)) } catch {
      throw AisError(.malformed, "'\(path)' is not what a training writes there: \(error)")
    }
  }

  private func write(_ value: some Encodable, to path: String) throws(AisError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let data: Data
    do { data = try encoder.encode(value) } catch {
      throw AisError(.malformed, "'\(path)' cannot be written as JSON", cause: error)
    }
    try AtomicFile.write(Array(data), to: path)
  }

  /// The command that trains, to be run in a process of its own: begun, or gone on with.
  package func command(_ order: TrainingOrder, threads: Int, memoryBytes: Int) -> [String] {
    var words = [
      "train", path + "/" + (order.boxes ?? "set.scnt"), "--output", modelPath, "--name=\(order.title)", "--json",
      "--resume", "--keep-checkpoint", "--epochs", "\(order.epochs)", "--batch", "\(order.batch)", "--copies",
      "\(order.copies)", "--validation", "\(order.validation)", "--seed", "\(order.seed)", "--threads", "\(threads)",
      "--memory", "\(memoryBytes >> 20)MiB", "--live", livePath, "--live-every", "5",
    ]
    if let architecture = order.architecture { words += ["--architecture=\(architecture)"] }
    if let model = order.startModel { words += ["--from", model] }
    if let ratio = order.negativesPerPositive { words += ["--negatives", "\(ratio)"] }
    if let preview = order.preview { words += ["--preview", preview] }
    if let rate = order.learningRate { words += ["--rate", "\(rate)"] }
    if let patience = order.patience { words += ["--patience", "\(patience)"] }
    return words
  }
}

/// What a training has told so far, line by line.
package struct TrainingProgressLog: Sendable {
  package private(set) var stepsPerEpoch = 0
  package private(set) var epochs = 0
  package private(set) var history: [EpochRecord] = []
  package private(set) var step = 0
  package private(set) var loss: Double?
  package private(set) var secondsLeft: Double?
  /// How the process ended its work, in its own word; `nil` before.
  package private(set) var ending: String?
  package private(set) var parameters: Int?
  package private(set) var architecture: String?
  /// Bytes that were read.
  package private(set) var position = 0

  package init() {}

  /// Reads what was added since; a line that is not whole yet waits.
  package mutating func read(_ path: String) {
    guard let file = FileHandle(forReadingAtPath: path) else { return }
    defer { try? file.close() }
    guard (try? file.seek(toOffset: UInt64(position))) != nil, let data = try? file.readToEnd(),
      let end = data.lastIndex(of: UInt8(ascii: "\n"))
    else { return }
    position += end + 1 - data.startIndex
    for line in data[...end].split(separator: UInt8(ascii: "\n")) { take(line) }
  }

  /// From here on another process tells: what was said of an end no longer holds.
  package mutating func beginAgain() {
    ending = nil
    secondsLeft = nil
  }

  private mutating func take(_ line: Data) {
    guard let json = try? JSONValue(parsing: line, name: "progress") else { return }
    switch json["event"]?.string {
    case "plan":
      stepsPerEpoch = json["stepsPerEpoch"]?.integer ?? stepsPerEpoch
      epochs = json["epochs"]?.integer ?? epochs
      parameters = json["parameters"]?.integer
      architecture = json["architecture"]?.string
      step = 0
      ending = nil
    case "step":
      step = json["step"]?.integer ?? 0
      // A training that goes on from a checkpoint within an epoch that was told already tells it again.
      if let epoch = json["epoch"]?.integer { history.removeAll { $0.epoch >= epoch } }
      loss = json["training"]?["loss"]?.number
      secondsLeft = json["secondsLeft"]?.number
    case "epoch":
      guard let epoch = json["epoch"]?.integer, let training = Self.scores(json["training"]) else { return }
      history.removeAll { $0.epoch >= epoch }
      history.append(
        EpochRecord(
          epoch: epoch, learningRate: json["learningRate"]?.number ?? 0, training: training,
          validation: Self.scores(json["validation"]), seconds: json["seconds"]?.number ?? 0,
          isBest: json["isBest"]?.bool ?? false))
      step = 0
    case "end": ending = json["ending"]?.string
    default: break
    }
  }

  private static func scores(_ json: JSONValue?) -> Scores? {
    guard let json, !json.isNull else { return nil }
    func number(_ name: String) -> Double { json[name]?.number ?? .nan }
    return Scores(
      loss: number("loss"), precision: number("precision"), recall: number("recall"), dice: number("dice"))
  }

  /// 0…1, as far as is known.
  package var fraction: Double {
    guard epochs > 0, stepsPerEpoch > 0 else { return 0 }
    return min(1, (Double(history.count) + Double(step) / Double(stepsPerEpoch)) / Double(epochs))
  }
}
