#pragma once

// Sixteen floats at a time. Included once for each instruction set, inside its namespace ADVK_NAMESPACE and
// under its target attribute: the compiler splits a `Lanes` into the registers that the instruction set has.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "CKernels.h"

// Sixteen lanes never cross a real call: all helpers are inlined, so no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

#define ADVK_INLINE static inline __attribute__((always_inline))
/// Full unrolling keeps arrays of accumulators in registers.
#define ADVK_UNROLL _Pragma("clang loop unroll(full)")

namespace ADVK_NAMESPACE {

using Lanes = float __attribute__((ext_vector_type(16)));
using LaneInts = int32_t __attribute__((ext_vector_type(16)));
using LaneBits = bool __attribute__((ext_vector_type(16)));

/// Lanes anywhere in memory: a plain `Lanes` asks for 64-byte alignment.
struct __attribute__((packed, aligned(4), may_alias)) LooseLanes {
  Lanes value;
};

ADVK_INLINE Lanes load(const float *from) { return reinterpret_cast<const LooseLanes *>(from)->value; }

ADVK_INLINE void store(float *to, Lanes value) { reinterpret_cast<LooseLanes *>(to)->value = value; }

ADVK_INLINE Lanes splat(float value) { return (Lanes)value; }

/// a * b + c, rounded once where the instruction set can.
ADVK_INLINE Lanes multiply_add(Lanes a, Lanes b, Lanes c) {
#if ADVK_HAS_FMA
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

#if ADVK_DOT_PAIRS
using BrainFloats = __bf16 __attribute__((vector_size(64)));

/// Inputs that one word of a map holds: two brain floats, in the bits of a float.
constexpr int inputs_per_word = 2;

/// c + a1 * b1 + a2 * b2 for the pairs in each lane of a and b.
ADVK_INLINE Lanes add_products(Lanes a, Lanes b, Lanes c) {
  return __builtin_ia32_dpbf16ps_512(c, __builtin_bit_cast(BrainFloats, a),
                                     __builtin_bit_cast(BrainFloats, b));
}
#else
/// Inputs that one word of a map holds.
constexpr int inputs_per_word = 1;

/// c + a * b, what the micro-kernel accumulates.
ADVK_INLINE Lanes add_products(Lanes a, Lanes b, Lanes c) { return multiply_add(a, b, c); }
#endif

/// Words of a pixel of a block of 16 channels on the input side of the micro-kernel.
constexpr int pixel_words = 16 / inputs_per_word;

/// max(value, 0); NaN stays NaN.
ADVK_INLINE Lanes relu(Lanes value) { return value <= 0.0f ? (Lanes)0.0f : value; }

/// One bit for each lane above 0.
ADVK_INLINE uint16_t positive_bits(Lanes value) {
  return __builtin_bit_cast(uint16_t, __builtin_convertvector(value > 0.0f, LaneBits));
}

/// The lanes whose bit is set, 0 in the others.
ADVK_INLINE Lanes keep(Lanes value, uint16_t bits) {
  const LaneInts chosen = __builtin_convertvector(__builtin_bit_cast(LaneBits, bits), LaneInts);
  return chosen != 0 ? value : (Lanes)0.0f;
}

/// The sum of the lanes, halves first: a fixed order.
ADVK_INLINE float sum(Lanes value) {
  const auto eight = value.lo + value.hi;
  const auto four = eight.lo + eight.hi;
  const auto two = four.lo + four.hi;
  return two.x + two.y;
}

}  // namespace ADVK_NAMESPACE
