import AisCore
import AisFormats
import AisTraining

extension ExtractSource {
  /// A tomogram and its volume of labels, with boxes at chosen or random places.
  static func labelled(
    _ path: String, volume: String, _ request: ExtractRequest, _ labels: ExtractRequest.Labels, index: Int,
    cancellation: Cancellation
  ) throws(AisError) -> ExtractSource {
    let tomogram = try Tomogram.open(path, options: request.view)
    var source = ExtractSource(
      label: path, annotated: AnnotatedTomogram(name: OutputName.stem(of: path), path: path, features: []),
      files: [path, volume])
    source.pixelSize = nil
    let native = BoxGeometry(
      size: request.boxSize, depth: request.depth, target: request.pixelSize, native: tomogram.voxelSize?.x)
    for (place, title) in request.features.enumerated() {
      var options = TomogramOptions()
      options.label = labels.numbers.isEmpty ? nil : labels.numbers[place]
      let mask = try Tomogram.open(volume, options: options)
      guard mask.shape == tomogram.shape else {
        throw AisError(
          .shapeMismatch,
          "'\(volume)' has \(mask.shape) voxels and '\(path)' \(tomogram.shape): expected the labels of this tomogram")
      }
      let read: @Sendable (Int) throws(AisError) -> SliceMask? = { (slice) throws(AisError) in
        try mask.mask(slice)
      }
      var boxes: [VoxelIndex] = []
      switch labels.placement {
      case .lists(let lists):
        let list = lists.count == 1 ? lists[0] : lists[index]
        if !source.files.contains(list) { source.files.append(list) }
        boxes = try points(of: list, in: source.annotated.name, tomogram)
      case .random(let positives, let negatives):
        var placement = RandomBoxes(
          shape: tomogram.shape, boxSize: native.nativeSize,
          generator: SeededGenerator(seed: request.seed, streams: [UInt64(index), UInt64(place)]))
        boxes = try placement.place(positives: positives, negatives: negatives, mask: read, cancellation: cancellation)
        if boxes.count < positives + negatives {
          source.warnings.append(
            "of '\(title)', \(boxes.count) of \(positives + negatives) boxes could be placed: there is too little "
              + (placement.labelledCount == 0 ? "of the label" : "space without the label"))
        }
      }
      source.annotated.features.append(AnnotatedFeature(title: title, boxSize: nil, boxes: boxes, mask: read))
    }
    return source
  }

  /// The points of a list that lie in a tomogram.
  private static func points(
    of list: String, in name: String, _ tomogram: Tomogram
  ) throws(AisError) -> [VoxelIndex] {
    var hints = CoordinateHints()
    hints.shape = tomogram.shape
    hints.voxelSize = tomogram.voxelSize
    let reading = try CoordinateFile.read(list, hints: hints).list
    let frames = reading.tomograms
    let wanted: Int?
    if frames.count == 1 { wanted = 0 } else { wanted = frames.firstIndex { $0.name == name } }
    guard let wanted else {
      let names = frames.prefix(5).map { "'\($0.name)'" }.joined(separator: ", ")
      throw AisError(.notFound, "'\(list)' has no points of '\(name)'; it names \(names)")
    }
    return reading.particles.filter { $0.tomogram == wanted }.map {
      VoxelIndex(z: pixel($0.point.z), y: pixel($0.point.y), x: pixel($0.point.x))
    }
  }
}

extension SliceSource {
  /// The pixels of a slice above 0.
  fileprivate func mask(_ z: Int) throws(AisError) -> SliceMask {
    var mask = SliceMask(height: shape.y, width: shape.x)
    for (i, value) in try slice(z).enumerated() where value > 0 { mask[i] = true }
    return mask
  }
}

/// Places boxes in a labelled volume by chance.
struct RandomBoxes {
  let shape: Shape
  let boxSize: Int
  var generator: SeededGenerator
  /// Voxels of the label.
  private(set) var labelledCount = 0

  init(shape: Shape, boxSize: Int, generator: SeededGenerator) {
    self.shape = shape
    self.boxSize = boxSize
    self.generator = generator
  }

  /// Centres, first of boxes at voxels of the label, which lie within the middle half of them, then of boxes whose slice has
  /// nothing of it. Boxes lie inside of their slices as far as they fit; no place is taken twice.
  mutating func place(
    positives: Int, negatives: Int, mask: (Int) throws(AisError) -> SliceMask?, cancellation: Cancellation
  ) throws(AisError) -> [VoxelIndex] {
    var masks: [SliceMask] = []
    for z in 0..<shape.z {
      try cancellation.check()
      masks.append(try mask(z) ?? SliceMask(height: shape.y, width: shape.x))
    }
    let counts = masks.map(\.count)
    labelledCount = counts.reduce(0, +)
    var taken: Set<VoxelIndex> = []
    var centres: [VoxelIndex] = []
    if labelledCount > 0 {
      for _ in 0..<20 * positives where centres.count < positives {
        let voxel = voxel(number: Int.random(in: 0..<labelledCount, using: &generator), masks, counts)
        let shift = boxSize / 4
        let centre = VoxelIndex(
          z: voxel.z, y: held(voxel.y + Int.random(in: -shift...shift, using: &generator), shape.y),
          x: held(voxel.x + Int.random(in: -shift...shift, using: &generator), shape.x))
        if taken.insert(centre).inserted { centres.append(centre) }
      }
    }
    let found = centres.count
    for _ in 0..<50 * negatives where centres.count - found < negatives {
      let centre = VoxelIndex(
        z: Int.random(in: 0..<shape.z, using: &generator),
        y: held(Int.random(in: 0..<shape.y, using: &generator), shape.y),
        x: held(Int.random(in: 0..<shape.x, using: &generator), shape.x))
      guard isEmpty(masks[centre.z], around: centre), taken.insert(centre).inserted else { continue }
      centres.append(centre)
    }
    return centres
  }

  /// The labelled voxel of a number, counted through the slices.
  private func voxel(number: Int, _ masks: [SliceMask], _ counts: [Int]) -> VoxelIndex {
    var rest = number
    var z = 0
    while rest >= counts[z] {
      rest -= counts[z]
      z += 1
    }
    for run in masks[z].runs {
      if rest < run.count {
        let index = run.lowerBound + rest
        return VoxelIndex(z: z, y: index / shape.x, x: index % shape.x)
      }
      rest -= run.count
    }
    preconditionFailure("a mask has as many pixels as were counted")
  }

  /// A centre moved so that its box lies inside, where it fits.
  private func held(_ centre: Int, _ count: Int) -> Int {
    let (first, last) = (boxSize / 2, count - (boxSize - boxSize / 2))
    return first <= last ? min(max(centre, first), last) : count / 2
  }

  private func isEmpty(_ mask: SliceMask, around centre: VoxelIndex) -> Bool {
    let box = PixelRectangle(
      y: centre.y - boxSize / 2, x: centre.x - boxSize / 2, height: boxSize, width: boxSize)
    guard let inside = mask.bounds.intersection(box) else { return true }
    for y in inside.y..<inside.y + inside.height {
      for x in inside.x..<inside.x + inside.width where mask[y: y, x: x] { return false }
    }
    return true
  }
}
