#pragma once

// The kernels of one instruction set as a table.

#include "CKernels.h"

namespace advk {

template <class Descriptor>
using Kernel = void (*)(const Descriptor *, ptrdiff_t first, ptrdiff_t count);

struct Kernels {
  double (*peak_probe)(ptrdiff_t rounds, float *sink);
  Kernel<AdvkConvolution> convolution_forward;
  Kernel<AdvkConvolution> convolution_input_gradient;
  Kernel<AdvkWeightGradient> convolution_weight_gradient;
  Kernel<AdvkWinograd> winograd_forward;
  Kernel<AdvkWinograd> winograd_input_gradient;
  Kernel<AdvkBF16Convolution> bf16_forward;
  Kernel<AdvkBF16Convolution> bf16_input_gradient;
  Kernel<AdvkConvolution> depthwise_forward;
  Kernel<AdvkConvolution> depthwise_input_gradient;
  Kernel<AdvkWeightGradient> depthwise_weight_gradient;
  Kernel<AdvkStem> stem_forward;
  Kernel<AdvkStem> stem_input_gradient;
  Kernel<AdvkStemWeightGradient> stem_weight_gradient;
  Kernel<AdvkPool> max_pool_forward;
  Kernel<AdvkPool> max_pool_input_gradient;
  Kernel<AdvkPool> average_pool_forward;
  Kernel<AdvkPool> average_pool_input_gradient;
  Kernel<AdvkPool> global_average_pool_forward;
  Kernel<AdvkPool> global_average_pool_input_gradient;
  Kernel<AdvkLinear> linear;
  Kernel<AdvkLinearWeightGradient> linear_weight_gradient;
  Kernel<AdvkPointwise> pointwise;
  Kernel<AdvkActivation> activation;
  Kernel<AdvkSoftmax> softmax_forward;
  Kernel<AdvkSoftmax> softmax_input_gradient;
  Kernel<AdvkLayerNorm> layer_norm;
  Kernel<AdvkMatrixProduct> matrix_product;
  Kernel<AdvkSpread> spread;
  Kernel<AdvkSpread> pixel_sum;
  Kernel<AdvkFill> fill;
  Kernel<AdvkChannelCopy> copy_channels;
  Kernel<AdvkChannelSums> channel_sums;
  Kernel<AdvkPlanarCopy> planar_copy;
  Kernel<AdvkLayoutCopy> planar_to_blocked;
  Kernel<AdvkLayoutCopy> blocked_to_planar;
};

/// What takes the place of `bf16_forward` and `bf16_input_gradient` where the processor multiplies pairs.
struct BF16Kernels {
  Kernel<AdvkBF16Convolution> forward;
  Kernel<AdvkBF16Convolution> input_gradient;
};

extern const Kernels plain_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
extern const BF16Kernels avx512_bf16_kernels;
#endif

}  // namespace advk
