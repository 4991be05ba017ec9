// Every kernel, for the instruction set that ADVK_NAMESPACE and its companions name.

#include "Convolution.hpp"
#include "Probe.hpp"

namespace ADVK_NAMESPACE {

constexpr Kernels all_kernels = {
    .peak_probe = peak_probe,
    .convolution_forward = convolution_forward,
    .convolution_input_gradient = convolution_input_gradient,
    .stem_forward = stem_forward,
};

}  // namespace ADVK_NAMESPACE
