import AisCore
import AisFormats
import AisNetworks
import Foundation

/// A training's checkpoint on disk: a tar with `state.json` and arrays of little-endian float32, written whole or not at all.
package struct CheckpointFile: Sendable, Equatable {
  package static let schema = "ais.training/1"

  package var checkpoint: TrainingCheckpoint
  /// What must be the same when the training goes on, by name, in words.
  package var identity: [String: String]

  package init(_ checkpoint: TrainingCheckpoint, identity: [String: String]) {
    self.checkpoint = checkpoint
    self.identity = identity
  }

  /// `state.json`
  private struct State: Codable {
    var schema: String
    var identity: [String: String]
    var history: [EpochRecord]
    var step: Int
    var tally: Tally
    var networks: [Network]
    /// Of a user's own model: what its program wrote, and how many weights it counts.
    var program: Program?
    /// SHA-256 of every other member.
    var digests: [String: String]

    struct Network: Codable {
      var steps: Int
      var weights: [Entry]
      /// Values in each moment, in turn first and second.
      var moments: [Int]
    }

    struct Program: Codable {
      var last: [String]
      var best: [String]
      var parameters: Int
    }

    struct Entry: Codable {
      var node: String
      var role: WeightRole
      var shape: [Int]
    }
  }

  // MARK: - Writing

  package func write(to path: String) throws(AisError) { try AtomicFile.write(try bytes(), to: path) }

  package func bytes() throws(AisError) -> [UInt8] {
    var members: [TarArchive.Member] = []
    var networks: [State.Network] = []
    for (index, learner) in checkpoint.learners.enumerated() {
      let keys = Self.ordered(learner.weights)
      networks.append(
        State.Network(
          steps: learner.steps,
          weights: keys.map { State.Entry(node: $0.node, role: $0.role, shape: learner.weights[$0]?.shape ?? []) },
          moments: learner.moments.map(\.count)))
      members.append(
        .init(name: "weights_\(index).f32", bytes: Self.encoded(keys.compactMap { learner.weights[$0]?.values })))
      members.append(.init(name: "moments_\(index).f32", bytes: Self.encoded(learner.moments)))
    }
    let best = Self.ordered(checkpoint.bestWeights).compactMap { checkpoint.bestWeights[$0]?.values }
    members.append(.init(name: "best.f32", bytes: Self.encoded(best)))
    var program: State.Program?
    if let state = checkpoint.program {
      members += Self.members(state.last, "last") + Self.members(state.best, "best")
      program = .init(last: state.last.map(\.name), best: state.best.map(\.name), parameters: state.parameterCount)
    }
    let state = State(
      schema: Self.schema, identity: identity, history: checkpoint.history, step: checkpoint.step,
      tally: checkpoint.tally,
      networks: networks, program: program,
      digests: Dictionary(uniqueKeysWithValues: members.map { ($0.name, SHA256.hex(of: $0.bytes)) })
    )
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      members.insert(.init(name: "state.json", bytes: [UInt8](try encoder.encode(state))), at: 0)
    } catch { throw AisError(.engineFailed, "the state of the training cannot be written as JSON", cause: error) }
    return try TarArchive.bytes(of: members)
  }

  private static func ordered(_ weights: [WeightKey: Tensor]) -> [WeightKey] {
    weights.keys.sorted { ($0.node, $0.role.rawValue) < ($1.node, $1.role.rawValue) }
  }

  private static func encoded(_ arrays: [[Float]]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(arrays.reduce(0) { $0 + 4 * $1.count })
    for array in arrays { array.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    return bytes
  }

  /// Files of a program, numbered: their names are the program's own.
  private static func members(_ files: [CustomModel.SavedFile], _ kind: String) -> [TarArchive.Member] {
    files.enumerated().map { .init(name: "program_\(kind)_\($0)", bytes: $1.bytes) }
  }

  // MARK: - Reading

  /// Throws `malformed` when the file is no checkpoint, or one that was damaged.
  package init(path: String) throws(AisError) {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    try self.init(try RandomAccessFile(path).contents(limit: 16 << 30), name: name)
  }

  package init(_ bytes: [UInt8], name: String) throws(AisError) {
    func damaged(_ what: String) -> AisError {
      AisError(
        .malformed,
        "'\(name)' is not a checkpoint that a training can go on from: \(what). Start the training anew, without '--resume'."
      )
    }
    var limits = TarArchive.Limits()
    (limits.memberBytes, limits.totalBytes) = (8 << 30, 16 << 30)
    guard TarArchive.isLikely(bytes) else { throw damaged("it is no archive") }
    let members = Dictionary(
      try TarArchive(bytes, name: name, limits: limits).members.map { ($0.name, $0.bytes) },
      uniquingKeysWith: { first, _ in first })
    guard let json = members["state.json"] else { throw damaged("it holds no 'state.json'") }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let state = try? decoder.decode(State.self, from: Data(json)), state.schema == Self.schema else {
      throw damaged("its 'state.json' is not of the kind '\(Self.schema)'")
    }
    func values(_ member: String, _ counts: [Int]) throws(AisError) -> [[Float]] {
      guard let bytes = members[member], SHA256.hex(of: bytes) == state.digests[member] else {
        throw damaged("'\(member)' is not what was written")
      }
      guard counts.allSatisfy({ $0 >= 0 && $0 <= bytes.count }), counts.reduce(0, +) * 4 == bytes.count else {
        throw damaged("'\(member)' has \(bytes.count) bytes, expected \(counts.reduce(0, &+) &* 4)")
      }
      return bytes.withUnsafeBytes { raw in
        var start = 0
        return counts.map { count in
          defer { start += 4 * count }
          return (0..<count).map { raw.loadUnaligned(fromByteOffset: start + 4 * $0, as: Float.self) }
        }
      }
    }
    func tensors(_ entries: [State.Entry], _ member: String) throws(AisError) -> [WeightKey: Tensor] {
      let counts = entries.map { $0.shape.reduce(1, &*) }
      var result: [WeightKey: Tensor] = [:]
      for (entry, array) in zip(entries, try values(member, counts)) {
        result[WeightKey(entry.node, entry.role)] = Tensor(shape: entry.shape, values: array)
      }
      return result
    }
    func files(_ names: [String], _ kind: String) throws(AisError) -> [CustomModel.SavedFile] {
      var files: [CustomModel.SavedFile] = []
      for (index, name) in names.enumerated() {
        let member = "program_\(kind)_\(index)"
        guard let bytes = members[member], SHA256.hex(of: bytes) == state.digests[member] else {
          throw damaged("'\(member)' is not what was written")
        }
        files.append(.init(name: name, bytes: bytes))
      }
      return files
    }
    identity = state.identity
    if let program = state.program {
      checkpoint = TrainingCheckpoint(
        learners: [], bestWeights: [:], history: state.history, step: state.step, tally: state.tally)
      checkpoint.program = .init(
        last: try files(program.last, "last"), best: try files(program.best, "best"), parameterCount: program.parameters
      )
      return
    }
    guard let first = state.networks.first else { throw damaged("it holds no network") }
    var learners: [LearnerState] = []
    for (index, network) in state.networks.enumerated() {
      learners.append(
        LearnerState(
          weights: try tensors(network.weights, "weights_\(index).f32"),
          moments: try values("moments_\(index).f32", network.moments), steps: network.steps))
    }
    checkpoint = TrainingCheckpoint(
      learners: learners, bestWeights: try tensors(first.weights, "best.f32"), history: state.history, step: state.step,
      tally: state.tally)
  }

  /// Throws `changed`, naming every difference, when a training of another identity wants to go on from here.
  package func check(_ wanted: [String: String], name: String) throws(AisError) {
    let differences = Set(identity.keys).union(wanted.keys).sorted().filter { identity[$0] != wanted[$0] }
    guard !differences.isEmpty else { return }
    let words = differences.map { "\($0) was \(identity[$0] ?? "not given") and is \(wanted[$0] ?? "not given")" }
    throw AisError(
      .changed,
      "'\(name)' is of another training: \(words.joined(separator: "; ")). Give the same settings to go on, or leave '--resume' "
        + "out to start anew.")
  }
}
