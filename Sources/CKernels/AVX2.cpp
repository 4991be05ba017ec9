// The kernels for AVX2 with FMA: 16 registers of 8 floats.

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

#define ADVK_NAMESPACE advk_avx2
#define ADVK_HAS_FMA 1
#define ADVK_TILE_PIXELS 6
#define ADVK_PANEL_VECTORS 1
#define ADVK_PROBE_CHAINS 6
#define ADVK_STEM_PIXELS 2
#define ADVK_OUTER_INPUTS 4
#define ADVK_STEM_INPUTS 4
#define ADVK_LINEAR_OUTPUTS 4

#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2,f16c"))), apply_to = function)
#include "AllKernels.hpp"
#pragma clang attribute pop

const advk::Kernels advk::avx2_kernels = advk_avx2::all_kernels;

#endif
