import AisCore
import AisFormats

/// What is in a tomogram file, with units in the names: what `ais info --json` prints.
package struct TomogramDescription: Sendable, Encodable {
  /// Three numbers that belong to the axes.
  package struct Triple<Value: Sendable & Encodable>: Sendable, Encodable {
    package var x: Value
    package var y: Value
    package var z: Value
  }
  package struct ByteSign: Sendable, Encodable {
    package var isSigned: Bool
    package var reason: String
    package var explanation: String
  }
  package struct Statistics: Sendable, Encodable {
    package var minimum: Double
    package var maximum: Double
    package var mean: Double
    package var standardDeviation: Double
  }
  package struct ExtendedHeader: Sendable, Encodable {
    package var type: String
    package var byteCount: Int
  }
  package struct Warning: Sendable, Encodable {
    package var code: String
    package var message: String
  }

  package var format: String
  package var container: String
  package var compression: String?
  package var fileBytes: Int
  /// As viewed.
  package var shape: Triple<Int>
  package var elementType: String
  package var mode: Int?
  package var byteOrder: String
  package var byteOrderReason: String
  package var byteSign: ByteSign?
  /// As viewed and overridden; `nil` when unknown.
  package var voxelSizeAngstrom: Triple<Double>?
  package var extentNanometer: Triple<Double>?
  package var originAngstrom: Triple<Double>
  package var start: Triple<Int>
  package var axisOrder: String
  package var volumeCount: Int
  package var labels: [String]
  package var extendedHeader: ExtendedHeader?
  package var headerStatistics: Statistics?
  /// How the file is looked at: `as it is`, or what the view does.
  package var view: String
  package var warnings: [Warning]

  package init(_ tomogram: Tomogram) {
    let info = tomogram.info
    format = info.format.rawValue
    container = info.container.rawValue
    compression = info.compression
    fileBytes = info.fileByteCount
    let size = tomogram.shape
    shape = Triple(x: size.x, y: size.y, z: size.z)
    elementType = info.elementType.rawValue
    mode = info.mode
    byteOrder = info.byteOrder.rawValue
    byteOrderReason = info.byteOrderReason
    byteSign = info.byteSign.map {
      ByteSign(isSigned: $0.isSigned, reason: $0.reason.rawValue, explanation: $0.explanation)
    }
    if let voxel = tomogram.voxelSize {
      voxelSizeAngstrom = Triple(
        x: Self.exact(voxel.x.angstrom), y: Self.exact(voxel.y.angstrom), z: Self.exact(voxel.z.angstrom))
      extentNanometer = Triple(
        x: Self.exact(voxel.x.nanometer * Double(size.x)), y: Self.exact(voxel.y.nanometer * Double(size.y)),
        z: Self.exact(voxel.z.nanometer * Double(size.z)))
    }
    originAngstrom = Triple(x: info.origin.x, y: info.origin.y, z: info.origin.z)
    start = Triple(x: info.start.x, y: info.start.y, z: info.start.z)
    axisOrder = info.axisOrder
    volumeCount = info.volumeCount
    labels = info.labels
    extendedHeader = info.extendedHeader.map { ExtendedHeader(type: $0.type, byteCount: $0.byteCount) }
    headerStatistics = info.statistics.map {
      Statistics(minimum: $0.minimum, maximum: $0.maximum, mean: $0.mean, standardDeviation: $0.rms)
    }
    view = tomogram.options.view.summary
    warnings = tomogram.warnings.map { Warning(code: $0.code.rawValue, message: $0.message) }
  }

  /// Headers hold single precision: six digits are what they know.
  private static func exact(_ value: Double) -> Double {
    guard value.isFinite, abs(value) < 1e12 else { return value }
    return (value * 1e5).rounded() / 1e5
  }
}
