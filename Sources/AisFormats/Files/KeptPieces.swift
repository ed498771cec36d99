import AisCore
import Synchronization

/// Pieces of a file that were read ahead of the rest and stay in memory, so that no byte of the file is read twice.
final class KeptPieces: Sendable {
  private struct Piece {
    var range: Range<Int>
    var bytes: [UInt8]
  }

  /// What is known of the bytes from some place on.
  enum Extent {
    /// So many were copied from memory.
    case copied(Int)
    /// So many must be read from the file.
    case absent(Int)
  }

  /// In the order of their places; none touches the bytes of another.
  private let pieces = Mutex<[Piece]>([])

  /// Keeps bytes that begin at `start`, but for those that are kept already.
  func keep(_ bytes: [UInt8], at start: Int) {
    pieces.withLock { pieces in
      var place = start
      let end = start + bytes.count
      var new: [Piece] = []
      for known in pieces where known.range.upperBound > start && known.range.lowerBound < end {
        if place < known.range.lowerBound {
          let range = place..<known.range.lowerBound
          new.append(Piece(range: range, bytes: Array(bytes[range.lowerBound - start..<range.upperBound - start])))
        }
        place = known.range.upperBound
      }
      if place < end { new.append(Piece(range: place..<end, bytes: Array(bytes[(place - start)...]))) }
      pieces = (pieces + new).sorted { $0.range.lowerBound < $1.range.lowerBound }
    }
  }

  /// Fills `destination`, which is not empty, with the bytes from `offset` on as far as one piece has them, or says how many
  /// there are none of.
  func copy(to destination: UnsafeMutableRawBufferPointer, at offset: Int) -> Extent {
    pieces.withLock { pieces in
      guard let piece = pieces.first(where: { $0.range.upperBound > offset }) else { return .absent(destination.count) }
      let gap = piece.range.lowerBound - offset
      if gap > 0 { return .absent(min(gap, destination.count)) }
      let count = min(piece.range.upperBound - offset, destination.count)
      piece.bytes.withUnsafeBytes { destination.copyMemory(from: .init(rebasing: $0[-gap..<count - gap])) }
      return .copied(count)
    }
  }
}
