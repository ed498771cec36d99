import AisCore
import AisTraining
import Foundation
import Testing

@Suite("Soft labels of filaments")
struct FilamentLabelTests {
  @Test("a thick line becomes a tube of the given width around its middle, and unknown pixels stay")
  func tube() {
    var label = Volume<Float>(shape: Shape(z: 1, y: 21, x: 40), repeating: 0)
    for y in 8...12 { for x in 0..<40 { label[z: 0, y: y, x: x] = 1 } }
    for y in 0..<21 { label[z: 0, y: y, x: 39] = 2 }
    let soft = FilamentLabels.softened(label, diameter: 6)
    for y in 0..<21 {
      let distance = Double(abs(y - 10))
      let expected = exp(-distance * distance / (2 * pow(6 / 2.3548, 2)))
      #expect(abs(Double(soft[z: 0, y: y, x: 20]) - expected) < 1e-5)
      #expect(soft[z: 0, y: y, x: 39] == 2)
    }
    #expect(abs(soft[z: 0, y: 13, x: 20] - 0.5) < 1e-3, "half of the height at half of the diameter")
  }

  @Test("a label without the feature stays as it is")
  func nothing() {
    let label = Volume<Float>(shape: Shape(z: 2, y: 5, x: 5), repeating: 0)
    #expect(FilamentLabels.softened(label, diameter: 4).voxels == label.voxels)
  }
}
