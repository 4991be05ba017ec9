// The convolutions with bf16 products for AVX-512 with VDPBF16PS: the micro-kernel of AVX-512 on pairs of
// inputs.

// Headers with inline functions come first: compiled under the target attribute, their code could be linked
// into files that run on any machine.
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "BF16Shape.hpp"
#include "Geometry.hpp"
#include "Kernels.hpp"

#if defined(__x86_64__)

#define ADVK_NAMESPACE advk_avx512_bf16
#define ADVK_DOT_PAIRS 1
#define ADVK_HAS_FMA 1
#define ADVK_TILE_PIXELS 13
#define ADVK_PANEL_VECTORS 2

#pragma clang attribute push(                                                                         \
    __attribute__((                                                                                   \
        target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,bmi,bmi2,f16c,tune=znver4"))), \
    apply_to = function)
#include "BF16.hpp"
#pragma clang attribute pop

const advk::BF16Kernels advk::avx512_bf16_kernels = {
    .forward = advk_avx512_bf16::bf16_forward,
    .input_gradient = advk_avx512_bf16::bf16_input_gradient,
};

#endif
