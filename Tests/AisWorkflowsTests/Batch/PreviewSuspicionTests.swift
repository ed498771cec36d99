import AisCore
import AisWorkflows
import Testing

@Suite("Which tomograms look suspicious before a batch")
struct PreviewSuspicionTests {
  private typealias Evidence = PreviewSuspicion.Evidence

  @Test("tomograms that are alike are not suspicious")
  func alike() {
    let judged = PreviewSuspicion.judge((0..<5).map { Evidence(shares: ["Membrane": 0.03 + 0.002 * Double($0)]) })
    #expect(judged.allSatisfy { $0.score == 0 && $0.reasons.isEmpty })
  }

  @Test("a feature that is missing, everywhere, or far from what others have is named")
  func outliers() {
    let shares = [0.03, 0.04, 0.03, 0, 0.8, 0.2, 0.001]
    let judged = PreviewSuspicion.judge(shares.map { Evidence(shares: ["Membrane": $0]) })
    #expect(judged[0].score == 0)
    #expect(judged[3].reasons == ["no Membrane in the slices, in others 3 %."])
    #expect(judged[4].reasons == ["Membrane fills 80 % of the slices: perhaps the contrast is inverted."])
    #expect(judged[5].reasons == ["Membrane fills 20 % of the slices, in others 3 %: perhaps another scale."])
    #expect(judged[6].reasons == ["Membrane fills 0.1 % of the slices, in others 3 %: perhaps another scale."])
    #expect(judged[4].score > judged[3].score && judged[3].score > judged[5].score)
  }

  @Test("faults of the tomogram count by their severity, and what cannot be segmented comes first")
  func faults() {
    let judged = PreviewSuspicion.judge([
      Evidence(faults: [.fault(.contrast, "inverted", .warning, "Particles are bright.")]),
      Evidence(failure: AisError(.truncated, "cut short")), Evidence(),
    ])
    #expect(judged.map(\.score) == [20, 200, 0])
    #expect(judged[1].reasons == ["cut short"])
  }

  @Test("with few tomograms nothing is compared, and nothing at all is no error")
  func few() {
    #expect(PreviewSuspicion.judge([]).isEmpty)
    let judged = PreviewSuspicion.judge([Evidence(shares: ["A": 0.01]), Evidence(shares: ["A": 0.3])])
    #expect(judged.map(\.score) == [0, 0])
  }
}
