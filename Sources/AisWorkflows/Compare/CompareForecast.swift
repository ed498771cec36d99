import AisTraining

/// How long trainings take: by what was measured so far, and before that by what processors usually do.
package struct CompareForecast: Sendable {
  /// Multiplications of the way forward that trainings have done, and seconds that they took.
  private var done = 0.0
  private var seconds = 0.0
  private let first: Double

  /// Multiplications of the way forward that one thread trains in a second, way back and optimiser included: of UNet S and
  /// VGGNet S, on a processor with 512-bit instructions. Only a first guess.
  private static func usualRate(_ precision: TrainingSettings.Precision) -> Double {
    precision == .bfloat16 ? 2.8e10 : 1.8e10
  }

  package init(precision: TrainingSettings.Precision, threads: Int) {
    first = Self.usualRate(precision) * Double(max(1, threads))
  }

  package mutating func measured(work: Double, seconds: Double) {
    done += work
    self.seconds += seconds
  }

  package func seconds(for work: Double) -> Double { work / (seconds > 0 && done > 0 ? done / seconds : first) }
}

extension ComparePlan {
  /// What is known before this run: of finished trainings, how long they took.
  package var forecast: CompareForecast {
    var forecast = CompareForecast(precision: precision, threads: request.training.threads)
    for training in trainings {
      guard case .finished = training.state, let results = TrainAccount.results(beside: training.modelPath) else {
        continue
      }
      let share = Double(results.epochs.count) / Double(max(1, request.training.epochs))
      forecast.measured(work: training.work * share, seconds: results.epochs.reduce(0) { $0 + $1.seconds })
    }
    return forecast
  }

  /// Multiplications that are left to do.
  package var workLeft: Double {
    trainings.reduce(0) { sum, training in
      switch training.state {
      case .finished: sum
      case .fresh: sum + training.work
      case .begun(let epochs):
        sum + training.work * max(0, 1 - Double(epochs) / Double(max(1, request.training.epochs)))
      }
    }
  }
}
