import AisCore
import GRDB

/// The networks of a project, their rules, and what they learn from.
extension Project {
  package func models() throws(AisError) -> [Model] {
    try database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM model WHERE live = 1 ORDER BY position, id").map { Model($0) }
    }
  }

  package func model(_ id: Int64) throws(AisError) -> Model? {
    try database.read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM model WHERE id = ? AND live = 1", arguments: [id]).map { Model($0) }
    }
  }

  /// In the order in which they are carried out; those of deleted models are out of sight.
  package func rules() throws(AisError) -> [ModelRule] {
    try database.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT r.* FROM rule r JOIN model c ON c.id = r.child AND c.live = 1 JOIN model p ON p.id = r.parent AND p.live = 1
          WHERE r.live = 1 ORDER BY r.position, r.id
          """
      ).map { ModelRule($0) }
    }
  }

  package func trainingSets() throws(AisError) -> [TrainingSet] {
    try database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM training_set WHERE live = 1 ORDER BY position, id").map {
        TrainingSet($0)
      }
    }
  }

  package func trainingSet(_ id: Int64) throws(AisError) -> TrainingSet {
    let found = try database.read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM training_set WHERE id = ? AND live = 1", arguments: [id]).map {
        TrainingSet($0)
      }
    }
    guard let found else { throw AisError(.notFound, "the project has no training set \(id), or it was deleted") }
    return found
  }
}
