import AisCore
import CCodecs
import Synchronization

/// The pages of a TIFF stack, decoded by libtiff.
final class TIFFStore: VoxelStore {
  let shape: Shape
  let elementType: ElementType
  private let path: String
  /// Where each page's directory is.
  private let pages: [UInt64]
  private let handle: Mutex<TIFFHandle>

  init(_ handle: consuming sending TIFFHandle, path: String, pages: [UInt64], shape: Shape, elementType: ElementType) {
    self.path = path
    self.pages = pages
    self.shape = shape
    self.elementType = elementType
    self.handle = Mutex(handle)
  }

  func read(section: Int, rows: Range<Int>, into destination: UnsafeMutableRawBufferPointer) throws(AisError) {
    if destination.isEmpty { return }
    // libtiff keeps one page in hand, so its readers take turns.
    try handle.withLock { (handle: inout TIFFHandle) throws(AisError) in
      try handle.readRows(rows, ofPageAt: pages[section], into: destination)
    }
  }
}

/// Owns libtiff's handle.
struct TIFFHandle: ~Copyable {
  private let handle: OpaquePointer
  private let path: String

  /// Most bytes libtiff may allocate at once: a strip of a large uncompressed page, not a bomb.
  private static let memoryLimit: Int64 = 256 << 20

  init(_ file: RandomAccessFile, path: String) throws(AisError) {
    var opened: OpaquePointer?
    let status = file.withDescriptor { ccodecs_tiff_open($0, Self.memoryLimit, &opened) }
    guard let opened else { throw AisError(.outOfMemory, "there is no memory left to open '\(path)'") }
    guard status == 0 else {
      let error = Self.failure(opened, path)
      ccodecs_tiff_close(opened)
      throw error
    }
    self.path = path
    handle = opened
  }

  deinit { ccodecs_tiff_close(handle) }

  private borrowing func failure() -> AisError { Self.failure(handle, path) }

  private static func failure(_ handle: OpaquePointer, _ path: String) -> AisError {
    let number = ccodecs_tiff_system_error(handle)
    if number != 0 { return .fileSystem("read", path, number) }
    var reason = String(cString: ccodecs_tiff_message(handle))
    while reason.hasSuffix(".") { reason.removeLast() }
    return .tiff(path, reason)
  }

  borrowing func page() throws(AisError) -> ccodecs_tiff_page {
    var page = ccodecs_tiff_page()
    guard ccodecs_tiff_describe(handle, &page) == 0 else { throw failure() }
    return page
  }

  /// The page's description, at most 64 kB of it.
  borrowing func description() -> String? {
    guard let text = ccodecs_tiff_description(handle) else { return nil }
    var bytes: [UInt8] = []
    while bytes.count < 64 << 10, text[bytes.count] != 0 { bytes.append(UInt8(bitPattern: text[bytes.count])) }
    return String(decoding: bytes, as: UTF8.self)
  }

  borrowing func advance() throws(AisError) -> Bool {
    let status = ccodecs_tiff_next(handle)
    if status < 0 { throw failure() }
    return status == 1
  }

  mutating func readRows(
    _ rows: Range<Int>, ofPageAt offset: UInt64, into destination: UnsafeMutableRawBufferPointer
  ) throws(AisError) {
    let status = ccodecs_tiff_read_rows(
      handle, offset, UInt32(rows.lowerBound), UInt32(rows.count), destination.baseAddress, UInt64(destination.count))
    if status != 0 { throw failure() }
  }
}
