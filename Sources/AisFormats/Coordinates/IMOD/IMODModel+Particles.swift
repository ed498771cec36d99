import AisCore

extension IMODModel {
  /// Columns that bring a list back to the objects and contours it came from, counted from 1 as 3dmod shows them.
  static let objectColumn = "imodObject"
  static let contourColumn = "imodContour"
  /// Radius of a point in pixels.
  static let radiusColumn = "imodRadius"
  /// A stored slicer position belongs to the point that it is nearest to, within this many pixels.
  static let slicerReach = 1.0

  /// Sizes beyond this are no sizes of images.
  static let largestEdge = 1 << 20

  /// Every point of every contour as a particle of one tomogram.
  ///
  /// Contours of several points that are lines or outlines become groups. Points at which slicer angles were stored are
  /// turned as the slice was. What the model does not say is taken from `frame`.
  package func particles(of frame: TomogramFrame) -> (list: ParticleList, warnings: [String]) {
    let place = IMODFrame(self)
    var frame = frame
    let ownShape = place.shape(size)
    let edges = [ownShape.z, ownShape.y, ownShape.x]
    if frame.shape == nil, edges.allSatisfy({ (1...Self.largestEdge).contains($0) }) { frame.shape = ownShape }
    if frame.voxelSize == nil { frame.voxelSize = voxelSize }
    let hasSizes = objects.contains { $0.contours.contains { $0.sizes != nil } }
    var columns = [Self.objectColumn, Self.contourColumn]
    if hasSizes { columns.append(Self.radiusColumn) }
    var list = ParticleList(tomograms: [frame], extraColumns: columns)
    var groups = 0
    for (objectIndex, object) in objects.enumerated() {
      for (contourIndex, contour) in object.contours.enumerated() {
        let isLine = !object.isScattered && contour.points.count > 1
        for (index, point) in contour.points.enumerated() {
          var extra = ["\(objectIndex + 1)", "\(contourIndex + 1)"]
          if hasSizes {
            let size = contour.sizes.map { $0[index] } ?? -1
            extra.append(DecimalText.trimmed(Double(size >= 0 ? size : Float(object.pointRadius)), decimals: 4))
          }
          list.particles.append(
            Particle(point: place.voxel(point), group: isLine ? groups : nil, extra: extra))
        }
        if isLine { groups += 1 }
      }
    }
    let turnWarnings = turn(&list, place)
    return (list, warnings(place) + turnWarnings)
  }

  private func warnings(_ place: IMODFrame) -> [String] {
    var warnings: [String] = []
    if place.isPart {
      warnings.append(
        "the model was made on a part of the image and was moved to the whole: \(place.offsetText) pixels.")
    }
    if place.isExchanged {
      warnings.append("the model is stored with y and z exchanged, which was undone.")
    }
    for (index, object) in objects.enumerated() where object.contours.isEmpty && object.meshCount > 0 {
      warnings.append("object \(index + 1) is a mesh without contours: it has no points to take.")
    }
    return warnings
  }

  /// Gives points the angles stored at them.
  private func turn(_ list: inout ParticleList, _ place: IMODFrame) -> [String] {
    if slicerAngles.isEmpty { return [] }
    if place.isExchanged {
      return ["the slicer angles belong to the volume with y and z exchanged and were left out."]
    }
    // Points by the voxel they lie in: a position's point lies in its own voxel or in one beside it.
    let cells = Dictionary(grouping: list.particles.indices) { Cell(list.particles[$0].point) }
    var unused = 0
    for angles in slicerAngles {
      let centre = place.voxel(angles.centre)
      var best: (index: Int, distance: Double)?
      for index in Cell(centre).neighbourhood.flatMap({ cells[$0] ?? [] }) where list.particles[index].angles == nil {
        let away = list.particles[index].point - centre
        let distance = (away.x * away.x + away.y * away.y + away.z * away.z).squareRoot()
        if distance <= Self.slicerReach, distance < best?.distance ?? .infinity { best = (index, distance) }
      }
      if let best { list.particles[best.index].angles = EulerAngles(slicer: angles) } else { unused += 1 }
    }
    if unused == 0 { return [] }
    return ["\(unused) of \(slicerAngles.count) stored slicer positions lie at no point and were left out."]
  }

  /// A model of one tomogram's particles: as the list's `imodObject` and `imodContour` say, else each group an open line and
  /// all others scattered points.
  ///
  /// - Parameter radius: of the balls that 3dmod draws, in pixels.
  package init(particles list: ParticleList, frame: TomogramFrame, radius: Int) {
    // 3dmod's own name: cryoCAT reads no model without it.
    self.init(name: "IMOD-NewModel", size: frame.shape ?? Self.extent(of: list))
    if let voxelSize = frame.voxelSize {
      // 3dmod shows lengths in nanometres.
      pixelSize = Float(voxelSize.x.nanometer)
      units = -9
    }
    let columns = (
      object: list.extraColumn(Self.objectColumn), contour: list.extraColumn(Self.contourColumn),
      radius: list.extraColumn(Self.radiusColumn)
    )
    var places: [[Int]: (object: Int, contour: Int)] = [:]
    for particle in list.particles {
      var key = [0, particle.group.map { $0 + 1 } ?? 0]
      if let object = columns.object, let contour = columns.contour {
        key = [Int(particle.extra[object]) ?? 1, Int(particle.extra[contour]) ?? 1]
      }
      let isLine = particle.group != nil
      let place: (object: Int, contour: Int)
      if let known = places[key] {
        place = known
      } else {
        let object = object(key: columns.object == nil ? (isLine ? 1 : 0) : key[0], isLine: isLine, radius: radius)
        objects[object].contours.append(Contour(points: []))
        place = (object, objects[object].contours.count - 1)
        places[key] = place
      }
      let point = IMODFrame.whole.point(particle.point)
      objects[place.object].contours[place.contour].points.append(point)
      if let column = columns.radius, let size = Float(particle.extra[column]),
        size != Float(objects[place.object].pointRadius)
      {
        let contour = objects[place.object].contours[place.contour]
        var sizes = contour.sizes ?? []
        sizes += Array(repeating: -1, count: max(0, contour.points.count - 1 - sizes.count))
        objects[place.object].contours[place.contour].sizes = sizes + [size]
      } else if objects[place.object].contours[place.contour].sizes != nil {
        objects[place.object].contours[place.contour].sizes?.append(-1)
      }
      if let angles = particle.angles { slicerAngles.append(angles.slicer(centre: point, label: particle.id ?? "")) }
    }
  }

  /// The index of the object for these points, which is made when it is not there.
  private mutating func object(key: Int, isLine: Bool, radius: Int) -> Int {
    let title = isLine ? "lines \(key)" : "points \(key)"
    if let index = objects.firstIndex(where: { $0.name == title }) { return index }
    let colours: [[Float]] = [[0, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0], [1, 0.5, 0], [0.5, 0.5, 1]]
    let flags = isLine ? IMODFlags.open : IMODFlags.open | IMODFlags.scattered
    objects.append(
      Object(
        name: title, colour: colours[objects.count % colours.count], flags: flags, pointRadius: isLine ? 0 : radius))
    return objects.count - 1
  }

  /// The smallest volume that holds all points, for tomograms of unknown size.
  private static func extent(of list: ParticleList) -> Shape {
    func last(_ values: [Double]) -> Int { Int(min(1e6, max(0, (values.max() ?? 0).rounded(.up)))) + 1 }
    let points = list.particles.map(\.point)
    return Shape(z: last(points.map(\.z)), y: last(points.map(\.y)), x: last(points.map(\.x)))
  }
}

/// A voxel that a point lies in, however far away.
private struct Cell: Hashable {
  private var z: Int
  private var y: Int
  private var x: Int

  private init(z: Int, y: Int, x: Int) {
    self.z = z
    self.y = y
    self.x = x
  }

  init(_ point: VoxelPoint) {
    func whole(_ value: Double) -> Int { Int(max(-1e15, min(1e15, value.rounded()))) }
    self.init(z: whole(point.z), y: whole(point.y), x: whole(point.x))
  }

  /// The voxel itself and the 26 around it.
  var neighbourhood: [Cell] {
    (-1...1).flatMap { dz in
      (-1...1).flatMap { dy in (-1...1).map { dx in Cell(z: z + dz, y: y + dy, x: x + dx) } }
    }
  }
}
