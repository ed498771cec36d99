import AisTestSupport
import Testing

/// All tests of libtorch.
@Suite(.serialized, .aloneWithTorch, .enabled(if: Torch.isSetUp, "libtorch is not set up: 'make torch'"))
struct TorchTests {}
