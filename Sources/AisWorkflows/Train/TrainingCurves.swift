import AisImaging
import AisTraining

/// How a training went, as a picture: losses, and precision, recall and Dice, over epochs.
enum TrainingCurves {
  /// `nil` before the first epoch has ended.
  static func picture(_ history: [EpochRecord], title: String) -> Picture? {
    guard !history.isEmpty else { return nil }
    func line(_ value: (EpochRecord) -> Double?) -> [(x: Double, y: Double)] {
      history.map { (Double($0.epoch), value($0) ?? .nan) }
    }
    let epochs = AxisScale(covering: [0, Double(history.count)])
    let hasHeldOut = history.contains { $0.validation != nil }
    let losses = history.flatMap { [$0.training.loss, $0.validation?.loss ?? .nan] }
    var loss = Chart(
      title: title, xTitle: "epoch", yTitle: "loss", x: epochs, y: AxisScale(covering: losses, from: 0))
    loss.layers = [.line(line(\.training.loss), Chart.colours[0], title: "training")]
    if hasHeldOut { loss.layers.append(.line(line(\.validation?.loss), Chart.colours[1], title: "held out")) }
    if let best = history.best { loss.layers.append(.mark(x: Double(best.epoch), Chart.colours[6], title: "best")) }
    var scores = Chart(
      title: hasHeldOut ? "Held-out boxes" : "Boxes that were trained on", xTitle: "epoch", yTitle: "", x: epochs,
      y: AxisScale(exactly: 0...1))
    scores.layers = [
      .line(line { ($0.validation ?? $0.training).precision }, Chart.colours[0], title: "precision"),
      .line(line { ($0.validation ?? $0.training).recall }, Chart.colours[1], title: "recall"),
      .line(line { ($0.validation ?? $0.training).dice }, Chart.colours[2], title: "Dice"),
    ]
    return Chart.sheet([loss, scores])
  }
}
