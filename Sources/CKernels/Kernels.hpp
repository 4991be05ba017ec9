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
  Kernel<AdvkStem> stem_forward;
};

extern const Kernels plain_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
#endif

}  // namespace advk
