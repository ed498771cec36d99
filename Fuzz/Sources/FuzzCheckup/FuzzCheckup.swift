import AisCheckup
import AisCore
import AisFormats
import FuzzSupport

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer) -> CInt {
  FuzzInput.writeSeeds { try smallTomograms(folder: FuzzInput.folder) }
  return 0
}

/// `ais info` and `ais info --check` on a mutated tomogram: no header and no voxel may stop them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  FuzzInput.asFile("input_10.00Apx.mrc", bytes, count) { path in
    let description = FileDescription(path: path)
    guard case .tomogram = description.content else { return }
    do throws(AisError) {
      let report = try Checkup().check(path)
      precondition(!report.judgements.isEmpty, "a check-up without a judgement")
    } catch {
      preconditionFailure("a check-up ended with an error instead of a report: \(error)")
    }
  }
  return 0
}
