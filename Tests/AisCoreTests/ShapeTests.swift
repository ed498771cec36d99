import AisCore
import Testing

@Suite("Shape")
struct ShapeTests {
  @Test("a shape that does not fit an Int has no count")
  func overflow() {
    #expect(Shape(z: 2, y: 3, x: 4).countIfRepresentable == 24)
    #expect(Shape(z: -1, y: 3, x: 4).countIfRepresentable == nil)
    #expect(Shape(z: .max, y: 3, x: 4).countIfRepresentable == nil)
  }
}
