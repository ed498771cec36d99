import AisTestSupport
import Testing

/// All tests that train.
@Suite(.serialized, .aloneWithTorch, .enabled(if: Torch.isSetUp, "libtorch is not set up: 'make torch'"))
struct TrainingTests {}
