import AisCore
import AisProject
import AisTestSupport
import Foundation
import GRDB
import Testing

@Suite("Project folders")
struct ProjectFileTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("Cells.ais") }

  init() throws { folder = try TemporaryFolder() }

  @Test("everything is there after closing and opening, undo too")
  func reopening() throws {
    let sample = try Sample(Project.create(path))
    _ = try sample.project.apply([sample.stroke(box(0, 0, 3, 3))], by: anna)
    _ = try sample.project.apply([sample.stroke(box(5, 5, 3, 3))], by: anna)
    _ = try sample.project.undo(by: anna)
    try sample.project.close()
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["project.sqlite"])

    let project = try Project.open(path)
    #expect(project.folder.name == "Cells")
    #expect(try project.mask(dataset: sample.dataset, feature: sample.feature, slice: 3).count == 9)
    _ = try #require(try project.redo(by: anna))
    #expect(try project.mask(dataset: sample.dataset, feature: sample.feature, slice: 3).count == 18)
    for _ in 0..<3 { _ = try #require(try project.undo(by: anna)) }
    #expect(try project.undo(by: anna) == nil)
    #expect(try project.features().isEmpty)
    #expect(try project.problems() == [])
    try project.close()
  }

  @Test("while a project is open there is a log, and neither shared memory nor a memory map")
  func noSharedMemory() throws {
    let sample = try Sample(Project.create(path))
    _ = try sample.project.apply([sample.stroke(box(0, 0, 3, 3))], by: anna)
    let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    #expect(names == ["lease.json", "project.sqlite", "project.sqlite-wal"])
    let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
    #expect(!maps.contains(path))
    try sample.project.close()
  }

  @Test("another program cannot write into an open project, and reads a closed one")
  func foreignAccess() throws {
    let sample = try Sample(Project.create(path))
    #expect(throws: DatabaseError.self) {
      let other = try DatabaseQueue(path: path + "/project.sqlite")
      try other.write { try $0.execute(sql: "DELETE FROM box") }
    }
    try sample.project.close()
    let other = try DatabaseQueue(path: path + "/project.sqlite")
    #expect(try other.read { try String.fetchAll($0, sql: "SELECT title FROM feature") } == ["Membrane"])
  }

  @Test("nothing can be taken out of the journal or changed in it")
  func appendOnly() throws {
    let sample = try Sample(Project.create(path))
    _ = try sample.project.apply([sample.stroke(box(0, 0, 3, 3))], by: anna)
    try sample.project.close()
    let other = try DatabaseQueue(path: path + "/project.sqlite")
    for table in ["journal", "journal_value", "journal_mask"] {
      for statement in ["DELETE FROM \(table)", "UPDATE \(table) SET seq = seq + 100"] {
        let words = message { try other.write { try $0.execute(sql: statement) } }
        #expect(words?.contains("the journal only grows") == true)
      }
    }
  }

  @Test("tables that do not say what the journal says are found")
  func tampering() throws {
    let sample = try Sample(Project.create(path))
    _ = try sample.project.apply(
      [
        sample.stroke(box(0, 0, 3, 3)),
        .placeBox(dataset: sample.dataset, feature: sample.feature, slice: 1, y: 2, x: 3),
      ], by: anna)
    try sample.project.close()
    let changes = [
      "UPDATE feature SET title = 'Other'": "'title' of the feature 1 is",
      "UPDATE box SET x = 9": "'x' of the box 1 is",
      "UPDATE mask SET z = 4": "slice 4 of feature 1 in dataset 1 is painted and nowhere in the journal",
      "DELETE FROM box": "the box 1 is in the journal and not in its table",
      "INSERT INTO undone VALUES (2)": "line 2 of the journal is undone",
      "UPDATE mask SET pixels = x'010003'": "slice 3 of feature 1 in dataset 1 is not what the journal says",
    ]
    for (statement, expected) in changes {
      let copy = folder.path("Copy.ais")
      try? FileManager.default.removeItem(atPath: copy)
      try FileManager.default.copyItem(atPath: path, toPath: copy)
      try DatabaseQueue(path: copy + "/project.sqlite").write { try $0.execute(sql: statement) }
      let project = try Project.open(copy)
      #expect(try project.problems().contains { $0.contains(expected) }, "\(statement)")
      try project.close()
    }
  }

  @Test("a backup made while work goes on is a whole project")
  func backup() throws {
    let sample = try Sample(Project.create(path))
    _ = try sample.project.apply([sample.stroke(box(0, 0, 3, 3))], by: anna)
    let copy = folder.path("Backup.ais")
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false)
    try sample.project.backup(to: copy + "/project.sqlite")
    _ = try sample.project.apply([sample.stroke(box(9, 9, 3, 3))], by: anna)
    #expect(try FileManager.default.contentsOfDirectory(atPath: copy) == ["project.sqlite"])
    let project = try Project.open(copy)
    #expect(try project.mask(dataset: sample.dataset, feature: sample.feature, slice: 3).count == 9)
    #expect(try project.problems() == [])
    try project.close()
    try sample.project.close()
  }

  @Test("folders that are no projects, and names that are none, are refused with a sentence")
  func refusals() throws {
    #expect(message { _ = try Project.open(folder.root) }?.contains("is not a project") == true)
    #expect(message { _ = try Project.create(folder.path("Cells")) }?.contains("ends in '.ais'") == true)
    try Project.create(path).close()
    #expect(message { _ = try Project.create(path) }?.contains("is a project already") == true)
    let other = folder.path("Other.ais")
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
    try "notes".write(toFile: other + "/notes.txt", atomically: true, encoding: .utf8)
    #expect(message { _ = try Project.create(other) }?.contains("holds other things") == true)
    try FileManager.default.removeItem(atPath: other + "/notes.txt")
    try String(repeating: "no database ", count: 1000).write(
      toFile: other + "/project.sqlite", atomically: true, encoding: .utf8)
    #expect(message { _ = try Project.open(other) }?.contains("is damaged") == true)
    // A project that cannot be opened is not left in use.
    #expect(!FileManager.default.fileExists(atPath: other + "/lease.json"))
  }

  @Test("a project of a newer program is refused and left as it is")
  func newer() throws {
    try Project.create(path).close()
    try DatabaseQueue(path: path + "/project.sqlite").write {
      try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 something new')")
    }
    let before = try Data(contentsOf: URL(filePath: path + "/project.sqlite"))
    #expect(message { _ = try Project.open(path) }?.contains("was made by a newer version of Ais") == true)
    #expect(try Data(contentsOf: URL(filePath: path + "/project.sqlite")) == before)
  }

  @Test("ways between folders")
  func relativePaths() {
    let folder = ProjectFolder("/data/lab/Cells.ais")
    #expect(folder.relativePath(to: "/data/lab/rec/TS_01.mrc") == "../rec/TS_01.mrc")
    #expect(folder.relativePath(to: "/data/lab/Cells.ais/a.mrc") == "a.mrc")
    #expect(folder.relativePath(to: "/scratch/TS_01.mrc") == nil)
    #expect(folder.absolutePath(of: "../rec/TS_01.mrc") == "/data/lab/rec/TS_01.mrc")
  }

  @Test("entries are handed on as they come, each once, across threads")
  func session() async throws {
    let sample = try Sample(Project.create(path))
    let session = ProjectSession(sample.project)
    let reader = Task {
      var seen: [Int64] = []
      while seen.count < 41 {
        seen += try await session.entries(after: seen.last ?? 0, limit: 7).map(\.sequence)
      }
      return seen
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for author in [anna, bert] {
        group.addTask {
          for index in 0..<20 {
            _ = try await session.run { project throws(AisError) in
              try project.apply([sample.stroke(box(index % 10, index, 1, 1))], by: author)
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await reader.value == Array(1...41))
    // One that waits for more ends when its task is cancelled.
    let waiting = Task { try await session.entries(after: 41) }
    await Task.yield()
    waiting.cancel()
    #expect(try await waiting.value.isEmpty)
    try sample.project.close()
  }
}
