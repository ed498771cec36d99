import AisCore
import AisPicking
import AisWorkflows
import ArgumentParser

/// Filaments and surfaces instead of particles.
package struct CurveArguments: ParsableArguments {
  @Flag(
    help:
      "Follow filaments instead of finding particles: points at even distances along each, the particle's z along it.")
  package var filaments = false

  @Flag(
    help:
      "Cover surfaces such as membranes instead: points at even distances half-way through the sheet, the particle's z along the normal."
  )
  package var onSurface = false

  @Option(
    help: ArgumentHelp("Between points along a filament or on a surface, such as 120A or 8px.", valueName: "length"),
    transform: Quantity.extent)
  package var every: PickRequest.Extent?

  @Option(
    help: ArgumentHelp(
      "The least length of a filament, whatever it ends at, such as 80nm. Without it, 50nm.", valueName: "length"),
    transform: Quantity.extent)
  package var minLength: PickRequest.Extent?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Degrees that a filament turns about its axis from point to point, such as 27.5 or -166.6. Without it, rot is 0.",
      valueName: "degrees"))
  package var twist: Double?

  @Option(
    help: ArgumentHelp(
      "Where filaments meet: through (those that continue each other are one), or split (all end). Without it, through.",
      valueName: "through|split"))
  package var junctions: FilamentSettings.Junctions?

  @Option(
    help: ArgumentHelp(
      "Filaments that meet at a sharper bend than this are not one. Without it, 50.", valueName: "degrees"))
  package var maxBend: Double?

  @Option(
    help: ArgumentHelp(
      "Side branches up to this length are bumps. Without it, one and a half half widths of the filament and two voxels.",
      valueName: "length"),
    transform: Quantity.extent)
  package var prune: PickRequest.Extent?

  @Option(
    help: ArgumentHelp(
      "How far, as a root mean square, the smooth curve may stray from the filament's middle, such as 3A. Without it, as far as the middle strays within two widths.",
      valueName: "length"),
    transform: Quantity.extent)
  package var smoothing: PickRequest.Extent?

  @Option(
    help: ArgumentHelp(
      "To which side normals point: outward (of a vesicle out, of a part of one to its convex side, of a flat sheet to greater z), inward, or z. Without it, outward.",
      valueName: "outward|inward|z"))
  package var normals: SurfaceSettings.Normals?

  @Option(
    help: ArgumentHelp(
      "The radius of the patch that a normal is taken from. Without it, one and a quarter of the sheet's thickness, at least 6 and at most 15 voxels.",
      valueName: "length"),
    transform: Quantity.extent)
  package var patch: PickRequest.Extent?

  package init() {}

  package func validate() throws {
    if filaments, onSurface {
      throw ValidationError("'--filaments' and '--on-surface' are two ways to pick: give one of them")
    }
    func refuse(_ option: String, _ mode: String, unless isAllowed: Bool, _ isGiven: Bool) throws {
      if isGiven, !isAllowed { throw ValidationError("'\(option)' is for '\(mode)': give that too, or leave it out") }
    }
    try refuse("--every", "--filaments' or '--on-surface", unless: filaments || onSurface, every != nil)
    try refuse("--min-length", "--filaments", unless: filaments, minLength != nil)
    try refuse("--twist", "--filaments", unless: filaments, twist != nil)
    try refuse("--junctions", "--filaments", unless: filaments, junctions != nil)
    try refuse("--max-bend", "--filaments", unless: filaments, maxBend != nil)
    try refuse("--prune", "--filaments", unless: filaments, prune != nil)
    try refuse("--smoothing", "--filaments", unless: filaments, smoothing != nil)
    try refuse("--normals", "--on-surface", unless: onSurface, normals != nil)
    try refuse("--patch", "--on-surface", unless: onSurface, patch != nil)
  }

  /// Puts the rules into a request.
  ///
  /// Throws `usage` when another method was asked for besides.
  package func fill(_ request: inout PickRequest) throws(AisError) {
    guard filaments || onSurface else { return }
    guard request.method == .particles(.apart) else {
      throw AisError(
        .usage,
        "'\(filaments ? "--filaments" : "--on-surface")' finds no particles: leave out '--method' and '--seeds'")
    }
    if let every { request.spacing = every }
    if filaments {
      var rules = FilamentRules()
      if let minLength { rules.minimumLength = minLength }
      rules.twist = twist
      if let junctions { rules.junctions = junctions }
      if let maxBend { rules.greatestBend = maxBend }
      rules.pruning = prune
      rules.smoothing = smoothing
      request.method = .filaments(rules)
    } else if onSurface {
      var rules = SurfaceRules()
      if let normals { rules.normals = normals }
      rules.patch = patch
      request.method = .surfaces(rules)
    }
  }
}

extension FilamentSettings.Junctions: ExpressibleByArgument {}
extension SurfaceSettings.Normals: ExpressibleByArgument {}
