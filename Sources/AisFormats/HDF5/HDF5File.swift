import AisCore

/// An HDF5 file in memory: a tree of groups with their attributes and datasets.
///
/// Reads what h5py writes by default, and nothing more: superblock versions 0 and 1, groups as symbol tables, version 1
/// object headers, contiguous or compact arrays of numbers, strings of fixed or variable length (HDF5 File Format
/// Specification 3.0, sections II–IV). Chunked, compressed and new-style parts are refused with what to do. The reader
/// is meant for files from strangers: every offset is checked, cycles and bombs end in errors, time and memory stay in
/// proportion to the file.
package struct HDF5File: Sendable {
  package let root: HDF5Group
  /// What errors call the file.
  package let name: String
  private let bytes: [UInt8]

  /// Reads the tree of a file; the values of datasets are read later, by `floats`.
  package init(_ bytes: [UInt8], name: String) throws(AisError) {
    self.bytes = bytes
    self.name = name
    do throws(HDF5Fault) {
      let superblock = try HDF5Superblock(bytes)
      var reader = HDF5TreeReader(bytes)
      root = try reader.readRoot(at: superblock.rootHeader)
    } catch { throw .hdf5(error, file: name, size: bytes.count) }
  }

  /// Whether these bytes begin as an HDF5 file does.
  package static func hasSignature(_ bytes: [UInt8]) -> Bool { bytes.starts(with: HDF5Superblock.signature) }

  /// The bytes of the whole file.
  package var size: Int { bytes.count }

  /// The values of a dataset as float32, last axis fastest; float64 and integers are rounded to it.
  ///
  /// Throws `unsupported` when the dataset is stored in a way that is not read here, saying how to convert it.
  package func floats(_ dataset: HDF5Dataset) throws(AisError) -> [Float] {
    do throws(HDF5Fault) {
      let storage = try dataset.storage.get()
      return try storage.type.floats(in: bytes[storage.location])
    } catch { throw .hdf5(error, file: name, size: bytes.count, place: dataset.path) }
  }

  /// The text values of an attribute; `nil` when the group has none of that name.
  package func strings(_ attribute: String, of group: HDF5Group) throws(AisError) -> [String]? {
    switch group.attributes[attribute] {
    case nil: return nil
    case .strings(let values): return values
    // h5py stores an empty list of strings as an empty list of numbers.
    case .numbers(let values) where values.isEmpty: return []
    case .numbers:
      throw .hdf5(
        .damaged("the attribute '\(attribute)' holds numbers, expected text"), file: name, size: bytes.count,
        place: group.path)
    case .unreadable(let fault): throw .hdf5(fault, file: name, size: bytes.count, place: group.path)
    }
  }
}

/// A folder of an HDF5 file.
package struct HDF5Group: Sendable {
  /// From the root, which is "/".
  package let path: String
  package var groups: [String: HDF5Group] = [:]
  package var datasets: [String: HDF5Dataset] = [:]
  package let attributes: [String: HDF5Attribute]

  /// The group at a `/`-separated path below this one.
  package func group(_ path: String) -> HDF5Group? { group(path.split(separator: "/")) }

  /// The dataset at a `/`-separated path below this group.
  package func dataset(_ path: String) -> HDF5Dataset? {
    let parts = path.split(separator: "/")
    return parts.last.flatMap { group(parts.dropLast())?.datasets[String($0)] }
  }

  private func group(_ parts: some Sequence<Substring>) -> HDF5Group? {
    var place: HDF5Group? = self
    for part in parts { place = place?.groups[String(part)] }
    return place
  }
}

/// An array of an HDF5 file; `HDF5File.floats` reads its values.
package struct HDF5Dataset: Sendable {
  package let path: String
  /// The extents, slowest axis first; empty for a single value.
  package let shape: [Int]
  /// Where the values are, or why they cannot be read.
  let storage: Result<Storage, HDF5Fault>

  struct Storage: Sendable {
    var type: HDF5Datatype
    var location: Range<Int>
  }
}

/// A small value attached to a group or dataset.
package enum HDF5Attribute: Sendable {
  case strings([String])
  case numbers([Double])
  /// Of a kind that is not read here; using it throws.
  case unreadable(HDF5Fault)
}
