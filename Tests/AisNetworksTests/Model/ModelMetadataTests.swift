import AisCore
import AisFormats
import AisNetworks
import Testing

@Suite("ModelMetadata")
struct ModelMetadataTests {
  private func read(_ text: String) throws -> (metadata: ModelMetadata, warnings: [String]) {
    var warnings: [String] = []
    let metadata = ModelMetadata(try JSONValue(parsing: text.utf8, name: "x"), warnings: &warnings)
    return (metadata, warnings)
  }

  @Test("every key of a current file is read")
  func everything() throws {
    let (metadata, warnings) = try read(
      #"""
      {"title": "MembraneC", "colour": [0.25, 0.5, 1], "apix": 10.5, "compiled": false, "box_size": 64,
       "model_depth": 5, "filament_diameter": 12.5, "model_enum": 8, "arch": "UNet S", "epochs": 3, "batch_size": 16,
       "active": false, "blend": true, "show": false, "alpha": 0.5, "threshold": 0.4, "overlap": 0.3, "active_tab": 2,
       "n_parameters": 922881, "n_copies": 3, "info": "UNet S (0.9 Mp)", "info_short": "(UNet S)",
       "excess_negative": 30, "emit": true, "absorb": true, "loss": 0.114, "normalization": "global_mad",
       "z_jitter": 16, "tta": 4, "uid": 7}
      """#)
    var expected = ModelMetadata()
    expected.title = "MembraneC"
    expected.colour = .init(red: 0.25, green: 0.5, blue: 1)
    expected.apix = 10.5
    expected.isCompiled = false
    expected.boxSize = 64
    expected.modelDepth = 5
    expected.filamentDiameter = 12.5
    expected.modelEnum = 8
    expected.architecture = "UNet S"
    expected.epochs = 3
    expected.batchSize = 16
    expected.isActive = false
    expected.isBlended = true
    expected.isShown = false
    expected.opacity = 0.5
    expected.threshold = 0.4
    expected.overlap = 0.3
    expected.activeTab = 2
    expected.parameterCount = 922_881
    expected.copies = 3
    expected.info = "UNet S (0.9 Mp)"
    expected.shortInfo = "(UNet S)"
    expected.excessNegative = 30
    expected.emits = true
    expected.absorbs = true
    expected.loss = 0.114
    expected.normalization = .globalMAD
    expected.zJitter = 16
    expected.tta = 4
    expected.uid = 7
    #expect(metadata == expected)
    #expect(metadata.pixelSize == .angstroms(10.5))
    #expect(warnings == [])
  }

  @Test("missing and null keys have the values of a new model")
  func defaults() throws {
    let (metadata, warnings) = try read(
      #"{"filament_diameter": null, "normalization": null, "apix": -1.0, "box_size": -1}"#)
    #expect(metadata == ModelMetadata())
    #expect(metadata.apix == nil && metadata.pixelSize == nil && metadata.boxSize == nil)
    #expect(metadata.normalization == .perSlice && metadata.tta == 1 && metadata.modelDepth == 1)
    #expect(warnings == [])
  }

  @Test("the architecture of older files stands in their info text")
  func architectureFromInfo() throws {
    #expect(
      try read(#"{"info": "VGGNet L (17521921, 64, 10.000, 0.0500)", "model_enum": 5}"#).metadata.architecture
        == "VGGNet L")
    #expect(try read(#"{"info": "nothing here"}"#).metadata.architecture == nil)
    #expect(try read(#"{"info": " (x)"}"#).metadata.architecture == nil)
  }

  @Test("the depth of late 2025 is found under its other name")
  func boxDepth() throws {
    #expect(try read(#"{"box_depth": 16}"#).metadata.modelDepth == 16)
    #expect(try read(#"{"box_depth": 16, "model_depth": 3}"#).metadata.modelDepth == 3)
  }

  @Test("a loss that is not a number is no loss")
  func lossNaN() throws { #expect(try read(#"{"loss": NaN}"#).metadata.loss == nil) }

  @Test("a colour beyond its range is clamped")
  func colour() throws {
    #expect(try read(#"{"colour": [0, 0.5333, 1.0431]}"#).metadata.colour == .init(red: 0, green: 0.5333, blue: 1))
  }

  @Test("values that make no sense give the default and a warning")
  func senseless() throws {
    let (metadata, warnings) = try read(
      #"{"title": 3, "threshold": 7, "tta": 99, "colour": [1, 2], "model_depth": 2.5, "normalization": "mystery"}"#)
    #expect(metadata == ModelMetadata())
    #expect(
      warnings == [
        "'title' is not text: Unnamed model is used",
        "'colour' is not three numbers: \([66 / 255.0, 214 / 255.0, 164 / 255.0]) is used",
        "'model_depth' is not a whole number: 1 is used", "'threshold' is 7.0, expected 0.0 to 1.0: 0.5 is used",
        "'tta' is 99, expected 1 to 8: 1 is used",
        "'normalization' is 'mystery', which is not known: slices are normalised one by one",
      ])
  }
}
