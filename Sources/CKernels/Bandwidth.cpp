// How fast memory can be read: sums over a buffer with as many loads in flight as registers allow.

#include "CKernels.h"

namespace {

#define ADVK_READ_SUM(name, attributes)                                     \
  attributes float name(const float *values, ptrdiff_t count) {             \
    typedef float Vector __attribute__((vector_size(64), aligned(4)));      \
    const Vector *vectors = reinterpret_cast<const Vector *>(values);       \
    Vector a = {}, b = {}, c = {}, d = {};                                  \
    const ptrdiff_t whole = count / 64;                                     \
    for (ptrdiff_t index = 0; index < whole; ++index, vectors += 4) {       \
      a += vectors[0];                                                      \
      b += vectors[1];                                                      \
      c += vectors[2];                                                      \
      d += vectors[3];                                                      \
    }                                                                       \
    float total = 0;                                                        \
    for (int lane = 0; lane < 16; ++lane) total += a[lane] + b[lane] + c[lane] + d[lane]; \
    return total;                                                           \
  }

ADVK_READ_SUM(read_sum_plain, )
#if defined(__x86_64__)
ADVK_READ_SUM(read_sum_avx2, __attribute__((target("avx2"))))
ADVK_READ_SUM(read_sum_avx512, __attribute__((target("avx512f"))))
#endif

}  // namespace

float advk_read_sum(AdvkISA isa, const float *values, ptrdiff_t count) {
#if defined(__x86_64__)
  if (isa == ADVK_ISA_AVX512) return read_sum_avx512(values, count);
  if (isa == ADVK_ISA_AVX2) return read_sum_avx2(values, count);
#endif
  (void)isa;
  return read_sum_plain(values, count);
}
