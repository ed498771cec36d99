import AisCore
import AisFormats

/// What a person asks of `ais extract`.
package struct ExtractRequest: Sendable {
  /// Volumes of labels instead of annotations: the inputs are then their tomograms.
  package struct Labels: Sendable {
    /// Where boxes are placed.
    package enum Placement: Sendable, Hashable {
      /// At the points of lists, one for each tomogram or one for all.
      case lists([String])
      /// So many at random places of the label, and so many where there is nothing of it.
      case random(positives: Int, negatives: Int)
    }

    /// A volume for each tomogram, in the same order.
    package var volumes: [String]
    /// The number that marks each feature; empty: everything above 0 is the one feature.
    package var numbers: [Int]
    package var placement: Placement

    package init(volumes: [String], numbers: [Int], placement: Placement) {
      self.volumes = volumes
      self.numbers = numbers
      self.placement = placement
    }
  }

  /// A version of the tomograms that goes into the set as well.
  package struct Flavour: Sendable, Hashable {
    package var name: String
    /// Holds tomograms of the same names as the annotated ones.
    package var folder: String

    package init(name: String, folder: String) {
      self.name = name
      self.folder = folder
    }
  }

  /// Annotated datasets, folders of them, projects; with `labels`, tomograms.
  package var inputs: [String]
  package var outputFolder: String
  /// Titles of what is to be found.
  package var features: [String]
  /// Titles of what shows where nothing is to be found.
  package var negatives: [String] = []
  package var boxSize = 128
  package var depth = 1
  package var pixelSize = Length.angstroms(10)
  /// One set with all features.
  package var merges = false
  /// Names of tomograms or annotations that are left out, patterns, and `.txt` lists of them.
  package var excluded: [String] = []
  /// The places of the boxes, and no set.
  package var writesCoordinates = false
  /// Where tomograms are looked for that were moved.
  package var folders: [String] = []
  package var flavours: [Flavour] = []
  /// Takes the other versions that a project has of a tomogram, too.
  package var takesVersions = false
  package var labels: Labels?
  package var seed: UInt64 = 1
  package var view = TomogramOptions()
  package var replaces = false
  package var threads: Int

  package init(inputs: [String], outputFolder: String, features: [String], threads: Int) {
    self.inputs = inputs
    self.outputFolder = outputFolder
    self.features = features
    self.threads = threads
  }

  /// Throws `usage` for what contradicts itself.
  package func validate() throws(AisError) {
    guard !features.isEmpty else { throw AisError(.usage, "name what is to be found with '--feature'") }
    if let twice = features.first(where: { title in features.count { $0 == title } > 1 || negatives.contains(title) }) {
      throw AisError(.usage, "'\(twice)' is named twice: a feature is either to be found or not")
    }
    guard (8...4096).contains(boxSize) else { throw AisError(.usage, "--box \(boxSize): expected 8 to 4096 pixels") }
    guard (1...512).contains(depth) else { throw AisError(.usage, "--depth \(depth): expected 1 to 512 slices") }
    guard pixelSize.angstrom > 0, pixelSize.angstrom <= 1000 else {
      throw AisError(.usage, "--pixel-size \(angstromText(pixelSize.angstrom))A: expected up to 100nm")
    }
    for flavour in flavours where !Self.isFlavourName(flavour.name) {
      throw AisError(
        .usage, "'\(flavour.name)' cannot name a version: expected letters, digits, '-' and '_', and not 'main'")
    }
    if let labels { try validate(labels) }
  }

  private func validate(_ labels: Labels) throws(AisError) {
    guard labels.numbers.count == features.count || (labels.numbers.isEmpty && features.count == 1) else {
      throw AisError(
        .usage,
        "there are \(features.count) features and \(labels.numbers.count) labels: give each '--feature' its '--label', in the same order"
      )
    }
    guard negatives.isEmpty, !takesVersions else {
      throw AisError(
        .usage,
        "'--negative' and '--versions' have no meaning with volumes of labels; '--random-negatives' places boxes without the feature"
      )
    }
    if case .random(let positives, let negatives) = labels.placement,
      positives + negatives < 1 || positives < 0 || negatives < 0
    {
      throw AisError(.usage, "--random \(positives): expected a number of boxes, 1 or more")
    }
  }

  private static func isFlavourName(_ name: String) -> Bool {
    let isPlain = name.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || byte == 0x2D
        || byte == 0x5F
    }
    return isPlain && (1...60).contains(name.utf8.count) && name != "main"
  }
}
