import AisCore
import AisImaging
import Foundation

/// How boxes are changed before a network sees them, so that it learns what does not matter. Each change is drawn by itself.
package struct Augmentation: Sendable, Hashable {
  /// One of the eight ways to lay a slice on itself (sixteen of a slab, with up and down exchanged), all alike.
  package var symmetries = true
  /// Any angle instead, about the box's middle, as in the paper: corners that are turned in are unknown.
  package var rotatesFreely = false
  /// The chance of each of the following for a box.
  package var probability = 0.1
  /// Adds up to so much, or takes it away.
  package var brightness = 0.0
  /// Multiplies by 1 ± up to so much.
  package var contrast = 0.0
  /// The standard deviation of noise that is added.
  package var noise = 0.0
  /// The largest standard deviation of a Gaussian blur in pixels, along all axes; the smallest is 0.1.
  package var blur = 0.0
  /// Magnifies by 1 ± up to so much.
  package var scale = 0.0
  /// Raises the size of each value to a power of 1 ± up to so much, keeping its sign.
  package var gamma = 0.0

  package init() {}

  /// The reference program's further augmentations: brightness, contrast, noise, blur.
  package static let further: Augmentation = {
    var augmentation = Augmentation()
    augmentation.brightness = 0.1
    augmentation.contrast = 0.1
    augmentation.noise = 0.2
    augmentation.blur = 1.1
    return augmentation
  }()

  /// Nothing is changed.
  package static let none: Augmentation = {
    var augmentation = Augmentation()
    augmentation.symmetries = false
    return augmentation
  }()

  /// Throws `usage` for numbers that make no sense.
  package func validate() throws(AisError) {
    guard (0...1).contains(probability) else {
      throw AisError(.usage, "the chance of an augmentation is \(probability); expected 0 to 1")
    }
    for (name, value, limit) in [
      ("brightness", brightness, 10.0), ("contrast", contrast, 0.99), ("noise", noise, 10), ("blur", blur, 10),
      ("scale", scale, 0.5), ("gamma", gamma, 0.9),
    ] where !(0...limit).contains(value) {
      throw AisError(.usage, "\(name) \(value): expected 0 to \(limit)")
    }
  }

  /// Draws every change and applies it. What is drawn for one does not depend on whether another is switched on.
  func apply(to box: inout TrainingBox, using generator: inout SeededGenerator) {
    let seed = generator.next()
    func stream(_ number: UInt64) -> SeededGenerator { SeededGenerator(seed: seed, streams: [number]) }
    func drawn(_ generator: inout SeededGenerator) -> Bool {
      Double.random(in: 0..<1, using: &generator) < probability
    }
    var turns = stream(1)
    let symmetry = BoxSymmetry.random(depth: box.depth, using: &turns)
    if symmetries { symmetry.apply(to: &box) }
    var angles = stream(2)
    var warp = PlaneWarp()
    if rotatesFreely { warp.angle = Double.random(in: 0..<2 * .pi, using: &angles) }
    var sizes = stream(3)
    if scale > 0, drawn(&sizes) { warp.magnification = 1 + Double.random(in: -scale...scale, using: &sizes) }
    warp.apply(to: &box)

    var grey = stream(4)
    if blur > 0, drawn(&grey) {
      let sigma = Double.random(in: min(0.1, blur)...blur, using: &grey)
      box.image = GaussianFilter.blurred(
        box.image, z: box.depth, y: box.size, x: box.size, sigma: (box.depth > 1 ? sigma : 0, sigma, sigma))
    }
    grey = stream(5)
    if brightness > 0, drawn(&grey) {
      let shift = Float.random(in: Float(-brightness)...Float(brightness), using: &grey)
      for i in box.image.indices { box.image[i] += shift }
    }
    grey = stream(6)
    if contrast > 0, drawn(&grey) {
      let factor = 1 + Float.random(in: Float(-contrast)...Float(contrast), using: &grey)
      for i in box.image.indices { box.image[i] *= factor }
    }
    grey = stream(7)
    if gamma > 0, drawn(&grey) {
      let power = 1 + Double.random(in: -gamma...gamma, using: &grey)
      for i in box.image.indices {
        let value = box.image[i]
        box.image[i] = Float(pow(Double(abs(value)), power)) * (value < 0 ? -1 : 1)
      }
    }
    grey = stream(8)
    if noise > 0, drawn(&grey) { Self.addNoise(&box.image, deviation: noise, using: &grey) }
  }

  /// Normal noise, two values at a time (Box & Muller 1958).
  private static func addNoise(_ values: inout [Float], deviation: Double, using generator: inout SeededGenerator) {
    for i in stride(from: 0, to: values.count, by: 2) {
      let radius = deviation * (-2 * log(1 - Double.random(in: 0..<1, using: &generator))).squareRoot()
      let angle = Double.random(in: 0..<2 * .pi, using: &generator)
      values[i] += Float(radius * cos(angle))
      if i + 1 < values.count { values[i + 1] += Float(radius * sin(angle)) }
    }
  }
}
