#pragma once

// The peak of one core: multiply-adds in registers alone.

#include "Lanes.hpp"

namespace ADVK_NAMESPACE {

/// Enough independent chains to cover the latency of a multiply-add, few enough to stay in registers.
constexpr int probe_chains = ADVK_PROBE_CHAINS;

inline double peak_probe(ptrdiff_t rounds, float *sink) {
  Lanes sums[probe_chains];
  ADVK_UNROLL
  for (int chain = 0; chain < probe_chains; ++chain) sums[chain] = splat(*sink + chain);
  const Lanes scale = splat(0.999f);
  const Lanes shift = splat(1e-3f);
  for (ptrdiff_t round = 0; round < rounds; ++round) {
    ADVK_UNROLL
    for (int chain = 0; chain < probe_chains; ++chain) {
      sums[chain] = multiply_add(sums[chain], scale, shift);
    }
  }
  float total = 0;
  for (int chain = 0; chain < probe_chains; ++chain) total += sum(sums[chain]);
  *sink = total;
  return static_cast<double>(rounds) * probe_chains * 16 * 2;
}

}  // namespace ADVK_NAMESPACE
