import AisCore

/// How a tomogram is looked at: which of its axes is called z, and with which contrast. Nothing is copied.
///
/// The steps are applied in this order: `axes`, `rotatesX`, `mirrorsZ`, `isInverted`.
package struct TomogramView: Sendable, Hashable {
  /// The order of the axes in the file.
  package enum Axes: String, Sendable, CaseIterable {
    /// As it is.
    case xyz
    /// Y and Z exchanged, as in IMOD's tomograms before `trimvol -yz`. A plain exchange **mirrors** the
    /// specimen (changes its handedness); `rotatesX` does not.
    case xzy
  }

  package var axes: Axes
  /// Turns the volume by −90° about x, as IMOD's `trimvol -rx`: new z runs against old y, new y is old z.
  /// A proper rotation, so the handedness stays.
  package var rotatesX: Bool
  /// Reverses z: a mirror, changes the handedness.
  package var mirrorsZ: Bool
  /// Exchanges dark and bright: unsigned values v become (greatest value − v), all others −v.
  package var isInverted: Bool

  package static let identity = TomogramView()

  package init(axes: Axes = .xyz, rotatesX: Bool = false, mirrorsZ: Bool = false, isInverted: Bool = false) {
    self.axes = axes
    self.rotatesX = rotatesX
    self.mirrorsZ = mirrorsZ
    self.isInverted = isInverted
  }

  /// Whether the specimen appears as its mirror image (left-handed helices as right-handed ones).
  package var isMirror: Bool { (axes == .xzy) != mirrorsZ }

  /// What the view does, for logs and provenance: `axes xzy (mirrors), inverted`, or `as it is`.
  package var summary: String {
    var parts: [String] = []
    if axes == .xzy { parts.append("axes xzy") }
    if rotatesX { parts.append("rotated -90° about x") }
    if mirrorsZ { parts.append("mirrored in z") }
    if isMirror { parts.append("mirror image") }
    if isInverted { parts.append("contrast inverted") }
    return parts.isEmpty ? "as it is" : parts.joined(separator: ", ")
  }

  /// Where the viewed axes lie in the volume looked at.
  var axisMap: AxisMap {
    var map = AxisMap.identity
    if axes == .xzy { map = AxisMap(z: .init(.y), y: .init(.z), x: .init(.x)).applied(after: map) }
    if rotatesX { map = AxisMap(z: .init(.y, isReversed: true), y: .init(.z), x: .init(.x)).applied(after: map) }
    if mirrorsZ { map = AxisMap(z: .init(.z, isReversed: true), y: .init(.y), x: .init(.x)).applied(after: map) }
    return map
  }
}
