import AisCore
import GRDB

/// What a cell of a project's table holds.
package enum ProjectValue: Hashable, Sendable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)

  package static func flag(_ value: Bool) -> ProjectValue { .integer(value ? 1 : 0) }
  static func optional(_ value: Double?) -> ProjectValue { value.map { .real($0) } ?? .null }
  static func optional(_ value: String?) -> ProjectValue { value.map { .text($0) } ?? .null }

  package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
  package var text: String? { if case .text(let value) = self { value } else { nil } }
  package var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }

  init(_ value: DatabaseValue) {
    switch value.storage {
    case .null, .blob: self = .null
    case .int64(let value): self = .integer(value)
    case .double(let value): self = .real(value)
    case .string(let value): self = .text(value)
    }
  }

  var databaseValue: DatabaseValue {
    switch self {
    case .null: .null
    case .integer(let value): value.databaseValue
    case .real(let value): value.databaseValue
    case .text(let value): value.databaseValue
    }
  }
}

/// A table whose cells are registers: what the latest edit that counts said.
package enum RecordKind: String, Sendable, CaseIterable {
  case dataset, version, feature, layer, box, view, library, setting, model, rule
  case libraryFeature = "library_feature"
  case trainingSet = "training_set"

  /// As in "the *feature* 12 is not there".
  var noun: String {
    switch self {
    case .libraryFeature: "library feature"
    case .trainingSet: "training set"
    case .version: "version of a tomogram"
    default: rawValue
    }
  }
}

/// One row of such a table.
package struct RecordKey: Hashable, Sendable {
  package var kind: RecordKind
  package var id: Int64
  package init(_ kind: RecordKind, _ id: Int64) {
    self.kind = kind
    self.id = id
  }
}
