import AisCore
import AisFormats
import Foundation

/// What a run over many tomograms says of single ones (schema `ais.limits/1`): which part of them is segmented, and how large
/// their voxels are.
package struct TomogramLimits: Sendable, Equatable {
  package struct Limit: Sendable, Hashable {
    /// Slices, rows and columns, counted from 0; `nil` is all of them.
    package var z: Range<Int>?
    package var y: Range<Int>?
    package var x: Range<Int>?
    /// In place of the header's.
    package var voxelSize: VoxelSize?

    package init(z: Range<Int>? = nil, y: Range<Int>? = nil, x: Range<Int>? = nil, voxelSize: VoxelSize? = nil) {
      self.z = z
      self.y = y
      self.x = x
      self.voxelSize = voxelSize
    }

    /// The part that is segmented; `nil` is everything.
    package var extent: VoxelBox? {
      z == nil && y == nil && x == nil
        ? nil : VoxelBox(z: z ?? 0..<Int.max, y: y ?? 0..<Int.max, x: x ?? 0..<Int.max)
    }
  }

  package static let schemaName = "ais.limits/1"

  private var limits: [String: Limit] = [:]
  private var order: [String] = []

  package init() {}

  package var isEmpty: Bool { limits.isEmpty }

  /// By the tomogram's path, as it is typed or from the root.
  package subscript(path: String) -> Limit? { limits[path] ?? limits[Self.absolute(path)] }

  package mutating func set(_ limit: Limit, for path: String) {
    let path = Self.absolute(path)
    if limits[path] == nil { order.append(path) }
    limits[path] = limit
  }

  /// What is said of one tomogram, equal for equal things.
  package func text(of path: String) -> String? {
    guard let limit = self[path] else { return nil }
    var alone = TomogramLimits()
    alone.set(limit, for: path)
    return String(decoding: alone.json, as: UTF8.self)
  }

  private static func absolute(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path
  }

  /// One line for each tomogram.
  package var json: [UInt8] {
    let lines = order.map { path -> String in
      let limit = limits[path]!
      var line = "    {\"path\": \(JSONText.quoted(path))"
      func add(_ name: String, _ range: Range<Int>?) {
        if let range { line += ", \"\(name)\": [\(range.lowerBound), \(range.upperBound)]" }
      }
      add("slices", limit.z)
      add("rows", limit.y)
      add("columns", limit.x)
      if let size = limit.voxelSize {
        let edges = [size.z, size.y, size.x].map { JSONText.number($0.angstrom) }.joined(separator: ", ")
        line += ", \"voxelSizeAngstromZYX\": [\(edges)]"
      }
      return line + "}"
    }
    let list = lines.isEmpty ? "[]" : "[\n" + lines.joined(separator: ",\n") + "\n  ]"
    return Array("{\n  \"schema\": \(JSONText.quoted(Self.schemaName)),\n  \"tomograms\": \(list)\n}\n".utf8)
  }

  /// Reads a file. Throws `malformed` for what is misspelt or makes no sense: passed over, the whole tomogram would be segmented.
  package init(reading path: String) throws(AisError) {
    let name = (path as NSString).lastPathComponent
    try self.init(parsing: try RandomAccessFile(path).contents(limit: 64 << 20), name: name)
  }

  package init(parsing bytes: [UInt8], name: String) throws(AisError) {
    let document = try JSONValue(parsing: bytes, name: name)
    guard document["schema"]?.string == Self.schemaName, let list = document["tomograms"]?.array else {
      throw AisError(
        .malformed,
        "'\(name)' does not say what of which tomogram is segmented: expected JSON with \"schema\": \"\(Self.schemaName)\" "
          + "and a list 'tomograms'")
    }
    for (index, entry) in list.enumerated() {
      func wrong(_ problem: String) -> AisError { AisError(.malformed, "'\(name)', tomogram \(index + 1): \(problem)") }
      guard case .object(let members) = entry, let path = entry["path"]?.string, !path.isEmpty else {
        throw wrong("expected an object with a 'path'")
      }
      let known = ["path", "slices", "rows", "columns", "voxelSizeAngstromZYX"]
      if let strange = members.keys.sorted().first(where: { !known.contains($0) }) {
        throw wrong("'\(strange)' means nothing there; known are \(known.joined(separator: ", "))")
      }
      func range(_ key: String) throws(AisError) -> Range<Int>? {
        guard let value = members[key] else { return nil }
        guard let ends = value.array?.map({ $0.integer }), ends.count == 2, let first = ends[0], let end = ends[1],
          0 <= first, first < end
        else { throw wrong("'\(key)' is no range: expected [first, behind the last], counted from 0") }
        return first..<end
      }
      var limit = Limit(z: try range("slices"), y: try range("rows"), x: try range("columns"))
      if let value = members["voxelSizeAngstromZYX"] {
        let edges = value.array?.compactMap(\.number) ?? []
        guard edges.count == 3, edges.allSatisfy({ $0 > 0 && $0.isFinite }) else {
          throw wrong("'voxelSizeAngstromZYX' is not three lengths above 0")
        }
        limit.voxelSize = VoxelSize(
          z: .angstroms(edges[0]), y: .angstroms(edges[1]), x: .angstroms(edges[2]))
      }
      guard self[path] == nil else { throw wrong("'\(path)' is there twice") }
      set(limit, for: path)
    }
  }
}
