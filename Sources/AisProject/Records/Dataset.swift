import AisCore
import GRDB

/// One tomogram of a project, with all its versions. Annotations lie in its frame: a grid of voxels that never changes.
package struct Dataset: Sendable, Hashable, Identifiable {
  package var id: Int64
  package var name: String
  /// Where it stands in the list; smaller is earlier.
  package var position: Double
  /// Of the frame.
  package var shape: Shape
  /// Of a voxel of the frame: what the user said, or what the first version's header said; `nil` when neither did.
  package var voxelSize: VoxelSize?

  init(_ row: Row) {
    id = row["id"]
    name = row["name"]
    position = row["position"]
    shape = Shape(z: row["size_z"], y: row["size_y"], x: row["size_x"])
    voxelSize = VoxelSize(row)
  }
}

/// What a dataset is made with, or what of it changes: `nil` leaves it.
package struct DatasetFields: Sendable {
  package var name: String?
  package var position: Double?
  /// `.some(nil)` says that it is unknown.
  package var voxelSize: VoxelSize??

  package init(name: String? = nil, position: Double? = nil, voxelSize: VoxelSize?? = nil) {
    self.name = name
    self.position = position
    self.voxelSize = voxelSize
  }

  var values: [String: ProjectValue] {
    var values: [String: ProjectValue] = [:]
    if let name { values["name"] = .text(name) }
    if let position { values["position"] = .real(position) }
    if let voxelSize { values.merge(VoxelSize.values(voxelSize)) { $1 } }
    return values
  }
}

/// Where a tomogram's file was, and what tells it from others.
package struct TomogramReference: Sendable, Hashable {
  /// Absolute.
  package var path: String
  /// Seen from the project's folder; `nil` where no such way leads, as to another drive.
  package var relativePath: String?
  package var byteCount: Int
  /// Seconds since 1970.
  package var modified: Double
  /// SHA-256 of pieces of the file, its header among them.
  package var sampleHash: String
  package var shape: Shape
  /// By the header.
  package var voxelSize: VoxelSize?

  package init(
    path: String, relativePath: String?, byteCount: Int, modified: Double, sampleHash: String, shape: Shape,
    voxelSize: VoxelSize?
  ) {
    self.path = path
    self.relativePath = relativePath
    self.byteCount = byteCount
    self.modified = modified
    self.sampleHash = sampleHash
    self.shape = shape
    self.voxelSize = voxelSize
  }

  init(_ row: Row) {
    path = row["path"]
    relativePath = row["relative_path"]
    byteCount = row["byte_count"]
    modified = row["modified"]
    sampleHash = row["sample_hash"]
    shape = Shape(z: row["size_z"], y: row["size_y"], x: row["size_x"])
    voxelSize = VoxelSize(row)
  }

  var values: [String: ProjectValue] {
    var values: [String: ProjectValue] = [
      "path": .text(path), "relative_path": .optional(relativePath), "byte_count": .integer(Int64(byteCount)),
      "modified": .real(modified), "sample_hash": .text(sampleHash), "size_z": .integer(Int64(shape.z)),
      "size_y": .integer(Int64(shape.y)), "size_x": .integer(Int64(shape.x)),
    ]
    values.merge(VoxelSize.values(voxelSize)) { $1 }
    return values
  }
}

extension VoxelSize {
  init?(_ row: Row) {
    guard let z = row["voxel_size_z_angstrom"] as Double?, let y = row["voxel_size_y_angstrom"] as Double?,
      let x = row["voxel_size_x_angstrom"] as Double?
    else { return nil }
    self.init(z: .angstroms(z), y: .angstroms(y), x: .angstroms(x))
  }

  static func values(_ size: VoxelSize?) -> [String: ProjectValue] {
    [
      "voxel_size_z_angstrom": .optional(size?.z.angstrom), "voxel_size_y_angstrom": .optional(size?.y.angstrom),
      "voxel_size_x_angstrom": .optional(size?.x.angstrom),
    ]
  }
}
