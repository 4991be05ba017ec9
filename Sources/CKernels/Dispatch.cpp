// The C interface over the tables of kernels, and the choice of an instruction set.

#include <stdlib.h>
#include <string.h>

#include "BF16Shape.hpp"
#include "Kernels.hpp"

using namespace advk;

namespace {

const Kernels &kernels(AdvkISA isa) {
#if defined(__x86_64__)
  if (isa == ADVK_ISA_AVX512) return avx512_kernels;
  if (isa == ADVK_ISA_AVX2) return avx2_kernels;
#endif
  (void)isa;
  return plain_kernels;
}

constexpr const char *names[] = {"plain", "avx2", "avx512"};

}  // namespace

bool advk::has_bf16_pairs(AdvkISA isa) {
#if defined(__x86_64__)
  return isa == ADVK_ISA_AVX512 && __builtin_cpu_supports("avx512bf16");
#else
  (void)isa;
  return false;
#endif
}

bool advk_bf16_is_native(AdvkISA isa) { return has_bf16_pairs(isa); }

bool advk_isa_is_supported(AdvkISA isa) {
#if defined(__x86_64__)
  if (isa == ADVK_ISA_AVX512) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           advk_isa_is_supported(ADVK_ISA_AVX2);
  }
  if (isa == ADVK_ISA_AVX2) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("f16c");
  }
#endif
  return isa == ADVK_ISA_PLAIN;
}

AdvkISA advk_isa_best(void) {
  if (advk_isa_is_supported(ADVK_ISA_AVX512)) return ADVK_ISA_AVX512;
  if (advk_isa_is_supported(ADVK_ISA_AVX2)) return ADVK_ISA_AVX2;
  return ADVK_ISA_PLAIN;
}

bool advk_isa_named(const char *name, AdvkISA *isa) {
  for (int32_t index = ADVK_ISA_PLAIN; index <= ADVK_ISA_AVX512; ++index) {
    if (strcmp(name, names[index]) != 0) continue;
    *isa = static_cast<AdvkISA>(index);
    return true;
  }
  return false;
}

const char *advk_isa_name(AdvkISA isa) { return names[isa]; }

AdvkISA advk_isa_selected(void) {
  const char *name = getenv("ADVKIT_ISA");
  AdvkISA isa = ADVK_ISA_PLAIN;
  const bool is_known = name != nullptr && advk_isa_named(name, &isa);
  return is_known && advk_isa_is_supported(isa) ? isa : advk_isa_best();
}

double advk_peak_probe(AdvkISA isa, ptrdiff_t rounds, float *sink) {
  return kernels(isa).peak_probe(rounds, sink);
}

namespace {

BF16Kernels bf16_kernels(AdvkISA isa) {
#if defined(__x86_64__)
  if (has_bf16_pairs(isa)) return avx512_bf16_kernels;
#endif
  return {kernels(isa).bf16_forward, kernels(isa).bf16_input_gradient};
}

}  // namespace

void advk_bf16_forward(AdvkISA isa, const AdvkBF16Convolution *d, ptrdiff_t first, ptrdiff_t count) {
  bf16_kernels(isa).forward(d, first, count);
}

void advk_bf16_input_gradient(AdvkISA isa, const AdvkBF16Convolution *d, ptrdiff_t first, ptrdiff_t count) {
  bf16_kernels(isa).input_gradient(d, first, count);
}

#define ADVK_DISPATCH(name, Descriptor)                                                  \
  void advk_##name(AdvkISA isa, const Descriptor *d, ptrdiff_t first, ptrdiff_t count) { \
    kernels(isa).name(d, first, count);                                                  \
  }

ADVK_DISPATCH(convolution_forward, AdvkConvolution)
ADVK_DISPATCH(convolution_input_gradient, AdvkConvolution)
ADVK_DISPATCH(convolution_weight_gradient, AdvkWeightGradient)
ADVK_DISPATCH(winograd_forward, AdvkWinograd)
ADVK_DISPATCH(winograd_input_gradient, AdvkWinograd)
ADVK_DISPATCH(depthwise_forward, AdvkConvolution)
ADVK_DISPATCH(depthwise_input_gradient, AdvkConvolution)
ADVK_DISPATCH(depthwise_weight_gradient, AdvkWeightGradient)
ADVK_DISPATCH(stem_forward, AdvkStem)
ADVK_DISPATCH(stem_input_gradient, AdvkStem)
ADVK_DISPATCH(stem_weight_gradient, AdvkStemWeightGradient)
ADVK_DISPATCH(max_pool_forward, AdvkPool)
ADVK_DISPATCH(max_pool_input_gradient, AdvkPool)
ADVK_DISPATCH(average_pool_forward, AdvkPool)
ADVK_DISPATCH(average_pool_input_gradient, AdvkPool)
ADVK_DISPATCH(global_average_pool_forward, AdvkPool)
ADVK_DISPATCH(global_average_pool_input_gradient, AdvkPool)
ADVK_DISPATCH(linear, AdvkLinear)
ADVK_DISPATCH(linear_weight_gradient, AdvkLinearWeightGradient)
ADVK_DISPATCH(pointwise, AdvkPointwise)
ADVK_DISPATCH(activation, AdvkActivation)
ADVK_DISPATCH(softmax_forward, AdvkSoftmax)
ADVK_DISPATCH(softmax_input_gradient, AdvkSoftmax)
ADVK_DISPATCH(layer_norm, AdvkLayerNorm)
ADVK_DISPATCH(matrix_product, AdvkMatrixProduct)
ADVK_DISPATCH(spread, AdvkSpread)
ADVK_DISPATCH(pixel_sum, AdvkSpread)
ADVK_DISPATCH(fill, AdvkFill)
ADVK_DISPATCH(copy_channels, AdvkChannelCopy)
ADVK_DISPATCH(channel_sums, AdvkChannelSums)
ADVK_DISPATCH(planar_copy, AdvkPlanarCopy)
ADVK_DISPATCH(planar_to_blocked, AdvkLayoutCopy)
ADVK_DISPATCH(blocked_to_planar, AdvkLayoutCopy)
