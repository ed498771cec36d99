import AisCore

/// Decides whether the bytes of mode 0 are signed. MRC2014 says signed; IMOD before 4.2.23, SerialEM and several
/// microscopes wrote unsigned ones under the same number.
enum MRCByteSign {
  /// The decision, in this order: what was asked, IMOD's flag, the statistics of the header, the voxels themselves,
  /// the standard.
  ///
  /// - Parameter sample: gives some rows of raw bytes with their length; only called when the header does not decide.
  static func decide(
    header: MRCHeader, asked: ByteSign, compatibility: Compatibility,
    sample: () throws(AisError) -> (bytes: [UInt8], rowLength: Int)
  ) throws(AisError) -> (decision: TomogramInfo.ByteSignDecision, warnings: [TomogramWarning]) {
    if asked != .automatic {
      let isSigned = asked == .signed
      return (
        .init(isSigned: isSigned, reason: .asked, explanation: "read as \(word(isSigned)) because it was asked for"), []
      )
    }
    if compatibility == .reference {
      return (
        .init(isSigned: true, reason: .compatibility, explanation: "read as signed, as the reference program does"), []
      )
    }
    let (low, high) = (header.minimum, header.maximum)
    let fromStatistics: Bool? =
      !(low.isFinite && high.isFinite && low <= high) ? nil : high > 127 ? false : low < 0 ? true : nil
    if let flags = header.flags {
      let isSigned = flags.contains(.signedBytes)
      var warnings: [TomogramWarning] = []
      if let fromStatistics, fromStatistics != isSigned {
        warnings.append(
          TomogramWarning(
            .byteSignContradiction,
            "IMOD's flag says that bytes are \(word(isSigned)), but the header's minimum \(plainNumber(low)) and maximum \(plainNumber(high)) say \(word(fromStatistics)); "
              + "the flag is followed. Use --byte-sign \(word(fromStatistics)) if the picture looks torn."))
      }
      return (
        .init(isSigned: isSigned, reason: .imodFlag, explanation: "read as \(word(isSigned)) because of IMOD's flag"),
        warnings
      )
    }
    if let fromStatistics {
      var warnings: [TomogramWarning] = []
      if high > 127, low < 0 {
        warnings.append(
          TomogramWarning(
            .byteSignContradiction,
            "no byte reaches from the header's minimum \(plainNumber(low)) to its maximum \(plainNumber(high)); bytes are read as unsigned because of the maximum."
          ))
      }
      return (
        .init(
          isSigned: fromStatistics, reason: .headerStatistics,
          explanation: fromStatistics
            ? "read as signed because the header's minimum is \(plainNumber(low))"
            : "read as unsigned because the header's maximum is \(plainNumber(high))"),
        warnings
      )
    }
    if low.isFinite, high.isFinite, low < high {
      return (
        .init(
          isSigned: true, reason: .standard,
          explanation:
            "read as signed, the standard; the header's values \(plainNumber(low)) to \(plainNumber(high)) are the same either way"
        ),
        []
      )
    }
    return fromVoxels(try sample())
  }

  /// Real pictures are smooth: read with the wrong sign, neighbours jump by 256 wherever the picture crosses a half of
  /// the range. The reading with the smaller sum of steps between neighbours is the right one.
  static func fromVoxels(
    _ sample: (bytes: [UInt8], rowLength: Int)
  ) -> (decision: TomogramInfo.ByteSignDecision, warnings: [TomogramWarning]) {
    var signedSteps = 0
    var unsignedSteps = 0
    let length = max(1, sample.rowLength)
    for start in stride(from: 0, to: sample.bytes.count, by: length) {
      let end = min(start + length, sample.bytes.count)
      for i in start..<max(start, end - 1) {
        let (a, b) = (sample.bytes[i], sample.bytes[i + 1])
        unsignedSteps += abs(Int(a) - Int(b))
        signedSteps += abs(Int(Int8(bitPattern: a)) - Int(Int8(bitPattern: b)))
      }
    }
    if !sample.bytes.contains(where: { $0 > 127 }) {
      return (
        .init(
          isSigned: true, reason: .standard,
          explanation: "read as signed, the standard; no voxel looked at is above 127"), []
      )
    }
    let isSigned = signedSteps <= unsignedSteps
    let (less, more) = (min(signedSteps, unsignedSteps), max(signedSteps, unsignedSteps))
    var warnings: [TomogramWarning] = []
    // Noise over the full range looks alike both ways; a real picture differs by far more than a fifth.
    if Double(less) > 0.8 * Double(more) {
      warnings.append(
        TomogramWarning(
          .byteSignUncertain,
          "neither header nor voxels tell clearly whether bytes are signed; they are read as \(word(isSigned)). "
            + "Say --byte-sign signed or unsigned if you know."))
    }
    return (
      .init(
        isSigned: isSigned, reason: .voxels,
        explanation: "read as \(word(isSigned)) because the picture is smooth that way; the header does not say"),
      warnings
    )
  }

  private static func word(_ isSigned: Bool) -> String { isSigned ? "signed" : "unsigned" }
}
