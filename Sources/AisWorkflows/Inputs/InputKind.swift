import Foundation

/// What files a command takes: which of those in a folder are meant, and what they are called.
package struct InputKind: Sendable {
  /// `tomogram`, `segmentation`, …: for messages.
  package var noun: String
  /// Endings that a folder is searched for, in lower case; behind them `.gz` or `.bz2` may follow.
  package var endings: Set<String>
  /// Whether a `.txt` file on the command line is a list of paths, and not itself an input.
  package var readsLists = true
  var rule = FolderRule.all

  /// Which files of a folder, all with the right endings, are meant.
  enum FolderRule: Sendable {
    case all
    /// Not the segmentations among them.
    case tomograms
    /// The segmentations, or those of one feature.
    case segmentations(feature: String?)
    /// The segmentations, and all files with one of these endings.
    case segmentationsAnd(endings: Set<String>)
  }

  /// Endings of volumes. Tilt stacks and particle stacks are not tomograms.
  package static let volumeEndings: Set<String> = ["mrc", "rec", "map", "ccp4", "tif", "tiff"]

  package static let tomograms = InputKind(noun: "tomogram", endings: volumeEndings, rule: .tomograms)

  /// Volumes named `<tomogram>__<feature>`; with a feature, only those of it. A file named on the command line is taken
  /// whatever it is called.
  package static func segmentations(feature: String? = nil) -> InputKind {
    InputKind(noun: "segmentation", endings: volumeEndings, rule: .segmentations(feature: feature))
  }

  /// All files with one of these endings.
  package static func files(_ noun: String, endings: Set<String>) -> InputKind {
    InputKind(noun: noun, endings: endings, readsLists: !endings.contains("txt"))
  }

  init(noun: String, endings: Set<String>, readsLists: Bool = true, rule: FolderRule = .all) {
    self.noun = noun
    self.endings = endings
    self.readsLists = readsLists
    self.rule = rule
  }

  /// `a tomogram`, `an annotation`.
  package var withArticle: String { ("aeiou".contains(noun.first ?? "x") ? "an " : "a ") + noun }

  /// Whether a file's name ends as it should.
  func fits(_ name: String) -> Bool { !name.hasPrefix(".") && endings.contains(Self.ending(of: name)) }

  /// Whether a file of a folder with the right ending is meant. `stems` are those of all such files.
  func takes(_ name: String, in folder: String, stems: Set<String>) -> Bool {
    let stem = OutputName.stem(of: name)
    switch rule {
    case .all: return true
    case .tomograms:
      // `T__Membrane.mrc` beside `T.mrc`, or beside the account of how it was made, is a segmentation and not one more
      // tomogram.
      guard let range = stem.range(of: "__") else { return true }
      return !stems.contains(String(stem[..<range.lowerBound]))
        && !FileManager.default.fileExists(atPath: folder + stem + ".json")
    case .segmentationsAnd(let endings):
      return endings.contains(Self.ending(of: name)) || stem.contains("__")
    case .segmentations(let feature):
      guard let range = stem.range(of: "__", options: .backwards) else { return false }
      return feature == nil || stem[range.upperBound...] == feature!
    }
  }

  /// The ending, of compressed files the one before `.gz` or `.bz2`.
  private static func ending(of name: String) -> String {
    let name = name.lowercased() as NSString
    let ending = name.pathExtension
    guard ending == "gz" || ending == "bz2" else { return ending }
    return (name.deletingPathExtension as NSString).pathExtension
  }
}
