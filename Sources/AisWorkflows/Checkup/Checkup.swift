import AisCore
import AisFormats
import AisImaging

/// Looks a tomogram over as an experienced user would: header, values, voxel size, orientation, contrast.
///
/// Reads at most 64 slices for the values (all of them when `isThorough`) and up to 27 cubes of 64³ voxels for the
/// orientation and contrast. Memory stays below 16 MB, the reader's cache, and two slices.
package struct Checkup: Sendable {
  package struct Options: Sendable {
    /// How the file is looked at. Headers are read permissively whatever it says.
    package var reading = TomogramOptions()
    /// Looks at the values of every slice.
    package var isThorough = false
    /// Most bytes of voxels read for the cubes.
    package var cubeByteLimit = 4 << 30

    package init() {}
  }

  package static let sampledSlices = 64

  package var options: Options

  package init(options: Options = Options()) { self.options = options }

  /// Checks one file. What cannot even be opened is a report with one fault, not an error; an error is thrown only when
  /// cancelled.
  package func check(
    _ path: String, cancellation: Cancellation? = nil, progress: (Double) -> Void = { _ in }
  ) throws(AisError) -> CheckupReport {
    var reading = options.reading
    reading.isPermissive = true
    // Each slice is read once or twice, in order: only a turned volume gains from a large cache.
    if reading.view == .identity { reading.cacheBytes = min(reading.cacheBytes, 8 << 20) }
    let tomogram: Tomogram
    do throws(AisError) {
      tomogram = try Tomogram.open(path, options: reading)
    } catch {
      let fault = Judgement.fault(.file, error.code.rawValue, .error, "\(error)")
      return CheckupReport(path: path, judgements: [fault], slicesSampled: 0, slices: 0)
    }
    do throws(AisError) {
      return try check(tomogram, path: path, cancellation: cancellation, progress: progress)
    } catch  where error.code == .cancelled {
      throw error
    } catch {
      // The header could be read, the voxels not: say both.
      var judgements = HeaderCheck(tomogram: tomogram, path: path).judgements
      judgements.append(.fault(.file, error.code.rawValue, .error, "\(error)"))
      return CheckupReport(path: path, judgements: judgements, slicesSampled: 0, slices: tomogram.shape.z)
    }
  }

  private func check(
    _ tomogram: Tomogram, path: String, cancellation: Cancellation?, progress: (Double) -> Void
  ) throws(AisError) -> CheckupReport {
    var judgements = HeaderCheck(tomogram: tomogram, path: path).judgements
    let voxels = try VoxelCheck(
      tomogram: tomogram, isThorough: options.isThorough, cancellation: cancellation, progress: { progress(0.5 * $0) })
    judgements += voxels.judgements
    judgements += VoxelSizeCheck(tomogram: tomogram, path: path).judgements
    judgements += try PictureCheck(
      tomogram: tomogram, voxels: voxels, byteLimit: options.cubeByteLimit, cancellation: cancellation,
      progress: { progress(0.5 + 0.5 * $0) }
    ).judgements
    let order = Judgement.Subject.allCases
    judgements = order.flatMap { subject in judgements.filter { $0.subject == subject } }
    return CheckupReport(
      path: path, judgements: judgements, slicesSampled: voxels.survey.slices.count, slices: tomogram.shape.z)
  }
}
