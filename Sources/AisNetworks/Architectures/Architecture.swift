import AisCore

/// A layout that networks are trained with: a function that builds its graph, and what a person should know of it.
package struct Architecture: Sendable {
  /// As it is called in menus, on the command line and in model files.
  package var name: String
  /// What the same layout was called at other times.
  package var aliases: [String]
  package var form: Form
  /// Boxes and slices are best multiples of this along y and x.
  package var sideMultiple: Int
  /// Depths of slabs must be multiples of this; 1 for networks of slices.
  package var depthMultiple: Int
  package var objective: Objective
  /// The share of the old value when moving statistics take in a batch, as Keras counts momentum.
  package var batchMomentum: Float
  /// Offered for new networks. Others can be named, to go on with old ones and to compare.
  package var isOffered: Bool
  /// A sentence for people who choose.
  package var summary: String
  /// Whether a user brought it along.
  package internal(set) var isUsers = false
  /// The user's own program that computes models of it, in place of a layout.
  package internal(set) var program: CustomProgram?
  let layout: @Sendable (inout ArchitectureBuilder) -> Void

  /// What a network slides over.
  package enum Form: String, Sendable, Codable {
    /// One slice, or several as channels (2.5D); the answer is one slice.
    case slices
    /// Slabs of slices; the answer is a slab.
    case slabs
  }

  /// What training minimises by default, over the pixels that are labelled.
  package enum Objective: Sendable, Hashable, Codable {
    case crossentropy
    case dice
    /// The weighted sum of both.
    case mixture(crossentropy: Double, dice: Double)
    /// Least-squares adversarial training, and `distance` times the mean absolute error.
    case adversarial(distance: Double)
  }

  /// Adam's learning rate that the layout was tuned with, and its first moment's decay.
  package var learningRate: Double
  package var beta1: Double

  init(
    _ name: String, aliases: [String] = [], form: Form = .slices, sideMultiple: Int, depthMultiple: Int = 1,
    objective: Objective = .crossentropy, learningRate: Double = 1e-3, beta1: Double = 0.9, batchMomentum: Float = 0.99,
    isOffered: Bool = true, _ summary: String, layout: @escaping @Sendable (inout ArchitectureBuilder) -> Void
  ) {
    self.name = name
    self.aliases = aliases
    self.form = form
    self.sideMultiple = sideMultiple
    self.depthMultiple = depthMultiple
    self.objective = objective
    self.learningRate = learningRate
    self.beta1 = beta1
    self.batchMomentum = batchMomentum
    self.isOffered = isOffered
    self.summary = summary
    self.layout = layout
  }

  /// A fresh network: kernels drawn as Glorot and Bengio propose (uniform), biases 0, normalisation neutral.
  ///
  /// - Parameters:
  ///   - depth: slices in one input, the channels of networks of slices. Networks of slabs take any depth.
  ///   - seed: the same seed gives the same weights.
  package func graph(depth: Int = 1, seed: UInt64 = 1) -> NetworkGraph {
    if let program { return NetworkGraph(CustomModel(program: program, depth: depth)) }
    var builder = ArchitectureBuilder(
      form == .slabs ? .three : .two, channels: form == .slabs ? 1 : depth, seed: seed)
    layout(&builder)
    return builder.graph(name: name)
  }

  /// The number of weights.
  package func parameterCount(depth: Int = 1) -> Int { graph(depth: depth).parameterCount }

  /// Multiplications for each pixel of a slice, or voxel of a slab.
  package func multiplicationsPerPixel(depth: Int = 1) throws(AisError) -> Double {
    let side = max(64, 2 * sideMultiple)
    let input = TensorShape(
      z: form == .slabs ? 16 : 1, y: side, x: side, channels: form == .slabs ? 1 : depth)
    let graph = graph(depth: depth)
    return graph.multiplications(shapes: try graph.shapes(for: input)) / Double(input.positions)
  }
}

extension Architecture {
  /// All that the program knows, those for new networks first.
  package static let all: [Architecture] = vggNets + uNets + pix2pix + slabNetworks + others + earlier

  /// What new networks are made of when nobody chooses.
  package static let standard = "VGGNet M"

  /// The architecture of that name or alias; letters' case, blanks, hyphens and underscores do not matter.
  ///
  /// Throws `usage` with all names when there is none.
  package static func named(_ name: String) throws(AisError) -> Architecture { try named(name, among: all) }

  static func named(_ name: String, among all: [Architecture]) throws(AisError) -> Architecture {
    let wanted = folded(name)
    if let found = all.first(where: { folded($0.name) == wanted })
      ?? all.first(where: { $0.aliases.contains { folded($0) == wanted } })
    {
      return found
    }
    let names = all.filter(\.isOffered).map { "'\($0.name)'" }.joined(separator: ", ")
    throw AisError(
      .usage, "there is no architecture '\(name)'. There are \(names); 'ais architectures --all' lists earlier ones too"
    )
  }

  private static func folded(_ name: String) -> String {
    name.lowercased().filter { $0 != " " && $0 != "-" && $0 != "_" }
  }
}
