import AisCore
import AisFormats
import AisImaging

/// Judges what the voxels show: whether it is a tomogram at all, how it lies, and whether features are dark or bright.
struct PictureCheck {
  var judgements: [Judgement] = []
  private let tomogram: Tomogram

  init(
    tomogram: Tomogram, voxels: VoxelCheck, byteLimit: Int, cancellation: Cancellation?, progress: (Double) -> Void
  ) throws(AisError) {
    self.tomogram = tomogram
    guard let reason = voxels.reasonNotToJudgePicture else {
      try judge(voxels.region, byteLimit, cancellation, progress)
      return
    }
    judgements += [.unseen(.orientation, "orientation-unseen", reason), .unseen(.contrast, "contrast-unseen", reason)]
  }

  private mutating func judge(
    _ region: VoxelBox, _ byteLimit: Int, _ cancellation: Cancellation?, _ progress: (Double) -> Void
  ) throws(AisError) {
    judgements.append(
      .unseen(
        .mirror, "mirror-unseen",
        "A mirror image cannot be told from the original in one tomogram; it shows when averaged particles of known "
          + "structure have the wrong hand."))
    guard var sampling = CubeSampling(region: region) else {
      let size = "\(region.x.count) × \(region.y.count) × \(region.z.count)"
      let reason = "Only \(size) voxels hold something: too thin to judge (16 on each axis are needed)."
      judgements += [
        .unseen(.orientation, "orientation-unseen", reason), .unseen(.contrast, "contrast-unseen", reason),
      ]
      return
    }
    sampling.limit(toBytes: byteLimit, sliceBytes: tomogram.shape.sliceCount * 4)
    var wedge = MissingWedgeMeter(edge: sampling.edge)
    var contrast = FeatureContrastMeter()
    let edge = sampling.edge
    try sampling.forEachCube(of: tomogram, cancellation: cancellation, progress: progress) { cube in
      wedge.add(cube)
      contrast.add(cube, edge: edge)
    }
    let spectra = wedge.result
    judgements.append(orientation(spectra))
    judgements.append(self.contrast(contrast.result, isSheared: spectra.map { $0.isSheared && $0.beam != .z } ?? false))
  }

  private func orientation(_ wedge: MissingWedge?) -> Judgement {
    guard let wedge else { return .unseen(.orientation, "orientation-unseen", "The cubes looked at hold nothing.") }
    let cones = MissingWedge.Axis.allCases.reversed()
      .map { "\($0.rawValue) \(decimal(wedge.cone[$0] ?? 0))" }.joined(separator: ", ")
    let measured = "spectral power in the cone about each axis (ln): \(cones)"
    let shape = tomogram.shape
    if wedge.isSheared, wedge.beam != .z {
      return .unsure(
        .orientation, "rows-out-of-step",
        "The spectrum is lopsided (ln \(decimal(wedge.shear.values.map(abs).max() ?? 0)) between its quarters): rows or "
          + "slices slide against each other, as when a file is read with wrong dimensions or was cut out of a larger one "
          + "without regard to them; or there is little but long parallel filaments without noise.",
        remedy: Remedy(
          advice:
            "Look at slices in all three directions; compare \(shape) with what the program that wrote the file says."))
    }
    // A raw stack of IMOD has the thickness of the slab along y; a shape that says the contrary weakens the case.
    let thinAlongZ = Double(shape.z) < 0.6 * Double(shape.y)
    let thinAlongY = Double(shape.y) < 0.6 * Double(min(shape.x, shape.z))
    switch wedge.beam {
    case .z:
      return .fine(.orientation, "The missing wedge lies along z, as it should: \(measured).")
    case .y:
      if thinAlongZ {
        return .unsure(
          .orientation, "orientation-unclear",
          "The spectrum looks as if the beam ran along y (\(measured)), but z is by far the thinnest axis (\(shape)). "
            + "Look at slices in all three directions.")
      }
      let shapeToo = thinAlongY ? " Its thinnest axis is y, too (\(shape))." : ""
      return .fault(
        .orientation, "orientation-xz", .warning,
        "The missing wedge lies along y: slices are cut across the specimen, as in IMOD's stacks before they are rotated; "
          + "\(measured).\(shapeToo)",
        confidence: thinAlongY ? .certain : .likely,
        remedy: Remedy(
          option: "--rotate-x",
          advice: "--rotate-x is what IMOD's 'trimvol -rx' does and keeps the handedness; if y and z were exchanged by "
            + "'-yz' or another program, use --axes xzy."))
    case .x:
      // No program is known to write such stacks, while filaments along x leave the same cone empty in pictures without
      // noise: the shape has to say so, too.
      guard Double(shape.x) < 0.6 * Double(min(shape.y, shape.z)) else {
        return .unsure(
          .orientation, "orientation-unclear",
          "The spectrum is emptiest about x (\(measured)), but x is not the thinnest axis (\(shape)): perhaps filaments "
            + "along x in a picture with little noise.")
      }
      return .fault(
        .orientation, "orientation-beam-along-x", .warning,
        "The missing wedge lies along x, which is also the thinnest axis (\(shape)): columns are the thickness of the "
          + "specimen; \(measured).",
        confidence: .likely,
        remedy: Remedy(advice: "Turn the volume with the program that wrote it, for example IMOD's 'rotatevol'."))
    case nil:
      if thinAlongY {
        return .unsure(
          .orientation, "orientation-perhaps-xz",
          "The thinnest axis is y (\(shape)), as in IMOD's stacks before they are rotated, but no missing wedge is to be "
            + "seen (\(measured)).",
          remedy: Remedy(option: "--rotate-x", advice: "Use it only if slices show the specimen from the side."))
      }
      return .unsure(
        .orientation, "orientation-unclear",
        "No missing wedge is to be seen, as in denoised, filled-in or simulated tomograms; \(measured).")
    }
  }

  private func contrast(_ contrast: FeatureContrast?, isSheared: Bool) -> Judgement {
    guard let contrast else { return .unseen(.contrast, "contrast-unseen", "The cubes looked at hold nothing.") }
    let octaves = contrast.asymmetry.map(decimal).joined(separator: ", ")
    let measured = "tail asymmetry of features of 3, 6, 12 voxels: \(octaves)"
    if isSheared {
      return .unseen(.contrast, "contrast-unseen", "If rows are out of step, features are torn apart and tell nothing.")
    }
    switch contrast.verdict {
    case .dark:
      return .fine(
        .contrast, "Features are darker than their surroundings, as is usual (\(measured)).", confidence: .likely)
    case .bright:
      return .fault(
        .contrast, "contrast-bright", .warning,
        "Features are brighter than their surroundings; networks are usually trained on dark ones (\(measured)).",
        confidence: .likely,
        remedy: Remedy(option: "--invert", advice: "Leave it if your network was trained on bright features."))
    case .unclear:
      return .unsure(.contrast, "contrast-unclear", "Neither dark nor bright features stand out (\(measured)).")
    }
  }
}

/// Two decimals, with a sign.
private func decimal(_ value: Double) -> String {
  let hundredths = (value * 100).rounded() / 100
  let text = "\(abs(hundredths))"
  return (hundredths < 0 ? "−" : "+") + text
}

extension CubeSampling {
  /// Leaves out layers of cubes until the slices read for them take no more than `limit` bytes; one layer stays.
  fileprivate mutating func limit(toBytes limit: Int, sliceBytes: Int) {
    let layers = max(1, min(z.count, limit / max(1, sliceBytes * edge)))
    if layers < z.count { keepLayers(layers) }
  }
}
