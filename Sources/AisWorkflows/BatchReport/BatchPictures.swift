import AisCore
import AisFormats
import AisImaging
import AisJobs

/// Small pictures of what a batch has made: the middle slice of each tomogram with its segmentations.
package enum BatchPictures {
  /// PNG files by task, of at most `limit` tasks, spread evenly over all of them. What cannot be drawn has none: a report tells
  /// of more than pictures.
  package static func draw(
    _ tasks: BatchTasks, schedule: BatchSchedule, limit: Int, reading: (BatchTasks.Entry) -> TomogramOptions,
    cancellation: Cancellation
  ) throws(AisError) -> [String: [UInt8]] {
    let drawable = tasks.entries.filter { $0.stage.command == "segment" && schedule.state(of: $0.id) == .done }
    var pictures: [String: [UInt8]] = [:]
    let count = min(limit, drawable.count)
    for place in 0..<count {
      try cancellation.check()
      let entry = drawable[place * drawable.count / count]
      let outputs = schedule.log(of: entry.id).last?.outputs?.map { entry.absolute($0.path) } ?? []
      pictures[entry.id] = try? picture(of: entry, outputs, reading(entry))
    }
    return pictures
  }

  private static func picture(
    of entry: BatchTasks.Entry, _ outputs: [String], _ reading: TomogramOptions
  ) throws(AisError) -> [UInt8] {
    var options = Preview.Options()
    options.size = 208
    options.hasCaption = false
    let preview = try Preview(
      tomogram: entry.absolute(entry.task.inputs[0]), reading: reading,
      segmentations: outputs.filter { $0.hasSuffix(".mrc") }, options: options)
    let picture = try preview.draw().picture
    return try PNGEncoder.encode(rgb: picture.rgb, width: picture.width, height: picture.height, texts: [])
  }
}
