import AisCore
import AisFormats
import AisTraining
import Logging

/// Writes the places of annotated boxes as STAR lists, in the layout of the reference program.
package enum ExtractCoordinates {
  /// A list that was written.
  package struct Made: Sendable {
    package var path: String
    package var count: Int
  }

  /// Writes every list of the plan that is not there yet.
  package static func write(_ plan: ExtractPlan, logger: Logger) throws(AisError) -> [Made] {
    if !plan.wanted.isEmpty { try OutputFolder.prepare(plan.request.outputFolder, logger: logger) }
    var made: [Made] = []
    for set in plan.wanted {
      guard let record = set.record else { continue }
      let isMerged = plan.request.merges
      var table = STARLoop(
        columns: ["rlnCoordinateZ", "rlnCoordinateY", "rlnCoordinateX", "rlnMicrographName"]
          + (isMerged ? ["aisFeature"] : []))
      for task in plan.tasks {
        for feature in task.source.features(set.features) {
          for box in feature.boxes {
            table.append(
              ["\(box.z)", "\(box.y)", "\(box.x)", micrograph(task.source.annotated.name)]
                + (isMerged ? [feature.title] : []))
          }
        }
      }
      let block = STARBlock(name: "particles", comments: try record.lines("extract --coordinates"), loops: [table])
      try record.write([(set.path, try STARFile(blocks: [block]).encoded(name: set.path))])
      made.append(Made(path: set.path, count: table.rowCount))
    }
    return made
  }

  /// The tomogram's file name, up to the first two underscores.
  private static func micrograph(_ name: String) -> String {
    let base = name.firstRange(of: "__").map { String(name[..<$0.lowerBound]) } ?? name
    return base + ".mrc"
  }
}
