/// How much longer work takes than was foretold, by what was done of it so far.
package struct WorkPace: Sendable {
  /// Forecasts count as so many seconds of work that went as foretold: little that is known does not outweigh them, since reading a
  /// tomogram and warming up take most of the first seconds.
  private let trustedSeconds: Double
  private var forecastSeconds = 0.0
  private var takenSeconds = 0.0

  package init(trustedSeconds: Double = 0) { self.trustedSeconds = trustedSeconds }

  /// Work of which so many seconds were foretold took so many.
  package mutating func learn(forecast: Double, taken: Double) {
    forecastSeconds += forecast
    takenSeconds += taken
  }

  /// What the forecasts of the rest are multiplied with; 1 while nothing is known.
  package var factor: Double {
    forecastSeconds > 0 ? (takenSeconds + trustedSeconds) / (forecastSeconds + trustedSeconds) : 1
  }
}
