// The kernels for AVX-512: 32 registers of 16 floats.

#include "Kernels.hpp"
// Shared inline functions come first: compiled under the target attribute they could be linked into other files.
#include "Geometry.hpp"

#if defined(__x86_64__)

#define ADVK_NAMESPACE advk_avx512
#define ADVK_HAS_FMA 1
#define ADVK_TILE_PIXELS 13
#define ADVK_PANEL_VECTORS 2
#define ADVK_PROBE_CHAINS 16

#pragma clang attribute push(                                                                              \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2,f16c,tune=znver4"))), \
    apply_to = function)
#include "AllKernels.hpp"
#pragma clang attribute pop

const advk::Kernels advk::avx512_kernels = advk_avx512::all_kernels;

#endif
