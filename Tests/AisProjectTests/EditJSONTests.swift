import AisCore
import AisFormats
import AisProject
import Foundation
import Testing

@Suite("Edits as JSON")
struct EditJSONTests {
  private func edit(_ text: String) throws(AisError) -> Edit {
    try Edit(json: try JSONValue(parsing: text.utf8, name: "edit"))
  }

  @Test("what is sent is applied, and what comes back says it")
  func roundTrip() throws {
    let sample = try Sample()
    var mask = SliceMask(height: 2, width: 3)
    mask.set(1..<5)
    let bytes = Data(MaskCodec.encode(mask)).base64EncodedString()
    let paint = try edit(
      #"{"kind": "paint", "dataset": 1, "feature": 1, "slice": 3, "rectangle": {"y": 4, "x": 5, "height": 2, "width": 3}, "painted": "\#(bytes)"}"#
    )
    let entry = try sample.project.apply([paint], by: anna, label: "brush")
    #expect(try sample.mask().cropped(to: box(4, 5, 2, 3)) == mask)
    let json = try JSONValue(parsing: try entry.json().utf8, name: "entry")
    #expect(json["sequence"]?.integer == 2 && json["author"]?.string == "Anna" && json["label"]?.string == "brush")
    let patch = try #require(json["masks"]?.array?.first)
    #expect(patch["painted"]?.string == bytes && patch["erased"]?.string == "AQ==")
    #expect(patch["rectangle"]?["y"]?.integer == 4)
  }

  @Test(
    "every kind of edit is understood",
    arguments: [
      #"{"kind": "change-dataset", "dataset": 1, "name": "A", "voxelSizeAngstrom": {"z": 12, "y": 10, "x": 10}}"#,
      #"{"kind": "change-dataset", "dataset": 1, "voxelSizeAngstrom": null}"#,
      #"{"kind": "create-feature", "title": "B", "colour": {"red": 0, "green": 0.5, "blue": 1}, "boxSize": 32, "isFlood": true}"#,
      #"{"kind": "change-feature", "feature": 1, "isVisible": false, "brushRadius": 3}"#,
      #"{"kind": "set-box-size", "dataset": 1, "feature": 1, "boxSize": 48}"#,
      #"{"kind": "place-box", "dataset": 1, "feature": 1, "slice": 0, "y": 1, "x": 2.5, "id": 1099511627776}"#,
      #"{"kind": "clear-slice", "dataset": 1, "feature": 1, "slice": 0}"#,
      #"{"kind": "set-view", "dataset": 1, "centre": {"z": 1, "y": 2, "x": 3}, "contrast": {"black": 0, "white": 1}, "zoom": 2}"#,
      #"{"kind": "set-setting", "name": "theme", "value": "\"dark\"", "isPersonal": true}"#,
      #"{"kind": "add-library", "name": "Cilia"}"#, #"{"kind": "delete-feature", "feature": 1}"#,
      #"{"kind": "remove-dataset", "dataset": 1}"#,
      #"{"kind": "create-training-set", "title": "S", "boxSize": 64, "depth": 1, "pixelSizeAngstrom": 10, "roles": {"1": "negative"}, "datasets": [1]}"#,
    ])
  func kinds(text: String) throws {
    let sample = try Sample()
    let edit = try edit(text)
    #expect(text.contains("\"\(edit.kind)\""))
    _ = try sample.project.apply([edit], by: anna)
    #expect(try sample.project.problems() == [])
  }

  @Test(
    "edits that lack something are refused with its name",
    arguments: [
      (#"{}"#, "an edit has no 'kind'"), (#"{"kind": "explode"}"#, "'explode' is no kind of edit that can be sent"),
      (#"{"kind": "remove-box"}"#, "the edit 'remove-box' has no 'box', or it is not a whole number"),
      (#"{"kind": "remove-box", "box": 1.5}"#, "the edit 'remove-box' has no 'box', or it is not a whole number"),
      (
        #"{"kind": "create-feature", "title": "A", "colour": {"red": 1, "green": 2}}"#,
        "the edit 'create-feature' has no 'colour', or it is not red, green and blue"
      ),
      (
        #"{"kind": "paint", "dataset": 1, "feature": 1, "slice": 0, "rectangle": {"y": 0, "x": 0, "height": 2, "width": 2}, "painted": "?"}"#,
        "the edit 'paint' has no 'painted', or it is not base64"
      ),
      (
        #"{"kind": "paint", "dataset": 1, "feature": 1, "slice": 0, "rectangle": {"y": 0, "x": 0, "height": 99999999, "width": 2}}"#,
        "a stroke of 2 × 99999999 pixels cannot be"
      ),
    ])
  func refusals(text: String, expected: String) {
    #expect(message { _ = try edit(text) } == expected)
  }

  @Test("values that the tables do not allow are refused, and nothing is changed")
  func constraints() throws {
    let sample = try Sample()
    for text in [
      #"{"kind": "change-feature", "feature": 1, "opacity": 2}"#,
      #"{"kind": "change-feature", "feature": 1, "title": ""}"#,
      #"{"kind": "change-feature", "feature": 1, "boxSize": 0}"#,
      #"{"kind": "create-feature", "title": "A", "opacity": NaN}"#,
      #"{"kind": "change-dataset", "dataset": 1, "voxelSizeAngstrom": -1}"#,
    ] {
      #expect(
        message { _ = try sample.project.apply([try edit(text)], by: anna) }?.contains("refuses") == true, "\(text)")
    }
    #expect(try sample.project.lastSequence() == 1)
  }
}
