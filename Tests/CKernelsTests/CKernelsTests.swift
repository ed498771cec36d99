import CKernels
import Testing

/// The bare C interface, called as any C program would.
@Suite struct CKernelsTests {
  @Test func `the header is the one these tests were written for`() {
    #expect(ckernels_version() == 1)
  }

  @Test func `the best instruction set is one that exists, and its panels hold whole vectors`() {
    let best = ckernels_best_instruction_set()
    #expect(best.rawValue <= CKERNELS_AVX512.rawValue)
    for set in [CKERNELS_BASELINE, CKERNELS_AVX2, CKERNELS_AVX512] {
      #expect(ckernels_panel_width(set) % CKERNELS_CHANNEL_MULTIPLE == 0)
    }
  }

  @Test func `a team of one works, and no team needs no end`() throws {
    let team = try #require(ckernels_team_create(1))
    #expect(ckernels_team_size(team) == 1)
    ckernels_team_destroy(team)
    ckernels_team_destroy(nil)
    let nonsense = try #require(ckernels_team_create(-5))
    #expect(ckernels_team_size(nonsense) == 1)
    ckernels_team_destroy(nonsense)
  }

  @Test func `a pointwise sum adds arrays and leaves the space between positions alone`() throws {
    let team = try #require(ckernels_team_create(2))
    defer { ckernels_team_destroy(team) }
    let a: [Float] = [1, 2, 3, 4, 5, 6]
    let b: [Float] = [10, 20, 30, 40, 50, 60]
    // Two channels, three floats apart.
    var sum = [Float](repeating: -1, count: 9)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        sum.withUnsafeMutableBufferPointer { sum in
          let sources = [a, b].map {
            ckernels_source(
              data: $0.baseAddress, z: 1, y: 1, x: 3, stride: 2, channels: 2, shift_z: 0, shift_y: 0, shift_x: 0)
          }
          sources.withUnsafeBufferPointer { sources in
            var call = ckernels_pointwise()
            call.sources = sources.baseAddress
            call.source_count = 2
            call.output = ckernels_target(data: sum.baseAddress, z: 1, y: 1, x: 3, stride: 3, channels: 2)
            ckernels_pointwise_run(ckernels_best_instruction_set(), &call, team)
          }
        }
      }
    }
    #expect(sum == [11, 22, -1, 33, 44, -1, 55, 66, -1])
  }

  @Test func `a 1 × 1 convolution through the indirect kernel is a matrix product`() throws {
    let team = try #require(ckernels_team_create(1))
    defer { ckernels_team_destroy(team) }
    let set = ckernels_best_instruction_set()
    let input: [Float] = [1, 2, 3, 4]  // two positions of two channels
    let kernel: [Float] = [1, 10, 100, 1000]  // (channel, filter)
    var packed = [Float](repeating: 0, count: Int(ckernels_indirect_weight_count(1, 2, 2)))
    ckernels_indirect_pack(set, kernel, [0], 1, 2, 2, &packed)
    let bias = [Float](repeating: 0.5, count: 16)
    var output = [Float](repeating: 0, count: 4)
    input.withUnsafeBufferPointer { input in
      let source = ckernels_source(
        data: input.baseAddress, z: 1, y: 1, x: 2, stride: 2, channels: 2, shift_z: 0, shift_y: 0, shift_x: 0)
      withUnsafePointer(to: source) { source in
        packed.withUnsafeBufferPointer { packed in
          bias.withUnsafeBufferPointer { bias in
            output.withUnsafeMutableBufferPointer { output in
              [ckernels_offset(z: 0, y: 0, x: 0)].withUnsafeBufferPointer { taps in
                var call = ckernels_indirect()
                call.sources = source
                call.source_count = 1
                call.taps = taps.baseAddress
                call.tap_count = 1
                call.step = ckernels_offset(z: 1, y: 1, x: 1)
                call.weights = packed.baseAddress
                call.filters = 2
                call.z = 1
                call.y = 1
                call.x = 2
                call.epilogue.bias = bias.baseAddress
                call.output = ckernels_target(data: output.baseAddress, z: 1, y: 1, x: 2, stride: 2, channels: 2)
                call.output_step = call.step
                let count = Int(ckernels_indirect_workspace(&call))
                let workspace = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
                defer { workspace.deallocate() }
                ckernels_indirect_run(set, &call, workspace.assumingMemoryBound(to: Float.self), team)
              }
            }
          }
        }
      }
    }
    #expect(output == [201.5, 2010.5, 403.5, 4030.5])
  }

  @Test func `the processor's limit is a sensible number`() {
    let seconds = ckernels_measure_peak(ckernels_best_instruction_set())
    #expect(seconds > 1e-4 && seconds < 10)
  }
}
