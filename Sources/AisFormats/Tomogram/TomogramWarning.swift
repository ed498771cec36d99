/// Something odd about a file that does not stop it from being read.
package struct TomogramWarning: Sendable, Hashable, CustomStringConvertible {
  /// For programs.
  package enum Code: String, Sendable, CaseIterable {
    case noMapID = "no-map-id"
    case machineStampMissing = "machine-stamp-missing"
    case machineStampWrong = "machine-stamp-wrong"
    case byteSignUncertain = "byte-sign-uncertain"
    case byteSignContradiction = "byte-sign-contradiction"
    case voxelSizeUnknown = "voxel-size-unknown"
    case voxelSizePartlyUnknown = "voxel-size-partly-unknown"
    case samplingInvalid = "sampling-invalid"
    case axesInvalid = "axes-invalid"
    case axesPermuted = "axes-permuted"
    case cellNotOrthogonal = "cell-not-orthogonal"
    case extendedHeaderInvalid = "extended-header-invalid"
    case originInvalid = "origin-invalid"
    case labelCountInvalid = "label-count-invalid"
    case truncated
    case extraBytes = "extra-bytes"
    case volumeStack = "volume-stack"
    case pagesDiffer = "pages-differ"
    case compressedTail = "compressed-tail"
  }

  package var code: Code
  package var message: String
  package var description: String { message }

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }
}
