import AisFormats
import Glibc

extension SliceService {
  /// What became of the bricks of a file, by which views along x are quick.
  package func brickState(of file: SliceFile) -> BrickState { bricks.state(of: file) }

  /// Begins to build the bricks of a file, when it has none and is large. Returns when that is settled, not when they are built.
  package func prepareBricks(of file: SliceFile) async {
    await withCheckedContinuation { done in
      reading.submit(.ahead) {
        if let source = try? self.files.tomogram(file) { _ = self.bricks.bricks(of: source) }
        done.resume()
      }
    }
  }

  /// Stops building; what is there is gone on with when it is next wanted.
  package func cancelBricks() { bricks.cancelAll() }

  /// Deletes what is kept of files that have none of these keys: those that are not of the project any more.
  package func keepOnly(_ keys: Set<String>) {
    guard let cacheFolder else { return }
    for kind in ["bricks", "thumbnails", "check-ups"] {
      let folder = "\(cacheFolder)/\(kind)"
      for name in (try? FolderListing.names(in: folder)) ?? [] {
        let key = String(name.prefix { $0 != "-" && $0 != "." })
        if !key.isEmpty, !keys.contains(key) { unlink("\(folder)/\(name)") }
      }
    }
  }
}
