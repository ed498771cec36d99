import AisCore

extension AnnotatedDataset {
  /// The dataset as a `.scns` file that the reference program opens.
  ///
  /// The reference reads the tomogram at `tomogramPath` while it opens the file, so the path must be absolute and lead there.
  /// A painted slice takes one byte a pixel, as the reference has it.
  /// - Parameter path: where the file is going to be.
  package func encoded(path: String) throws(AisError) -> [UInt8] { try encoding(path: path, embedding: nil).bytes }

  /// - Parameter embedding: bytes of the tomogram's file that are going to be put in.
  private func encoding(path: String, embedding byteCount: Int?) throws(AisError) -> PickleWriter {
    var masks: [[Int: SliceMask]] = []
    for feature in features {
      var read: [Int: SliceMask] = [:]
      for (slice, mask) in feature.masks { read[slice] = try mask.read() }
      masks.append(read)
    }
    var writer = PickleWriter()
    writer.global("Ais.core.se_frame", "SEFrame")
    writer.tuple { $0.text(tomogramPath) }
    writer.reduce()
    let root = writer.remember()
    var numbers: [Int] = []
    writer.dictionary { writer in
      writer.text("features")
      writer.list { writer in
        for (feature, masks) in zip(features, masks) {
          numbers.append(add(feature, masks, parent: root, to: &writer))
        }
      }
      writer.text("active_feature")
      if let activeFeature, numbers.indices.contains(activeFeature) {
        writer.recall(numbers[activeFeature])
      } else {
        writer.none()
      }
      writer.text("feature_counter")
      writer.integer(features.count)
      writer.text("scns_path")
      writer.text(path)
      writer.text("current_slice")
      writer.integer(currentSlice)
      if let pixelSize {
        writer.text("pixel_size")
        writer.float(pixelSize.nanometer)
      }
      writer.text("interpolate")
      writer.bool(display.interpolates)
      writer.text("invert")
      writer.bool(display.isInverted)
      writer.text("autocontrast")
      writer.bool(display.hasAutoContrast)
      if let contrast = display.contrast {
        writer.text("contrast_lims")
        writer.list {
          $0.float(contrast.lowerBound)
          $0.float(contrast.upperBound)
        }
      }
      if let byteCount { embed(byteCount, in: &writer) }
    }
    writer.build()
    writer.stop()
    return writer
  }

  /// The tomogram as what Python's `mrcfile` makes of an MRC file in memory: the file's own bytes, and no copy of its parts.
  private func embed(_ byteCount: Int, in writer: inout PickleWriter) {
    writer.text("includes_map")
    writer.bool(true)
    writer.text("map")
    writer.global("mrcfile.mrcinterpreter", "MrcInterpreter")
    writer.tuple { writer in
      writer.global("_io", "BytesIO")
      writer.tuple { $0.embedding(byteCount: byteCount) }
      writer.reduce()
    }
    writer.reduce()
  }

  /// Writes the file whole or not at all.
  package func write(to path: String) throws(AisError) {
    try AtomicFile.write(try encoded(path: path), to: path)
  }

  /// The same with the tomogram inside, an MRC file that is not compressed. It is copied piece by piece.
  package func write(
    to path: String, embedding tomogram: RandomAccessFile, cancellation: Cancellation? = nil
  ) throws(AisError) {
    let encoded = try encoding(path: path, embedding: tomogram.byteCount)
    let gap = encoded.gap ?? encoded.bytes.count
    let file = try StreamedFile(path)
    do throws(AisError) {
      try file.append(encoded.bytes[..<gap])
      var start = 0
      while start < tomogram.byteCount {
        try cancellation?.check()
        let range = start..<min(start + Self.piece, tomogram.byteCount)
        try file.append(try tomogram.bytes(range))
        start = range.upperBound
      }
      try file.append(encoded.bytes[gap...])
      try file.finish()
    } catch {
      file.abandonment()
      throw error
    }
  }

  private static var piece: Int { 1 << 20 }

  /// Returns the number by which the feature is brought back.
  private func add(
    _ feature: Feature, _ masks: [Int: SliceMask], parent: Int, to writer: inout PickleWriter
  ) -> Int {
    writer.global("Ais.core.se_frame", "Segmentation")
    writer.newObject()
    let number = writer.remember()
    // The reference has an empty mask for every slice with boxes, and a list of boxes for every mask.
    let slices = Set(masks.keys).union(feature.boxes.keys).sorted()
    writer.dictionary { writer in
      func attribute(_ name: String, _ value: (inout PickleWriter) -> Void) {
        writer.text(name)
        value(&writer)
      }
      attribute("parent") { $0.recall(parent) }
      attribute("width") { $0.integer(width) }
      attribute("height") { $0.integer(height) }
      attribute("title") { $0.text(feature.title) }
      attribute("colour") { writer in
        writer.tuple { tuple in for channel in feature.colour { tuple.float(channel) } }
      }
      attribute("alpha") { $0.float(feature.opacity) }
      attribute("hide") { $0.bool(feature.isHidden) }
      attribute("contour") { $0.bool(feature.isOutline) }
      attribute("expanded") { $0.bool(false) }
      attribute("collapsed") { $0.bool(false) }
      attribute("brush_size") { $0.float(feature.brushRadius) }
      attribute("show_boxes") { $0.bool(feature.showsBoxes) }
      attribute("magic") { $0.bool(feature.isFlood) }
      attribute("magic_strength") { $0.float(feature.floodSensitivity) }
      attribute("box_size") { $0.integer(feature.boxSize) }
      attribute("box_size_nm") { $0.float(Double(feature.boxSize) * (pixelSize?.nanometer ?? 1)) }
      attribute("slices") { writer in
        writer.dictionary { dictionary in
          for slice in slices {
            dictionary.integer(slice)
            let mask = masks[slice] ?? SliceMask(height: height, width: width)
            dictionary.byteArray(mask.bytes, height: height, width: width)
          }
        }
      }
      attribute("boxes") { writer in
        writer.dictionary { dictionary in
          for slice in slices {
            dictionary.integer(slice)
            dictionary.list { list in
              for box in feature.boxes[slice] ?? [] {
                list.list { place in
                  // The reference counts pixels: a place between two belongs to the nearer.
                  place.integer(Int(box.x.rounded()))
                  place.integer(Int(box.y.rounded()))
                }
              }
            }
          }
        }
      }
      attribute("n_boxes") { $0.integer(feature.boxes.values.reduce(0) { $0 + $1.count }) }
      attribute("edited_slices") { writer in writer.list { list in for slice in slices { list.integer(slice) } } }
      attribute("current_slice") { $0.integer(currentSlice) }
    }
    writer.build()
    return number
  }
}

extension SliceMask {
  /// One byte a pixel, 1 where painted, in the order of rows.
  package var bytes: [UInt8] {
    var result = [UInt8](repeating: 0, count: pixelCount)
    for run in runs {
      for index in run { result[index] = 1 }
    }
    return result
  }
}
