// Portable kernels: SSE2 on x86-64 (16 registers of 4 floats, no fused multiply-add), NEON on arm64 (32 registers).

#include "Kernels.hpp"
#include "Geometry.hpp"

#define ADVK_NAMESPACE advk_plain
#define ADVK_PANEL_VECTORS 1
#if defined(__aarch64__)
#define ADVK_HAS_FMA 1
#define ADVK_TILE_PIXELS 6
#define ADVK_PROBE_CHAINS 6
#else
#define ADVK_HAS_FMA 0
#define ADVK_TILE_PIXELS 2
#define ADVK_PROBE_CHAINS 3
#endif

#include "AllKernels.hpp"

const advk::Kernels advk::plain_kernels = advk_plain::all_kernels;
