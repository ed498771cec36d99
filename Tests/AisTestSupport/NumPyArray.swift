import Foundation

/// A float32 array as NumPy saves it (`.npy`, C order).
package struct NumPyArray {
  package let shape: [Int]
  package let values: [Float]

  /// Reads a version 1 file: magic, version, header length, a Python dictionary, values.
  package init(_ url: URL) throws {
    let data = [UInt8](try Data(contentsOf: url))
    let headerLength = Int(data[8]) | Int(data[9]) << 8
    let header = String(decoding: data[10..<10 + headerLength], as: UTF8.self)
    precondition(header.contains("'<f4'") && header.contains("False"), "only C-order float32 is read, got \(header)")
    let inside = header.split(separator: "(")[1].split(separator: ")")[0]
    shape = inside.split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
    values = data[(10 + headerLength)...].withUnsafeBytes { raw in
      (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
    }
    precondition(values.count == shape.reduce(1, *), "'\(url.path)' holds \(values.count) values for \(shape)")
  }
}
