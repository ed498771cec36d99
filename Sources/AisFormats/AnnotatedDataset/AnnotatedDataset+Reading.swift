import AisCore

extension AnnotatedDataset {
  /// What no annotated dataset comes near: a file that asks for more is refused.
  private enum Limit {
    static let side = 1 << 17
    static let slices = 1 << 20
    static let features = 10_000
    static let boxes = 4_000_000
  }

  /// Reads a `.scns` file. It is a Python pickle: it is decoded, never run, and refused when it names anything that an
  /// annotated dataset does not need.
  package static func read(_ path: String) throws(AisError) -> AnnotatedDataset {
    try read(.file(try RandomAccessFile(path)), name: path)
  }

  /// `name` is what errors call the source.
  package static func read(_ source: PickleSource, name: String) throws(AisError) -> AnnotatedDataset {
    let graph = try PickleMachine.read(source, name: name, vocabulary: .annotatedDataset)
    return try Reader(graph: graph, file: name).dataset()
  }

  private struct Reader {
    let graph: PickleGraph
    let file: String

    func dataset() throws(AisError) -> AnnotatedDataset {
      guard let root = graph.object(graph.root), root.name.hasSuffix(".se_frame SEFrame") else {
        throw AisError(
          .malformed, "'\(file)' is a Python pickle, but not of an annotated dataset. Expected a .scns file of Ais")
      }
      let values = Attributes(graph: graph, of: graph.root)
      guard let path = values.text("path") ?? root.arguments.first.flatMap({ graph.text($0) }) else {
        throw damaged("it does not say which tomogram it annotates")
      }
      guard let list = values["features"], let features = graph.elements(list) else {
        throw damaged("it has no list of features")
      }
      guard features.count <= Limit.features else {
        throw AisError(.limitExceeded, "'\(file)' was not read: it has \(features.count) features")
      }
      let size = try size(values, features)
      let sliceCount = values.integer("n_slices")
      if let sliceCount, !(1...Limit.slices).contains(sliceCount) {
        throw damaged("it states \(sliceCount) slices")
      }
      var dataset = AnnotatedDataset(
        tomogramPath: path, title: values.text("title") ?? "", sliceCount: sliceCount, height: size.height,
        width: size.width, currentSlice: values.integer("current_slice") ?? 0)
      if let nanometers = values.number("pixel_size"), nanometers.isFinite, nanometers > 0 {
        dataset.pixelSize = .nanometers(nanometers)
      }
      dataset.includesTomogram = values.bool("includes_map") ?? false
      dataset.display = display(values)
      var boxCount = 0
      for reference in features {
        dataset.features.append(try feature(reference, of: dataset, &boxCount))
      }
      if let active = values["active_feature"] { dataset.activeFeature = features.firstIndex(of: active) }
      return dataset
    }

    /// The small files that other programs write leave rows and columns to the features.
    private func size(
      _ values: Attributes, _ features: [PickleGraph.Reference]
    ) throws(AisError) -> (height: Int, width: Int) {
      let sources = [values] + features.prefix(1).map { Attributes(graph: graph, of: $0) }
      for source in sources {
        guard let height = source.integer("height"), let width = source.integer("width") else { continue }
        guard (1...Limit.side).contains(height), (1...Limit.side).contains(width) else {
          throw damaged("it states a size of \(width) × \(height) pixels")
        }
        return (height, width)
      }
      if features.isEmpty { return (0, 0) }
      throw damaged("it does not say how many pixels a slice has")
    }

    private func display(_ values: Attributes) -> Display {
      var display = Display()
      display.interpolates = values.bool("interpolate") ?? false
      display.isInverted = values.bool("invert") ?? false
      display.hasAutoContrast = values.bool("autocontrast") ?? true
      if let limits = values["contrast_lims"].flatMap({ graph.elements($0) }), limits.count == 2,
        let low = graph.number(limits[0]), let high = graph.number(limits[1]), low.isFinite, high.isFinite, low < high
      {
        display.contrast = low...high
      }
      return display
    }

    private func feature(
      _ reference: PickleGraph.Reference, of dataset: AnnotatedDataset, _ boxCount: inout Int
    ) throws(AisError) -> Feature {
      guard graph.object(reference)?.name.hasSuffix(".se_frame Segmentation") == true else {
        throw damaged("one of its features is something else")
      }
      let values = Attributes(graph: graph, of: reference)
      var feature = Feature()
      feature.title = values.text("title") ?? "Unnamed feature"
      if let channels = values["colour"].flatMap({ graph.elements($0) }), channels.count >= 3 {
        // One of the reference's own colours is brighter than 1.
        feature.colour = channels.prefix(3).map { min(max(finite(graph.number($0)) ?? 1, 0), 1) }
      }
      feature.opacity = min(max(finite(values.number("alpha")) ?? 1, 0), 1)
      feature.isHidden = values.bool("hide") ?? false
      feature.isOutline = values.bool("contour") ?? false
      feature.showsBoxes = values.bool("show_boxes") ?? true
      feature.isFlood = values.bool("magic") ?? false
      feature.floodSensitivity = min(max(finite(values.number("magic_strength")) ?? 50, 0), 100)
      feature.brushRadius = min(max(finite(values.number("brush_size")) ?? 10, 0), 1e6)
      feature.boxSize = min(max(values.integer("box_size") ?? 128, 0), Limit.side)
      for (slice, value) in try bySlice("slices", of: values, dataset, feature.title) where !graph.isNone(value) {
        guard let array = graph.array(value) else {
          throw damaged("slice \(slice) of '\(feature.title)' is not an array of numbers")
        }
        guard array.shape == [dataset.height, dataset.width] else {
          throw damaged(
            "slice \(slice) of '\(feature.title)' has the shape \(array.shape), expected \(dataset.height) rows of "
              + "\(dataset.width) pixels")
        }
        feature.masks[slice] = .stored(array, graph)
      }
      for (slice, value) in try bySlice("boxes", of: values, dataset, feature.title) {
        guard let list = graph.elements(value) else {
          throw damaged("the boxes in slice \(slice) of '\(feature.title)' are not a list")
        }
        boxCount += list.count
        guard boxCount <= Limit.boxes else {
          throw AisError(.limitExceeded, "'\(file)' was not read: it has more than \(Limit.boxes) boxes")
        }
        var boxes: [Box] = []
        for entry in list {
          guard let pair = graph.elements(entry), pair.count == 2, let x = finite(graph.number(pair[0])),
            let y = finite(graph.number(pair[1]))
          else { throw damaged("a box in slice \(slice) of '\(feature.title)' has no place") }
          boxes.append(Box(y: y, x: x))
        }
        if !boxes.isEmpty { feature.boxes[slice] = boxes }
      }
      return feature
    }

    /// A dictionary whose keys are slices; of a slice given twice the last counts.
    private func bySlice(
      _ name: String, of values: Attributes, _ dataset: AnnotatedDataset, _ title: String
    ) throws(AisError) -> [Int: PickleGraph.Reference] {
      guard let reference = values[name] else { return [:] }
      guard let pairs = graph.pairs(reference) else { throw damaged("'\(name)' of '\(title)' is not a dictionary") }
      var result: [Int: PickleGraph.Reference] = [:]
      for (key, value) in pairs {
        guard let slice = graph.integer(key), slice >= 0, slice < dataset.sliceCount ?? Limit.slices else {
          throw damaged("'\(name)' of '\(title)' names a slice that the tomogram does not have")
        }
        result[slice] = value
      }
      return result
    }

    private func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }

    private func damaged(_ what: String) -> AisError {
      AisError(.malformed, "'\(file)' is damaged: \(what). Copy or save the file again.")
    }
  }
}

/// The attributes of one object.
private struct Attributes {
  private let graph: PickleGraph
  private let values: [String: PickleGraph.Reference]

  init(graph: PickleGraph, of reference: PickleGraph.Reference) {
    self.graph = graph
    values = graph.attributes(reference) ?? [:]
  }

  subscript(name: String) -> PickleGraph.Reference? { values[name] }
  func text(_ name: String) -> String? { values[name].flatMap { graph.text($0) } }
  func integer(_ name: String) -> Int? { values[name].flatMap { graph.integer($0) } }
  func number(_ name: String) -> Double? { values[name].flatMap { graph.number($0) } }
  func bool(_ name: String) -> Bool? { values[name].flatMap { graph.bool($0) } }
}
