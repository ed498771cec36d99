import AisCore
import AisFormats
import AisNetworks
import AisSegmentation
import Foundation

/// Where the outputs of a run go: `OUT/<tomogram>__<feature>.mrc`; of groups also `OUT/raw/<tomogram>__<feature>.mrc` and
/// `OUT/labels/<tomogram>__labels.mrc`, in folders of their own so that what reads a folder of segmentations does not take them
/// for further features.
struct SegmentOutputNames {
  struct Name {
    var kind: SegmentTask.Output.Kind
    /// Counts into the models; labels are of all of them.
    var model: Int
    var path: String
  }

  let request: SegmentRequest
  let models: [SegmentPlan.LoadedModel]

  static let rawFolder = "raw"
  static let labelFolder = "labels"

  /// The folders that a run writes to.
  static func folders(_ request: SegmentRequest) -> [String] {
    let prefix = OutputFolder.prefix(request.outputFolder)
    return [request.outputFolder] + (request.writesRaw ? [prefix + rawFolder] : [])
      + (request.writesLabels ? [prefix + labelFolder] : [])
  }

  /// The outputs of each tomogram. Throws when two would be the same, or one an input.
  func outputs(for inputs: [String]) throws(AisError) -> [[Name]] {
    let folder = OutputFolder.prefix(request.outputFolder)
    var claims = OutputClaims(inputs: inputs)
    var claimants: [String: Int] = [:]
    var result: [[Name]] = []
    for input in inputs {
      var names: [Name] = []
      for (index, model) in models.enumerated() {
        let name = OutputName.name(
          pattern: request.namePattern, tomogram: input, model: model.file.path, title: model.model.title)
        let otherModel = claimants[name]
        claims.claim(folder + name, for: input) { other in clash(name, (input, index), (other, otherModel ?? index)) }
        claimants[name] = index
        names.append(Name(kind: .segmentation, model: index, path: folder + name))
        if request.writesRaw {
          names.append(Name(kind: .raw, model: index, path: folder + Self.rawFolder + "/" + name))
        }
      }
      if request.writesLabels {
        let name = OutputName.name(pattern: request.namePattern, tomogram: input, model: "group", title: "labels")
        let path = folder + Self.labelFolder + "/" + name
        claims.claim(path, for: input)
        names.append(Name(kind: .labels, model: 0, path: path))
      }
      result.append(names)
    }
    try claims.check()
    return result
  }

  private func clash(_ name: String, _ a: (input: String, model: Int), _ b: (input: String, model: Int)) -> String {
    if a.input == b.input, request.group != nil {
      return
        "models '\(models[b.model].model.title)' and '\(models[a.model].model.title)' both give '\(name)': give one of them another 'title' in the group"
    }
    if a.input == b.input {
      return "models '\(models[b.model].file.path)' and '\(models[a.model].file.path)' both give '\(name)': use "
        + "'--name {stem}_{model}', or run them into different folders"
    }
    return
      "'\(b.input)' and '\(a.input)' both give '\(name)': use '--name {parent}_{stem}', or run them into different "
      + "folders"
  }
}

extension SegmentTask {
  /// How an output is stored: labels as small whole numbers, whatever probabilities are stored as.
  static func elementType(of kind: Output.Kind, request: SegmentRequest, labels: Int) -> ElementType {
    guard kind == .labels else { return request.outputType.elementType }
    return labels > 127 ? .int16 : .int8
  }
}
