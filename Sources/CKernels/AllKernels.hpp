// Every kernel, for the instruction set that ADVK_NAMESPACE and its companions name.

#include "Activation.hpp"
#include "BF16.hpp"
#include "Channels.hpp"
#include "Convolution.hpp"
#include "Depthwise.hpp"
#include "LayerNorm.hpp"
#include "Layout.hpp"
#include "Linear.hpp"
#include "MatrixProduct.hpp"
#include "Pointwise.hpp"
#include "Pooling.hpp"
#include "Probe.hpp"
#include "Spread.hpp"
#include "StemGradient.hpp"
#include "WeightGradient.hpp"
#include "Winograd.hpp"

namespace ADVK_NAMESPACE {

constexpr Kernels all_kernels = {
    .peak_probe = peak_probe,
    .convolution_forward = convolution_forward,
    .convolution_input_gradient = convolution_input_gradient,
    .convolution_weight_gradient = convolution_weight_gradient,
    .winograd_forward = winograd_forward,
    .winograd_input_gradient = winograd_input_gradient,
    .bf16_forward = bf16_forward,
    .bf16_input_gradient = bf16_input_gradient,
    .depthwise_forward = depthwise_forward,
    .depthwise_input_gradient = depthwise_input_gradient,
    .depthwise_weight_gradient = depthwise_weight_gradient,
    .stem_forward = stem_forward,
    .stem_input_gradient = stem_input_gradient,
    .stem_weight_gradient = stem_weight_gradient,
    .max_pool_forward = max_pool_forward,
    .max_pool_input_gradient = max_pool_input_gradient,
    .average_pool_forward = average_pool_forward,
    .average_pool_input_gradient = average_pool_input_gradient,
    .global_average_pool_forward = global_average_pool_forward,
    .global_average_pool_input_gradient = global_average_pool_input_gradient,
    .linear = linear,
    .linear_weight_gradient = linear_weight_gradient,
    .pointwise = pointwise,
    .activation = activation,
    .softmax_forward = softmax_forward,
    .softmax_input_gradient = softmax_input_gradient,
    .layer_norm = layer_norm,
    .matrix_product = matrix_product,
    .spread = spread,
    .pixel_sum = pixel_sum,
    .fill = fill,
    .copy_channels = copy_channels,
    .channel_sums = channel_sums,
    .planar_copy = planar_copy,
    .planar_to_blocked = planar_to_blocked,
    .blocked_to_planar = blocked_to_planar,
};

}  // namespace ADVK_NAMESPACE
