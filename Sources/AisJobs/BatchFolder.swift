import AisCore
import AisFormats
import Foundation

/// The folder in which a batch keeps its plans, journal and workers: `OUT/ais-batch`. It may lie on a network file system and
/// be used from any number of machines at once.
package struct BatchFolder: Sendable {
  package static let name = "ais-batch"

  /// The output folder, as people know it.
  package let output: String
  /// The batch's own folder.
  package let path: String
  package var plansPath: String { path + "/plans" }
  package var journalPath: String { path + "/journal" }
  package var workersPath: String { path + "/workers" }

  private init(output: String) {
    self.output = output
    path = (output.hasSuffix("/") ? output : output + "/") + Self.name
  }

  /// Opens the batch of an output folder; its own folder will do too.
  package init(opening folder: String) throws(AisError) {
    let trimmed = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    let isOwn = trimmed == Self.name || trimmed.hasSuffix("/" + Self.name)
    let parent = (trimmed as NSString).deletingLastPathComponent
    self.init(output: isOwn ? (parent.isEmpty ? "." : parent) : trimmed)
    var status = stat()
    guard stat(plansPath, &status) == 0 else {
      let number = errno
      if number == ENOENT || number == ENOTDIR { throw .noBatch(at: folder) }
      throw .unreadable(output, .fileSystem("open", plansPath, number))
    }
  }

  /// The batch that an output folder is going to hold: for its paths only.
  package init(planned output: String) { self.init(output: output) }

  /// Opens the batch of an output folder, and makes it if there is none.
  package init(making output: String) throws(AisError) {
    self.init(output: output)
    for folder in [plansPath, journalPath, workersPath] {
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw AisError(
          .fileSystem, "the folder '\(folder)' of the batch cannot be made: \(error.localizedDescription)")
      }
    }
  }

  /// Whether an output folder holds a batch.
  package static func isThere(at output: String) -> Bool { (try? BatchFolder(opening: output)) != nil }

  // MARK: Plans

  /// All plans, in the order in which they were made, when there are more than `known`; `nil` when not. Asks for each by its
  /// number, for listings may lag behind. Throws `unsupported` for those of a newer form.
  package func plans(butFor known: Int = 0) throws(AisError) -> [BatchPlan]? {
    guard try isThere(planPath(known + 1)) else { return nil }
    var plans: [BatchPlan] = []
    while try isThere(planPath(plans.count + 1)) {
      plans.append(try read(BatchPlan.self, planPath(plans.count + 1), schema: BatchPlan.schemaName))
    }
    return plans
  }

  /// Adds a plan to the batch. Of several at once, each gets a number of its own.
  package func add(_ plan: BatchPlan) throws(AisError) {
    let bytes = Self.bytes(plan, isPretty: true)
    var number = 1
    while try isThere(planPath(number)) { number += 1 }
    while try !create(bytes, at: planPath(number)) { number += 1 }
  }

  private func planPath(_ number: Int) -> String { "\(plansPath)/\(Self.digits(number, 6)).json" }

  /// When the newest plan was made, by the clock of the file server: what outputs' times can be compared with.
  package func planTime() -> Double {
    (try? list(plansPath))?.compactMap { Self.time(plansPath + "/" + $0) }.max() ?? 0
  }

  // MARK: Journal

  /// The path of an entry.
  package func entryPath(_ task: String, _ number: Int) -> String {
    "\(journalPath)/\(task).\(Self.digits(number, 4)).json"
  }

  /// Writes an entry, unless somebody else has written that number: then `false`.
  package func append(_ entry: JournalEntry) throws(AisError) -> Bool {
    do throws(AisError) {
      return try create(Self.bytes(entry, isPretty: false), at: entryPath(entry.task, entry.number))
    } catch {
      throw .unwritable(output, error)
    }
  }

  /// One entry, `nil` when nobody has written it. Asks for the file itself, for listings may lag behind.
  package func entry(_ task: String, _ number: Int) throws(AisError) -> JournalEntry? {
    let path = entryPath(task, number)
    return try isThere(path) ? try read(JournalEntry.self, path, schema: JournalEntry.schemaName) : nil
  }

  /// How far the journal goes by its listing: the greatest number of each task. It may lag behind by seconds.
  package func journalExtents() throws(AisError) -> [String: Int] {
    var extents: [String: Int] = [:]
    for name in try list(journalPath) where name.hasSuffix(".json") && !name.hasPrefix(".") {
      let parts = name.split(separator: ".")
      guard parts.count == 3, let number = Int(parts[1]) else { continue }
      extents[String(parts[0])] = max(extents[String(parts[0])] ?? 0, number)
    }
    return extents
  }

  // MARK: Workers

  package func workers() throws(AisError) -> [WorkerRecord] {
    var workers: [WorkerRecord] = []
    for name in try list(workersPath) where name.hasSuffix(".json") && !name.hasPrefix(".") {
      workers.append(try read(WorkerRecord.self, workersPath + "/" + name, schema: WorkerRecord.schemaName))
    }
    return workers
  }

  /// A worker's account of itself, `nil` when it has left none.
  package func worker(_ id: String) throws(AisError) -> WorkerRecord? {
    let path = "\(workersPath)/\(id).json"
    return try isThere(path) ? try read(WorkerRecord.self, path, schema: WorkerRecord.schemaName) : nil
  }

  package func add(_ worker: WorkerRecord) throws(AisError) {
    do throws(AisError) {
      _ = try create(Self.bytes(worker, isPretty: true), at: "\(workersPath)/\(worker.id).json")
    } catch {
      throw .unwritable(output, error)
    }
  }

  package func signPath(of worker: String) -> String { "\(workersPath)/\(worker).life" }
  package func logPath(of worker: String) -> String { "\(workersPath)/\(worker).log" }

  /// A worker's last sign of life, `nil` when it cannot be read.
  package func sign(of worker: String) -> LifeSign? {
    // Opened anew each time: that is when network file systems look for what has changed.
    guard let bytes = try? RandomAccessFile(signPath(of: worker)).contents(limit: 1 << 16) else { return nil }
    return try? JSONDecoder().decode(LifeSign.self, from: Data(bytes))
  }

  // MARK: Files

  private func isThere(_ path: String) throws(AisError) -> Bool {
    var status = stat()
    if stat(path, &status) == 0 { return true }
    let number = errno
    if number == ENOENT { return false }
    throw .unreadable(output, .fileSystem("read", path, number))
  }

  func list(_ folder: String) throws(AisError) -> [String] {
    do throws(AisError) { return try FolderListing.names(in: folder) } catch { throw .unreadable(output, error) }
  }

  func create(_ bytes: [UInt8], at path: String) throws(AisError) -> Bool {
    do throws(AisError) { return try AtomicFile.create(bytes, at: path) } catch {
      let noLinks = [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains { error.message.contains(AisError.systemMessage($0)) }
      throw noLinks ? .noHardLinks(output, error) : error
    }
  }

  /// Reads a file of the batch after looking at its schema, so that a newer one is named as such.
  func read<Value: Decodable>(_ type: Value.Type, _ path: String, schema: String) throws(AisError) -> Value {
    let data: Data
    do throws(AisError) { data = Data(try RandomAccessFile(path).contents(limit: 256 << 20)) } catch {
      throw .unreadable(output, error)
    }
    guard let head = try? JSONDecoder().decode(FileHead.self, from: data) else {
      throw AisError(.malformed, "'\(path)' is not the JSON that a batch keeps. Something else wrote it: move it away.")
    }
    guard head.schema == schema else {
      throw .unknownForm(path, head.schema, expected: schema, version: head.program?.version ?? head.version)
    }
    do { return try JSONDecoder().decode(type, from: data) } catch {
      throw AisError(.malformed, "'\(path)' says that it is '\(schema)' and lacks what belongs to it.", cause: error)
    }
  }

  static func bytes(_ value: some Encodable, isPretty: Bool) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      isPretty
      ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
      : [
        .sortedKeys, .withoutEscapingSlashes,
      ]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let data = try? encoder.encode(value) else { preconditionFailure("values of a batch are plain JSON") }
    return Array(data) + [0x0A]
  }

  static func digits(_ number: Int, _ count: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, count - text.count)) + text
  }

  /// When a file was last changed, by its server's clock.
  package static func time(_ path: String) -> Double? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
  }
}

/// What tells a file's form and who wrote it.
private struct FileHead: Decodable {
  struct Program: Decodable { var version: String? }
  var schema: String?
  var program: Program?
  var version: String?
}
