import AisCore
import AisWorkflows
import Testing

@Suite("Names of segmentations")
struct OutputNameTests {
  @Test(
    "a stem is the name without folder, compression and type",
    arguments: [
      ("a/TS_01.mrc", "TS_01"), ("TS_01.rec.gz", "TS_01"), ("/x/TS_01_10.00Apx.mrc", "TS_01_10.00Apx"),
      ("TS.mrc.bz2", "TS"), (".hidden", ".hidden"), ("noending", "noending"), (".gz", ".gz"),
    ])
  func stem(path: String, expected: String) {
    #expect(OutputName.stem(of: path) == expected)
  }

  @Test("the feature follows two underscores, and placeholders are filled in")
  func names() {
    func name(_ pattern: String, title: String = "Membrane") -> String {
      OutputName.name(pattern: pattern, tomogram: "/data/grid1/TS_01.mrc.gz", model: "m/Net2.scnm", title: title)
    }
    #expect(name("{stem}") == "TS_01__Membrane.mrc")
    #expect(name("{parent}_{stem}") == "grid1_TS_01__Membrane.mrc")
    #expect(name("{stem}_{model}") == "TS_01_Net2__Membrane.mrc")
    #expect(name("{stem}", title: "../up\n") == "TS_01__.._up_.mrc")
    #expect(name("{stem}", title: "a\u{1B}[2Jb\u{9B}c\u{202E}d\u{2066}é") == "TS_01__a_[2Jb_c_d_é.mrc")
    #expect(name("{stem}", title: "") == "TS_01__Unnamed.mrc")
  }

  @Test(
    "patterns that stand for nothing or leave the folder are refused", arguments: ["{stam}", "{stem", "a/{stem}", ""])
  func patterns(pattern: String) {
    #expect { try OutputName.check(pattern) } throws: { ($0 as? AisError)?.code == .usage }
  }
}

@Suite("Durations as people read them")
struct DurationTextTests {
  @Test(arguments: [
    (0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (89.4, "89 s"), (90, "1 min 30 s"), (3599, "59 min 59 s"),
    (3600, "1 h 00 min"), (7505, "2 h 05 min"), (-1, "0.0 s"),
  ])
  func text(seconds: Double, expected: String) {
    #expect(DurationText.text(seconds) == expected)
  }
}
