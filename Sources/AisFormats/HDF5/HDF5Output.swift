import AisCore

/// A group to be written: attributes, arrays of float32, and groups below it.
package struct HDF5Output: Sendable {
  package var attributes: [Attribute] = []
  package var datasets: [Dataset] = []
  package var groups: [(name: String, group: HDF5Output)] = []

  package init() {}

  package struct Dataset: Sendable {
    package var name: String
    /// Slowest axis first.
    package var shape: [Int]
    package var values: [Float]

    package init(name: String, shape: [Int], values: [Float]) {
      precondition(shape.reduce(1, *) == values.count, "an array has one value for each position")
      self.name = name
      self.shape = shape
      self.values = values
    }
  }

  package struct Attribute: Sendable {
    package var name: String
    package var value: Value
    /// How readers take the text: as bytes (h5py's way with `bytes`), or as UTF-8.
    package var isUTF8: Bool

    package enum Value: Sendable {
      case text(String)
      /// An empty list becomes an empty array of float64, as h5py writes it.
      case texts([String])
    }

    package init(_ name: String, _ value: Value, isUTF8: Bool = false) {
      self.name = name
      self.value = value
      self.isUTF8 = isUTF8
    }
  }

  /// Puts an array under a path of groups, which are made where they are missing.
  package mutating func add(_ dataset: Dataset, at path: some Collection<Substring>) {
    guard let first = path.first else {
      datasets.append(dataset)
      return
    }
    let index =
      groups.firstIndex { $0.name == first }
      ?? {
        groups.append((String(first), HDF5Output()))
        return groups.count - 1
      }()
    groups[index].group.add(dataset, at: path.dropFirst())
  }
}
