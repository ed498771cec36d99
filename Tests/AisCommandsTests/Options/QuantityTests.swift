import AisCommands
import AisCore
import ArgumentParser
import Testing

@Suite("Quantities on the command line")
struct QuantityTests {
  @Test(
    "a length is a number with its unit",
    arguments: [("12nm", 120), ("120A", 120), ("1.5 nm", 15), ("0.5um", 5000), ("13.48Å", 13.48)])
  func length(text: String, angstrom: Double) throws {
    #expect(abs(try Quantity.length(text).angstrom - angstrom) < 1e-9)
  }

  @Test(
    "a length without a unit, with another one, or without a number is refused",
    arguments: ["12", "12kg", "nm", "", "1.2.3A", "nanA"])
  func badLength(text: String) {
    #expect(throws: ValidationError.self) { try Quantity.length(text) }
  }

  @Test("a refused length says what to write")
  func wording() {
    let error = #expect(throws: ValidationError.self) { try Quantity.length("10") }
    #expect(error?.message == "'10' has no unit: write 10A for ångström or 10nm for nanometres")
  }

  @Test("a voxel size is one edge or three in the order x, y, z")
  func voxelSize() throws {
    #expect(try Quantity.voxelSize("1nm") == VoxelSize(.angstroms(10)))
    #expect(try Quantity.voxelSize("10A,11A,12A") == VoxelSize(z: .angstroms(12), y: .angstroms(11), x: .angstroms(10)))
    for bad in ["10A,10A", "0A", "-1nm", "10A,", "10,10,10"] {
      #expect(throws: ValidationError.self) { try Quantity.voxelSize(bad) }
    }
  }

  @Test(
    "an amount of memory has a binary or decimal unit",
    arguments: [("4GiB", 4 << 30), ("1g", 1 << 30), ("500MB", 500_000_000), ("1.5MiB", 3 << 19)])
  func byteCount(text: String, bytes: Int) throws {
    #expect(try Quantity.byteCount(text).bytes == bytes)
  }

  @Test(
    "an amount without unit or out of range is refused", arguments: ["4", "0GiB", "-1GiB", "9999999999TiB", "4 apples"])
  func badByteCount(text: String) {
    #expect(throws: ValidationError.self) { try Quantity.byteCount(text) }
  }

  @Test(
    "amounts are shown with a fitting unit",
    arguments: [(1, "1 byte"), (1000, "1000 bytes"), (1536, "1.5 KiB"), (1 << 30, "1 GiB"), (3_650_722_201, "3.4 GiB")])
  func byteCountText(bytes: Int, text: String) {
    #expect(ByteCount(bytes).description == text)
  }
}
