#pragma once

// Taps of convolutions: which input pixels meet an output pixel, for the forward direction and for each phase
// of the input gradient. Independent of the instruction set.

#include "CKernels.h"

namespace advk {

constexpr ptrdiff_t lanes = 16;
constexpr ptrdiff_t most_taps = 1024;

inline ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
inline ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }
inline ptrdiff_t divide_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }
inline ptrdiff_t blocks_of(ptrdiff_t channels) { return divide_up(channels, lanes); }

/// Consecutive items of work.
struct Range {
  ptrdiff_t begin, end;
};

/// The items of `count` that belong to a part.
inline Range share(const AdvkPart &part, ptrdiff_t count) {
  if (part.count <= 1) return Range{0, count};
  return Range{count * part.index / part.count, count * (part.index + 1) / part.count};
}

/// How the threads of a convolution divide it: by panels of output channels, so that each streams its own
/// weights, where these are many or come out even; otherwise by lines or tiles of pixels.
struct Sharing {
  AdvkPart panels, pixels;
};

inline Sharing make_sharing(const AdvkPart &part, ptrdiff_t panels) {
  const bool is_even = part.count <= 1 || panels % part.count == 0 || panels >= 4 * part.count;
  return is_even ? Sharing{part, {}} : Sharing{{}, part};
}

/// Output channels in a panel of packed weights: what a tile of the instruction set computes together.
inline ptrdiff_t panel_width(AdvkISA isa) { return isa == ADVK_ISA_AVX512 ? 32 : 16; }

/// A kernel position and the displacement, in pixels, of the pixel that it reads.
struct Tap {
  ptrdiff_t index;
  ptrdiff_t y, x;
};

/// The output pixels (first + i * step) that share one list of taps.
///
/// Forward: one phase, and out[i] reads in[i * input_step + tap]. Input gradient: a pixel of the input at y
/// meets output rows (y + padding - k * dilation) / stride where that is whole, which depends on y mod stride
/// only. So each residue is a phase with its own taps, and pixels of a phase are neighbours in the gradient
/// of the output.
struct Phase {
  ptrdiff_t first_y, first_x;
  ptrdiff_t step_y, step_x;
  ptrdiff_t input_step_y, input_step_x;
  ptrdiff_t tap_count;
  Tap taps[most_taps];
};

inline ptrdiff_t phase_count(const AdvkWindow &window, AdvkDirection direction) {
  return direction == ADVK_FORWARD ? 1 : window.stride_y * window.stride_x;
}

inline void add_tap(Phase &phase, ptrdiff_t index, ptrdiff_t y, ptrdiff_t x) {
  phase.taps[phase.tap_count] = Tap{index, y, x};
  phase.tap_count += 1;
}

inline void fill_forward(const AdvkWindow &window, Phase &phase) {
  for (ptrdiff_t ky = 0; ky < window.kernel_height; ++ky) {
    for (ptrdiff_t kx = 0; kx < window.kernel_width; ++kx) {
      add_tap(phase, ky * window.kernel_width + kx, ky * window.dilation_y - window.padding_top,
              kx * window.dilation_x - window.padding_left);
    }
  }
}

inline void fill_gradient(const AdvkWindow &window, Phase &phase) {
  for (ptrdiff_t ky = 0; ky < window.kernel_height; ++ky) {
    const ptrdiff_t y = phase.first_y + window.padding_top - ky * window.dilation_y;
    if (y % window.stride_y != 0) continue;
    for (ptrdiff_t kx = 0; kx < window.kernel_width; ++kx) {
      const ptrdiff_t x = phase.first_x + window.padding_left - kx * window.dilation_x;
      if (x % window.stride_x != 0) continue;
      add_tap(phase, ky * window.kernel_width + kx, y / window.stride_y, x / window.stride_x);
    }
  }
}

/// Phase `index` of a direction; phases are counted row by row over (y mod stride, x mod stride).
inline void make_phase(const AdvkWindow &window, AdvkDirection direction, ptrdiff_t index, Phase &phase) {
  phase.tap_count = 0;
  if (direction == ADVK_FORWARD) {
    phase.first_y = phase.first_x = 0;
    phase.step_y = phase.step_x = 1;
    phase.input_step_y = window.stride_y;
    phase.input_step_x = window.stride_x;
    fill_forward(window, phase);
  } else {
    phase.first_y = index / window.stride_x;
    phase.first_x = index % window.stride_x;
    phase.step_y = window.stride_y;
    phase.step_x = window.stride_x;
    phase.input_step_y = phase.input_step_x = 1;
    fill_gradient(window, phase);
  }
}

/// How many of `size` positions belong to a phase.
inline ptrdiff_t phase_extent(ptrdiff_t size, ptrdiff_t first, ptrdiff_t step) {
  return size > first ? divide_up(size - first, step) : 0;
}

}  // namespace advk
