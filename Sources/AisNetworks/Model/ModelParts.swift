import AisCore
import AisFormats
import Foundation

/// The bytes of a model's parts, wherever they were found.
struct ModelParts {
  var container: ModelFile.Container
  var weights: [UInt8]
  /// What errors call the weights.
  var weightsName: String
  var metadata: [UInt8]?
  var preview: [UInt8]?
  /// The slice that the preview was made of: a TIFF.
  var slice: [UInt8]?
  /// The program of a user's own model, and what its `save` wrote beside the weights.
  var program: [UInt8]?
  var saved: [CustomModel.SavedFile] = []

  private static let savedFolder = "_saved/"
  private static let fileLimit = 4 << 30
  private static let metadataLimit = 16 << 20

  /// Recognises the container by its first bytes and takes the parts out.
  static func read(_ path: String, name: String) throws(AisError) -> ModelParts {
    try read(try RandomAccessFile(path).contents(limit: fileLimit), path: path, name: name)
  }

  /// - Parameter path: of the file, beside which weights may lie; `nil` for bytes that are no file.
  static func read(_ bytes: [UInt8], path: String?, name: String) throws(AisError) -> ModelParts {
    if HDF5File.hasSignature(bytes) {
      return ModelParts(container: .keras, weights: bytes, weightsName: name)
    }
    if TarArchive.isLikely(bytes) { return try unpack(bytes, name: name) }
    if bytes.starts(with: "PK".utf8) {
      throw AisError(
        .unsupported,
        "'\(name)' is a zip archive, perhaps a '.keras' file of Keras 3: save the model with model.save('NAME.h5')")
    }
    let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    guard first == UInt8(ascii: "{") else {
      throw AisError(
        .malformed,
        "'\(name)' is not a model: expected a .scnm file (tar, or JSON with weights beside it) or a Keras .h5 file")
    }
    guard let path else {
      throw AisError(.malformed, "'\(name)' is only the metadata of a model: its weights are not in the archive")
    }
    return try besideMetadata(bytes, path: path, name: name)
  }

  private static func unpack(_ bytes: [UInt8], name: String) throws(AisError) -> ModelParts {
    let suffixes = ["_weights.h5", "_metadata.json", "_preview.png", "_slice.tiff", "_program.json"]
    let archive = try TarArchive(bytes, name: name) { member in
      // Archives made on a Mac have a shadow '._NAME' beside every file.
      let base = member.split(separator: "/").last ?? ""
      return !base.hasPrefix("._") && (member.contains(savedFolder) || suffixes.contains { base.hasSuffix($0) })
    }
    let saved = archive.members.compactMap { member in
      member.name.range(of: savedFolder).map {
        CustomModel.SavedFile(name: String(member.name[$0.upperBound...]), bytes: member.bytes)
      }
    }
    func member(_ suffix: String) throws(AisError) -> TarArchive.Member? {
      // Members are found by suffix: their stem is the file's name when it was saved, not its name now.
      let found = archive.members.filter { $0.baseName.hasSuffix(suffix) && !$0.name.contains(savedFolder) }
      guard found.count <= 1 else {
        throw AisError(
          .malformed,
          "'\(name)' holds \(found.count) members '…\(suffix)' (\(found.map { "'\($0.name)'" }.joined(separator: ", "))), expected one"
        )
      }
      return found.first
    }
    let program = try member("_program.json")?.bytes
    // A program may save other files than the one whose path it was given.
    guard let weights = try member("_weights.h5") ?? (program == nil ? nil : .init(name: "", bytes: [])) else {
      throw AisError(.malformed, "'\(name)' is not a model: it holds no '…_weights.h5'")
    }
    guard let metadata = try member("_metadata.json") else {
      throw AisError(.malformed, "'\(name)' is not a model: it holds no '…_metadata.json'")
    }
    try checkMetadataSize(metadata.bytes.count, name: name)
    return ModelParts(
      container: bytes.starts(with: [0x1F, 0x8B]) ? .gzipTar : .tar, weights: weights.bytes,
      weightsName: "\(name): \(weights.name)", metadata: metadata.bytes, preview: try member("_preview.png")?.bytes,
      slice: try member("_slice.tiff")?.bytes, program: program,
      saved: (weights.name.isEmpty ? [] : [.init(name: CustomModel.SavedFile.main, bytes: weights.bytes)]) + saved)
  }

  /// The weights of a model whose file is its metadata: `<stem>_weights.h5`, `<file name>_weights.h5`, or else the one
  /// `.h5` file beside it whose name contains the stem.
  private static func besideMetadata(_ bytes: [UInt8], path: String, name: String) throws(AisError) -> ModelParts {
    try checkMetadataSize(bytes.count, name: name)
    let (folder, stem) = (ModelPath.folder(of: path), ModelPath.stem(of: name))
    let names = try FolderListing.names(in: folder)
    let usual = ["\(stem)_weights.h5", "\(name)_weights.h5"].first(where: names.contains)
    let candidates = usual.map { [$0] } ?? names.filter { $0.contains(stem) && $0.hasSuffix(".h5") }.sorted()
    guard let weightsName = candidates.first else {
      throw AisError(
        .notFound,
        "'\(name)' has its weights in a file of its own, and '\(stem)_weights.h5' is not beside it. Copy it there.")
    }
    guard candidates.count == 1 else {
      throw AisError(
        .needsDecision,
        "the weights of '\(name)' could be \(candidates.map { "'\($0)'" }.joined(separator: " or ")): "
          + "rename the right one to '\(stem)_weights.h5'")
    }
    return ModelParts(
      container: .metadataWithWeights,
      weights: try RandomAccessFile(ModelPath.join(folder, weightsName)).contents(limit: fileLimit),
      weightsName: weightsName, metadata: bytes)
  }

  private static func checkMetadataSize(_ size: Int, name: String) throws(AisError) {
    guard size <= metadataLimit else {
      throw AisError(.limitExceeded, "'\(name)' was not read: its metadata have \(size) bytes, expected a few hundred")
    }
  }
}

/// The parts of a path, as far as models need them.
enum ModelPath {
  static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The name without its last extension.
  static func stem(of name: String) -> String {
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  static func join(_ folder: String, _ name: String) -> String { folder == "/" ? "/" + name : folder + "/" + name }
}
