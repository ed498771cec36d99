import AisCore
import AisFormats

extension ModelFile {
  /// What goes into a model file besides network and metadata.
  package struct Extras: Sendable {
    /// A PNG of the slice with what the network finds in it.
    package var preview: [UInt8]?
    /// The slice as the network gets it: a TIFF.
    package var slice: [UInt8]?
    /// One line an epoch.
    package var history: String?

    package init(preview: [UInt8]? = nil, slice: [UInt8]? = nil, history: String? = nil) {
      self.preview = preview
      self.slice = slice
      self.history = history
    }
  }

  /// The bytes of a `.scnm` file: a plain tar that the reference program reads too. The same model gives the same bytes.
  ///
  /// - Parameters:
  ///   - stem: the file's name without its extension; the members are named after it.
  ///   - batchMomentum: what normalisation layers were trained with, as Keras counts it.
  package static func bytes(
    of graph: NetworkGraph, _ metadata: ModelMetadata, stem: String, batchMomentum: Float = 0.99,
    extras: Extras = Extras()
  ) throws(AisError) -> [UInt8] {
    var members = try weightMembers(of: graph, metadata, stem: stem, batchMomentum: batchMomentum)
    members.append(.init(name: "\(stem)_metadata.json", bytes: Array(metadata.json.text.utf8)))
    if let slice = extras.slice { members.append(.init(name: "\(stem)_slice.tiff", bytes: slice)) }
    if let preview = extras.preview { members.append(.init(name: "\(stem)_preview.png", bytes: preview)) }
    if let history = extras.history { members.append(.init(name: "\(stem)_history.csv", bytes: Array(history.utf8))) }
    return try TarArchive.bytes(of: members)
  }

  /// The Keras file; or of a user's own model its program and what `save` wrote, the main file under the name of the Keras file.
  private static func weightMembers(
    of graph: NetworkGraph, _ metadata: ModelMetadata, stem: String, batchMomentum: Float
  ) throws(AisError) -> [TarArchive.Member] {
    guard let model = graph.customModel else {
      let slabDepth = graph.dimensionality == .three ? metadata.modelDepth : nil
      let keras = try KerasModel.bytes(of: graph, batchMomentum: batchMomentum, slabDepth: slabDepth)
      return [.init(name: "\(stem)_weights.h5", bytes: keras)]
    }
    var document = model.program.json
    if case .object(var members) = document {
      members["box_size"] = .number(Double(model.boxSize))
      members["box_depth"] = .number(Double(model.depth))
      members["parameters"] = .number(Double(model.parameterCount))
      document = .object(members)
    }
    return model.saved.map { file in
      let name = file.name == CustomModel.SavedFile.main ? "\(stem)_weights.h5" : "\(stem)_saved/\(file.name)"
      return .init(name: name, bytes: file.bytes)
    } + [.init(name: "\(stem)_program.json", bytes: Array(document.text.utf8))]
  }
}

extension KerasModel {
  /// The bytes of a Keras 2.15 model file without optimiser, for inputs of any size along y and x.
  ///
  /// - Parameter slabDepth: slices of a slab, in networks of slabs.
  package static func bytes(
    of graph: NetworkGraph, batchMomentum: Float = 0.99, slabDepth: Int? = nil
  ) throws(AisError) -> [UInt8] {
    try graph.validate()
    return try KerasWriter(graph, settings: .init(batch: 1, batchMomentum: batchMomentum, slabDepth: slabDepth)).bytes()
  }
}

extension ModelMetadata {
  /// The flat object of a `.scnm` with all keys that readers of any age ask for.
  package var json: JSONValue {
    func number(_ value: Int) -> JSONValue { .number(Double(value)) }
    var members: [String: JSONValue] = [
      "title": .string(title), "colour": .array([colour.red, colour.green, colour.blue].map { .number($0) }),
      "apix": .number(apix ?? -1), "compiled": .bool(isCompiled), "box_size": number(boxSize ?? -1),
      "model_depth": number(modelDepth), "filament_diameter": filamentDiameter.map { .number($0) } ?? .null,
      "model_enum": number(modelEnum ?? Self.place(of: architecture)), "epochs": number(epochs),
      "batch_size": number(batchSize), "active": .bool(isActive), "blend": .bool(isBlended), "show": .bool(isShown),
      "alpha": .number(opacity), "threshold": .number(threshold), "overlap": .number(overlap),
      "active_tab": number(activeTab), "n_parameters": number(parameterCount), "n_copies": number(copies),
      "info": .string(info), "info_short": .string(shortInfo), "excess_negative": number(excessNegative),
      "emit": .bool(emits), "absorb": .bool(absorbs), "loss": .number(loss ?? 0), "z_jitter": number(zJitter),
      "tta": number(tta), "normalization": normalization == .globalMAD ? .string(normalization.rawValue) : .null,
    ]
    members["arch"] = architecture.map { .string($0) }
    return .object(members)
  }

  /// The place in the reference program's list of architectures; only that program reads it, and only where "arch" is missing.
  private static func place(of architecture: String?) -> Int {
    let list = [
      "ezm-2d", "ezm-2d-bxe", "ezm-2d-dice", "ezm-3d-M", "ezm-3d-L", "Pix2pix", "UNet L", "UNet M", "UNet S",
      "VGGNet L",
      "VGGNet M", "VGGNet S", "VGGNet X",
    ]
    return architecture.flatMap(list.firstIndex) ?? 10
  }
}
