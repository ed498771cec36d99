// Everything that is compiled once per instruction set. Included inside a namespace of its own by Variant*.cpp, after the
// standard headers: inline functions of those must not be compiled for an instruction set that the machine may lack.
#include "Vector.hpp"

#include "Activation.hpp"
#include "Epilogue.hpp"
#include "MicroKernel.hpp"

#include "Gather.hpp"
#include "Indirect.hpp"
#include "Peak.hpp"
#include "Pointwise.hpp"
#include "Pooling.hpp"
#include "Winograd.hpp"

static constexpr Variant variant{int(panelWidth), runWinograd, runIndirect,  runPooling,
                                 runPointwise,    runGather,   measurePeak};
