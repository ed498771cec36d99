import CKernels

/// The processor instructions that the CPU engine's kernels are compiled for, slowest first.
package enum InstructionSet: String, Sendable, CaseIterable, Comparable {
  /// What every processor of the architecture has.
  case baseline
  /// AVX2 with fused multiply-add.
  case avx2
  /// AVX-512 F, DQ, BW and VL.
  case avx512

  /// The fastest set that this processor and operating system support.
  package static var best: InstructionSet {
    switch ckernels_best_instruction_set() {
    case CKERNELS_AVX512: .avx512
    case CKERNELS_AVX2: .avx2
    default: .baseline
    }
  }

  /// All sets that can be run here, slowest first.
  package static var available: [InstructionSet] { allCases.filter { $0 <= best } }

  /// The fastest usable set that is no faster than `cap`, the value of the environment variable `AIS_INSTRUCTION_SET`.
  /// A name that is not a set changes nothing.
  package static func best(cappedBy cap: String?) -> InstructionSet {
    guard let cap = cap.flatMap({ InstructionSet(rawValue: $0.lowercased()) }) else { return best }
    return min(best, cap)
  }

  package static func < (a: InstructionSet, b: InstructionSet) -> Bool { a.rank < b.rank }

  private var rank: Int {
    switch self {
    case .baseline: 0
    case .avx2: 1
    case .avx512: 2
    }
  }

  /// The kernels' own name for the set.
  var kernels: ckernels_instruction_set {
    switch self {
    case .baseline: CKERNELS_BASELINE
    case .avx2: CKERNELS_AVX2
    case .avx512: CKERNELS_AVX512
    }
  }
}
