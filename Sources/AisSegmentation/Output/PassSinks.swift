import AisCore

/// Where the slices of a pass over a tomogram go.
package struct PassSinks: Sendable {
  /// For each order where its result goes, if anywhere.
  package var results: [(any SegmentationSink)?]
  /// Where what a model says by itself goes, before it is combined with others: empty, or one place for each order.
  package var raw: [(any SegmentationSink)?] = []
  /// Where the labels go: whole numbers, 0 for nothing and 1 + the place of the order that found something.
  package var labels: (any SegmentationSink)?

  package init(results: [(any SegmentationSink)?]) { self.results = results }
}
