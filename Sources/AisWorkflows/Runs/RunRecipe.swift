import AisCore
import AisFormats
import AisSegmentation
import Foundation

/// Everything that a run of a project's networks over its tomograms was asked for (schema `ais.run/1`): with it, the same run can be
/// made again.
package struct RunRecipe: Codable, Sendable, Hashable {
  package static let schemaName = "ais.run/1"

  package struct Colour: Codable, Sendable, Hashable {
    package var red: Double
    package var green: Double
    package var blue: Double

    package init(red: Double, green: Double, blue: Double) {
      self.red = red
      self.green = green
      self.blue = blue
    }
  }

  /// A network and how it is applied.
  package struct Model: Codable, Sendable, Hashable {
    /// The project's number of the model.
    package var id: Int64
    package var title: String
    /// In the project's folder `models`; named by its content, and never changed.
    package var file: String
    package var contentHash: String?
    package var colour: Colour
    package var threshold: Double
    package var emits: Bool
    package var absorbs: Bool
    package var augmentations: Int
    package var tiling: String
    /// `nil`: as trained; 0: the tomogram's own.
    package var processingVoxelSizeAngstrom: Double?

    package init(
      id: Int64, title: String, file: String, contentHash: String?, colour: Colour, threshold: Double, emits: Bool,
      absorbs: Bool, augmentations: Int, tiling: String, processingVoxelSizeAngstrom: Double?
    ) {
      self.id = id
      self.title = title
      self.file = file
      self.contentHash = contentHash
      self.colour = colour
      self.threshold = threshold
      self.emits = emits
      self.absorbs = absorbs
      self.augmentations = augmentations
      self.tiling = tiling
      self.processingVoxelSizeAngstrom = processingVoxelSizeAngstrom
    }
  }

  package struct Rule: Codable, Sendable, Hashable {
    package var kind: String
    /// Numbers of models of the recipe.
    package var child: Int64
    package var parent: Int64
    package var radiusNanometer: Double
    package var threshold: Double

    package init(kind: String, child: Int64, parent: Int64, radiusNanometer: Double, threshold: Double) {
      self.kind = kind
      self.child = child
      self.parent = parent
      self.radiusNanometer = radiusNanometer
      self.threshold = threshold
    }
  }

  /// From the first slice, row or column to before the end, counted from 0.
  package struct Part: Codable, Sendable, Hashable {
    package var first: Int
    package var end: Int

    package init(first: Int, end: Int) {
      self.first = first
      self.end = end
    }

    /// Throws `usage` for what is no range.
    func range(_ name: String) throws(AisError) -> Range<Int> {
      guard first >= 0, first < end else {
        throw AisError(.usage, "\(name) from \(first) to before \(end) are none: expected 0 ≤ first < end")
      }
      return first..<end
    }
  }

  package struct Edges: Codable, Sendable, Hashable {
    package var z: Double
    package var y: Double
    package var x: Double

    package init(_ size: VoxelSize) { (z, y, x) = (size.z.angstrom, size.y.angstrom, size.x.angstrom) }
    package var size: VoxelSize { VoxelSize(z: .angstroms(z), y: .angstroms(y), x: .angstroms(x)) }
  }

  package struct Tomogram: Codable, Sendable, Hashable {
    /// The project's numbers.
    package var dataset: Int64
    package var version: Int64
    package var name: String
    /// From the root.
    package var path: String
    package var slices: Part?
    package var rows: Part?
    package var columns: Part?
    /// As the project knows it; `nil`: the header's.
    package var voxelSizeAngstrom: Edges?

    package init(dataset: Int64, version: Int64, name: String, path: String) {
      self.dataset = dataset
      self.version = version
      self.name = name
      self.path = path
    }
  }

  /// Who computes.
  package struct Place: Codable, Sendable, Hashable {
    package enum Kind: String, Codable, Sendable { case here, slurm }

    package var kind = Kind.here
    /// `cpu` or `gpu`.
    package var device = "cpu"
    /// Numbers of the cards that are used; each worker is given one of them in turn.
    package var cards: [Int] = []
    /// Processes at the same time.
    package var workers = 1
    /// Of all of them together, or of each in Slurm; `nil` is what there is.
    package var threads: Int?
    package var memoryBytes: Int?
    package var slurm: Slurm?

    package init() {}
  }

  /// What each worker asks of Slurm.
  package struct Slurm: Codable, Sendable, Hashable {
    package var partition: String?
    package var account: String?
    package var qos: String?
    package var time: String?
    package var gpus: String?
    package var directives: [String]?
    package var modules: [String]?

    package init() {}
  }

  package private(set) var schema = RunRecipe.schemaName
  package private(set) var program = AisVersion.current
  package var title: String
  package var by: String
  /// Milliseconds since 1970.
  package var time: Double
  package var models: [Model]
  package var rules: [Rule]
  /// In how many dimensions masks of rules are dilated.
  package var dimension: Int
  package var tomograms: [Tomogram]
  /// The folder for the segmentations, from the root.
  package var output: String
  /// The names of outputs before `__TITLE.mrc`.
  package var name = OutputName.standardPattern
  package var outputType = SegmentRequest.OutputType.uint16.rawValue
  /// Whether outputs that are there are made again.
  package var replacesOutputs = false
  package var place = Place()

  package init(
    title: String, by: String, models: [Model], rules: [Rule], dimension: Int, tomograms: [Tomogram], output: String
  ) {
    self.title = title
    self.by = by
    time = (Date().timeIntervalSince1970 * 1000).rounded()
    self.models = models
    self.rules = rules
    self.dimension = dimension
    self.tomograms = tomograms
    self.output = output
  }

  /// Reads a recipe. Throws `malformed` and `unsupported`.
  package init(parsing bytes: [UInt8], name: String) throws(AisError) {
    struct Head: Decodable { var schema: String? }
    let data = Data(bytes)
    guard let head = try? JSONDecoder().decode(Head.self, from: data) else {
      throw AisError(
        .malformed, "'\(name)' is no recipe of a run: expected JSON with \"schema\": \"\(Self.schemaName)\"")
    }
    guard head.schema == Self.schemaName else {
      throw AisError(
        .unsupported,
        "'\(name)' has the schema '\(head.schema ?? "none")', expected '\(Self.schemaName)': a recipe of a run")
    }
    do { self = try JSONDecoder().decode(RunRecipe.self, from: data) } catch {
      throw AisError(
        .malformed, "'\(name)' says that it is a recipe of a run and lacks what belongs to one", cause: error)
    }
  }

  package var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    guard let data = try? encoder.encode(self) else { preconditionFailure("recipes are plain JSON") }
    return Array(data) + [0x0A]
  }
}
