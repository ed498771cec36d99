import AisCore
import AisNetworks

/// Runs one model on windows of prepared slices, tile by tile, in every orientation asked for.
final class WindowInference {
  let layout: WindowLayout
  /// Shared with the other models of a pass: they run one after the other.
  private let staging: StagingBuffers

  init(_ layout: WindowLayout, staging: StagingBuffers) {
    self.layout = layout
    self.staging = staging
  }

  /// Adds the network's answers, in all orientations, to `sums`.
  ///
  /// - Parameters:
  ///   - window: the prepared slices, one for each input position.
  ///   - width: pixels in a row of a slice.
  ///   - sums: for each output slice where its values are added, or `nil` when they do not count.
  ///   - afterTile: called after each tile with its predicted seconds; throws to stop.
  func add(
    _ window: [UnsafePointer<Float>], width: Int, to sums: [UnsafeMutablePointer<Float>?],
    afterTile: (Double) throws(AisError) -> Void
  ) throws(AisError) {
    for pass in layout.passes {
      for tile in pass.grid.tiles {
        let plan = layout.plan(of: tile)
        let input = UnsafeMutableBufferPointer(rebasing: staging.input[..<plan.input.count])
        let output = UnsafeMutableBufferPointer(rebasing: staging.output[..<plan.output.count])
        gather(tile, of: pass.frame, from: window, width: width, into: input.baseAddress!)
        try plan.run(UnsafeBufferPointer(input), into: output)
        scatter(UnsafePointer(output.baseAddress!), tile, of: pass.frame, width: width, to: sums)
        try afterTile(plan.predictedSeconds)
      }
    }
  }

  /// Starts a tile's run in one of the places of the staging buffers.
  func start(
    _ tile: Tile, of frame: PlaneFrame, _ window: [UnsafePointer<Float>], width: Int, in slot: StagingBuffers.Slot
  ) throws(AisError) -> any StartedRun {
    let plan = layout.plan(of: tile)
    let input = UnsafeMutableBufferPointer(rebasing: slot.input[..<plan.input.count])
    gather(tile, of: frame, from: window, width: width, into: input.baseAddress!)
    return try plan.start(
      UnsafeBufferPointer(input), into: UnsafeMutableBufferPointer(rebasing: slot.output[..<plan.output.count]))
  }

  /// Fills a tile's input: (z, y, x) for 3D networks, (y, x, channel) for the others.
  func gather(
    _ tile: Tile, of frame: PlaneFrame, from window: [UnsafePointer<Float>], width: Int,
    into input: UnsafeMutablePointer<Float>
  ) {
    let (rows, columns) = (tile.rows.count, tile.columns.count)
    let isVolume = layout.model.isThreeDimensional
    // Distance between neighbours in a row of the input, between rows, and between slices.
    let (step, rowStep, sliceStep) =
      isVolume ? (1, columns, rows * columns) : (window.count, columns * window.count, 1)
    frame.columnSource.withUnsafeBufferPointer { columnSource in
      for (index, slice) in window.enumerated() {
        for row in 0..<rows {
          var target = input + index * sliceStep + row * rowStep
          let source = frame.rowSource[tile.rows.lowerBound + row]
          if frame.rowsRunAlongX {
            for column in tile.columns {
              target.pointee = slice[columnSource[column] * width + source]
              target += step
            }
          } else {
            let line = slice + source * width
            for column in tile.columns {
              target.pointee = line[columnSource[column]]
              target += step
            }
          }
        }
      }
    }
  }

  /// Adds the core of a tile's answer to the slices, turned back.
  func scatter(
    _ output: UnsafePointer<Float>, _ tile: Tile, of frame: PlaneFrame, width: Int,
    to sums: [UnsafeMutablePointer<Float>?]
  ) {
    let (rows, columns) = (tile.rows.count, tile.columns.count)
    for (index, sum) in sums.enumerated() {
      guard let sum else { continue }
      for row in tile.coreRows {
        let line = output + (index * rows + row - tile.rows.lowerBound) * columns - tile.columns.lowerBound
        let target = frame.rowSource[row]
        if frame.rowsRunAlongX {
          for column in tile.coreColumns { sum[frame.columnSource[column] * width + target] += line[column] }
        } else {
          for column in tile.coreColumns { sum[target * width + frame.columnSource[column]] += line[column] }
        }
      }
    }
  }
}

/// Room for the input and output of tiles, as large as the largest needs.
final class StagingBuffers {
  /// Room for one tile.
  struct Slot {
    let input: UnsafeMutableBufferPointer<Float>
    let output: UnsafeMutableBufferPointer<Float>
  }

  let slots: [Slot]

  /// - Parameter count: tiles that can be under way at once.
  init(inputCount: Int, outputCount: Int, count: Int = 1) {
    slots = (0..<max(1, count)).map { _ in
      let slot = Slot(input: .allocate(capacity: inputCount), output: .allocate(capacity: outputCount))
      slot.input.initialize(repeating: 0)
      slot.output.initialize(repeating: 0)
      return slot
    }
  }

  var input: UnsafeMutableBufferPointer<Float> { slots[0].input }
  var output: UnsafeMutableBufferPointer<Float> { slots[0].output }

  deinit {
    for slot in slots {
      slot.input.deallocate()
      slot.output.deallocate()
    }
  }
}
