import AisCore
import AisFormats
import AisImaging
import AisTestSupport
import AisWorkflows
import Testing

@Suite("Evaluation of a segmentation") struct EvaluationTests {
  let folder = try! TemporaryFolder()
  let shape = Shape(z: 2, y: 2, x: 3)

  /// Writes a small volume and returns its path.
  func volume(_ name: String, _ type: ElementType, shape: Shape? = nil, _ values: [Float]) throws -> String {
    let shape = shape ?? self.shape
    let path = folder.path(name)
    let writer = try MRCWriter(path: path, output: MRCOutput(shape: shape, elementType: type, voxelSize: nil))
    try values.withUnsafeBufferPointer { values in
      for z in 0..<shape.z {
        let slice = z * shape.sliceCount..<(z + 1) * shape.sliceCount
        try writer.writeSlice(z, UnsafeBufferPointer(rebasing: values[slice]))
      }
    }
    try writer.finish()
    return path
  }

  /// Twelve voxels; labels 1 and 2, and three ways to store the same confidences.
  let labels: [Float] = [0, 1, 1, 2, 0, 0, 0, 1, 2, 2, 1, 0]
  let confidences: [Float] = [0, 1, 0.6, 0, 0.7, 0, 0, 0.8, 0.9, 0, 0.2, 0]

  @Test(
    "the same confidences give the same counts in every element type",
    arguments: [(ElementType.uint16, Float(255)), (.int8, 127), (.float32, 1), (.float16, 1), (.float32, 255)])
  func elementTypes(type: ElementType, full: Float) throws {
    let segmentation = try volume("s.mrc", type, confidences.map { $0 * full })
    let truth = try volume("t.mrc", .int8, labels)
    let result = try Evaluation.compare(segmentation: segmentation, groundTruth: truth, truth: .label(1))
    let overlap = result.histogram.overlap(threshold: 128)
    #expect(overlap.shared == 3 && overlap.onlyTested == 2 && overlap.onlyTruth == 1)
    #expect(overlap.dice == 6.0 / 9)
  }

  @Test("without a label, everything above zero counts")
  func anyLabel() throws {
    let segmentation = try volume("s.mrc", .uint16, confidences.map { $0 * 255 })
    let truth = try volume("t.mrc", .int8, labels)
    let result = try Evaluation.compare(segmentation: segmentation, groundTruth: truth, truth: .anyLabel)
    #expect(result.histogram.truthCount == 7)
    #expect(result.histogram.overlap(threshold: 128).shared == 4)
  }

  @Test("volumes of different size are refused with both sizes")
  func differentSizes() throws {
    let segmentation = try volume("s.mrc", .uint16, confidences)
    let truth = try volume("t.mrc", .int8, shape: Shape(z: 1, y: 3, x: 4), labels)
    let error = #expect(throws: AisError.self) {
      try Evaluation.compare(segmentation: segmentation, groundTruth: truth, truth: .label(1))
    }
    #expect(error?.code == .shapeMismatch)
    #expect(error?.message.contains("3 × 2 × 2") == true && error?.message.contains("4 × 3 × 1") == true)
  }

  @Test("a label that no voxel holds is refused")
  func emptyTruth() throws {
    let segmentation = try volume("s.mrc", .uint16, confidences)
    let truth = try volume("t.mrc", .int8, labels)
    let error = #expect(throws: AisError.self) {
      try Evaluation.compare(segmentation: segmentation, groundTruth: truth, truth: .label(7))
    }
    #expect(error?.code == .needsDecision)
    #expect(error?.message.contains("holds 7") == true)
  }

  @Test("a comparison that was stopped says so")
  func cancelled() throws {
    let path = try volume("s.mrc", .uint16, confidences)
    let cancellation = Cancellation()
    cancellation.cancel()
    let error = #expect(throws: AisError.self) {
      try Evaluation.compare(segmentation: path, groundTruth: path, truth: .anyLabel, cancellation: cancellation)
    }
    #expect(error?.code == .cancelled)
  }
}
