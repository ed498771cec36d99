import AisCore
import AisFormats
import AisProject
import Foundation

extension ProjectImport {
  /// Brings in an annotated dataset of the reference program (`.scns`): its tomogram, features, masks and boxes.
  ///
  /// Painted slices take the place of what the project had there; boxes that are there already are not placed again.
  package func annotatedDataset(_ path: String) throws(AisError) -> Result {
    let file = try AnnotatedDataset.read(path)
    let versions = try project.versions()
    let namesakes = Self.namesakes(of: file, among: versions)
    // Where the project has a tomogram of that name is the likeliest place of what is annotated.
    let finder = TomogramFinder(
      home: (path as NSString).deletingLastPathComponent,
      others: folders + namesakes.map { ($0.reference.path as NSString).deletingLastPathComponent })
    var warnings: [String] = []
    let reference = try reference(of: file, path, finder, namesakes, &warnings)
    let name =
      dataset ?? (file.title.isEmpty ? OutputName.stem(of: file.tomogramPath.replacing("\\", with: "/")) : file.title)
    var result = Result(dataset: name)
    let known = versions.first { ProjectTomograms.isSame($0.reference, reference) }
    if let known, known.scale != .same {
      throw AisError(
        .needsDecision,
        "'\(path)' annotates a binned version of a dataset that the project has at another size. Import it into a project of "
          + "its own")
    }
    let features = try project.features()
    let sizes = try boxSizes(known?.dataset, features)
    let boxesThere = try known.map { (version) throws(AisError) in try project.boxes(dataset: version.dataset) } ?? []
    let label = "import \((path as NSString).lastPathComponent)"
    _ = try project.edit("import", by: author, label: label, dataset: known?.dataset) { transaction in
      let dataset = try known?.dataset ?? add(reference, name, file, &transaction)
      for feature in file.features {
        let made = try Self.feature(feature.title, Self.fields(feature), features, project, &transaction)
        if (sizes[made.id] ?? made.boxSize) != feature.boxSize, feature.boxSize > 0 {
          try transaction.perform(.setBoxSize(dataset: dataset, feature: made.id, feature.boxSize))
        }
        result.features.append(feature.title)
        for (slice, mask) in feature.masks.sorted(by: { $0.key < $1.key }) {
          let mask = try mask.read()
          try transaction.perform(
            .paint(
              .replacement(dataset: dataset, feature: made.id, slice: slice, rectangle: mask.bounds, mask)))
          result.slices += 1
        }
        let there = boxesThere.filter { $0.feature == made.id }
        result.boxes += try place(feature, made.id, dataset, there, &transaction)
      }
      try transaction.perform(.setView(dataset: dataset, Self.view(file, reference.shape)))
    }
    result.warnings = warnings
    return result
  }

  /// The tomogram of a file, as it is found or, when it is not, as the file describes it.
  private func reference(
    of file: AnnotatedDataset, _ path: String, _ finder: TomogramFinder, _ namesakes: [DatasetVersion],
    _ warnings: inout [String]
  ) throws(AisError) -> TomogramReference {
    let voxelSize = file.pixelSize.map { VoxelSize($0) }
    guard let found = finder.find(file.tomogramPath) else {
      // Away like the project's own file: the annotation belongs to that.
      if namesakes.count == 1 { return namesakes[0].reference }
      guard let depth = file.sliceCount, file.height > 0, file.width > 0 else {
        throw AisError(
          .notFound,
          "'\(path)' annotates '\(file.tomogramPath)', which was not found, and does not say how many slices it has. Name the "
            + "tomogram's folder with '-t'")
      }
      warnings.append(
        "its tomogram '\(file.tomogramPath)' was not found; the annotation is imported. "
          + "'ais project check --relink -t FOLDER' links it later"
          + (file.includesTomogram ? ". The file holds the tomogram's voxels too, which are not read" : ""))
      return TomogramReference(
        unseen: file.tomogramPath, shape: Shape(z: depth, y: file.height, x: file.width), voxelSize: voxelSize)
    }
    var reference = try TomogramReference(found, in: project.folder)
    guard file.features.isEmpty || (reference.shape.y == file.height && reference.shape.x == file.width),
      file.sliceCount == nil || file.sliceCount == reference.shape.z
    else {
      throw AisError(
        .shapeMismatch,
        "'\(path)' annotates \(file.width) × \(file.height) × \(file.sliceCount ?? 0) voxels, but '\(found)' has "
          + "\(reference.shape): it is another tomogram. Name the right one's folder with '-t'")
    }
    if let size = file.pixelSize, let header = reference.voxelSize, abs(size / header.x - 1) > 1e-3 {
      warnings.append(
        "it says \(angstromText(size.angstrom)) Å a voxel, the tomogram's header \(angstromText(header.x.angstrom)) Å; "
          + "the annotation's is kept")
    }
    // The user may have overruled the header; that is what the boxes were sized by.
    if let size = voxelSize, abs(size.x / (reference.voxelSize?.x ?? size.x) - 1) > 1e-3 || reference.voxelSize == nil {
      reference.voxelSize = size
    }
    return reference
  }

  /// The versions of the project whose files have the name and the size of what is annotated.
  private static func namesakes(of file: AnnotatedDataset, among versions: [DatasetVersion]) -> [DatasetVersion] {
    func name(_ path: String) -> Substring? { path.replacing("\\", with: "/").split(separator: "/").last }
    return versions.filter { version in
      let shape = version.reference.shape
      return name(version.reference.path) == name(file.tomogramPath) && shape.y == file.height && shape.x == file.width
        && (file.sliceCount ?? shape.z) == shape.z
    }
  }

  private func add(
    _ reference: TomogramReference, _ name: String, _ file: AnnotatedDataset, _ transaction: inout EditTransaction
  ) throws -> Int64 {
    let dataset = try transaction.perform(
      .addDataset(name: name, shape: reference.shape, DatasetFields(voxelSize: .some(reference.voxelSize))))!
    let version = VersionName(reference.path)
    try transaction.perform(
      .addVersion(
        dataset: dataset, kind: version.kind, title: version.title, reference: reference, scale: .same))
    return dataset
  }

  /// What boxes of each feature measure in a dataset now.
  private func boxSizes(_ dataset: Int64?, _ features: [Feature]) throws(AisError) -> [Int64: Int] {
    guard let dataset else { return [:] }
    var sizes: [Int64: Int] = [:]
    for feature in features { sizes[feature.id] = try project.boxSize(of: feature.id, in: dataset) }
    return sizes
  }

  private func place(
    _ feature: AnnotatedDataset.Feature, _ id: Int64, _ dataset: Int64, _ there: [AnnotationBox],
    _ transaction: inout EditTransaction
  ) throws -> Int {
    struct Place: Hashable { var slice: Int, y: Double, x: Double }
    var counts: [Place: Int] = [:]
    for box in there { counts[Place(slice: box.slice, y: box.y, x: box.x), default: 0] += 1 }
    var placed = 0
    for (slice, boxes) in feature.boxes.sorted(by: { $0.key < $1.key }) {
      for box in boxes {
        // The reference allows two boxes at one place; a second import must not double them.
        let place = Place(slice: slice, y: box.y, x: box.x)
        if let count = counts[place], count > 0 {
          counts[place] = count - 1
          continue
        }
        try transaction.perform(.placeBox(dataset: dataset, feature: id, slice: slice, y: box.y, x: box.x))
        placed += 1
      }
    }
    return placed
  }

  private static func fields(_ feature: AnnotatedDataset.Feature) -> FeatureFields {
    var fields = FeatureFields(
      title: feature.title,
      colour: .init(red: feature.colour[0], green: feature.colour[1], blue: feature.colour[2]),
      boxSize: max(1, feature.boxSize))
    fields.opacity = feature.opacity
    fields.isVisible = !feature.isHidden
    fields.isOutline = feature.isOutline
    fields.showsBoxes = feature.showsBoxes
    fields.isFlood = feature.isFlood
    fields.floodSensitivity = feature.floodSensitivity
    fields.brushRadius = max(0.5, feature.brushRadius)
    return fields
  }

  private static func view(_ file: AnnotatedDataset, _ shape: Shape) -> DatasetViewFields {
    var view = DatasetViewFields()
    view.centre = VoxelPoint(
      z: Double(min(max(0, file.currentSlice), shape.z - 1)), y: Double(shape.y - 1) / 2,
      x: Double(shape.x - 1) / 2)
    view.hasAutoContrast = file.display.hasAutoContrast
    view.isInverted = file.display.isInverted
    view.interpolates = file.display.interpolates
    view.contrast = file.display.contrast.map { .init(black: $0.lowerBound, white: $0.upperBound) }
    return view
  }
}
