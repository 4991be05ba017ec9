// The kernels for AVX-512: 32 registers of 16 floats.

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

#define ADVK_NAMESPACE advk_avx512
#define ADVK_HAS_FMA 1
#define ADVK_TILE_PIXELS 13
#define ADVK_PANEL_VECTORS 2
#define ADVK_PROBE_CHAINS 16
#define ADVK_STEM_PIXELS 8
#define ADVK_OUTER_INPUTS 16
#define ADVK_STEM_INPUTS 8
#define ADVK_LINEAR_OUTPUTS 8

#pragma clang attribute push(                                                                         \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2,f16c,tune=znver4"))), \
    apply_to = function)
#include "AllKernels.hpp"
#pragma clang attribute pop

const advk::Kernels advk::avx512_kernels = advk_avx512::all_kernels;

#endif
