// Portable kernels: SSE2 on x86-64 (16 registers of 4 floats, no fused multiply-add), NEON on arm64 (32
// registers).

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "Kernels.hpp"
#include "BF16Shape.hpp"
#include "Geometry.hpp"

#define ADVK_NAMESPACE advk_plain
#define ADVK_PANEL_VECTORS 1
#if defined(__aarch64__)
#define ADVK_HAS_FMA 1
#define ADVK_TILE_PIXELS 5
#define ADVK_PROBE_CHAINS 6
#define ADVK_STEM_PIXELS 2
#define ADVK_OUTER_INPUTS 4
#define ADVK_STEM_INPUTS 4
#define ADVK_LINEAR_OUTPUTS 4
#else
#define ADVK_HAS_FMA 0
#define ADVK_TILE_PIXELS 2
#define ADVK_PROBE_CHAINS 3
#define ADVK_STEM_PIXELS 1
#define ADVK_OUTER_INPUTS 2
#define ADVK_STEM_INPUTS 2
#define ADVK_LINEAR_OUTPUTS 2
#endif

#include "AllKernels.hpp"

const advk::Kernels advk::plain_kernels = advk_plain::all_kernels;
