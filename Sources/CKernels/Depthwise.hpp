#pragma once

// Depthwise convolution: each lane is a channel of its own. Packed weights are [block][tap][16] in all
// directions.

#include "WeightGradient.hpp"

namespace ADVK_NAMESPACE {

constexpr int depthwise_pixels = ADVK_OUTER_INPUTS / 2;

/// What is the same for all tiles of one block and phase. `weights` and `offsets` are those of the phase's
/// taps.
struct DepthwiseTaps {
  ptrdiff_t count;
  const Tap *taps;
  const ptrdiff_t *offsets;
  const float *weights;
  ptrdiff_t pixel_step;
};

template <int Pixels>
void depthwise_tile(const DepthwiseTaps &taps, const Panel &panel, const Line &line) {
  Lanes sums[Pixels];
  ADVK_UNROLL
  for (int pixel = 0; pixel < Pixels; ++pixel) sums[pixel] = panel.bias ? load(panel.bias) : splat(0);
  for (ptrdiff_t at = 0; at < taps.count; ++at) {
    const Lanes weight = load(taps.weights + taps.taps[at].index * lanes);
    const float *input = line.input + taps.offsets[at];
    ADVK_UNROLL
    for (int pixel = 0; pixel < Pixels; ++pixel) {
      sums[pixel] = multiply_add(load(input + pixel * taps.pixel_step), weight, sums[pixel]);
    }
  }
  ADVK_UNROLL
  for (int pixel = 0; pixel < Pixels; ++pixel) {
    finish(panel, line, pixel, 0, sums[pixel]);
  }
}

inline void depthwise_rows(const DepthwiseTaps &taps, const Source &source, const Target &target,
                           ptrdiff_t image, ptrdiff_t block) {
  Panel panel = {};
  aim(panel, target, block);
  for (ptrdiff_t y = 0; y < target.height; ++y) {
    ptrdiff_t x = 0;
    for (; x + depthwise_pixels <= target.width; x += depthwise_pixels) {
      depthwise_tile<depthwise_pixels>(taps, panel, line_at(source, target, image, block, y, x));
    }
    for (; x < target.width; ++x) depthwise_tile<1>(taps, panel, line_at(source, target, image, block, y, x));
  }
}

inline void depthwise(const AdvkConvolution &d, AdvkDirection direction, ptrdiff_t first, ptrdiff_t count) {
  Phase phase;
  ptrdiff_t offsets[most_taps];
  const ptrdiff_t taps = d.window.kernel_height * d.window.kernel_width;
  for (ptrdiff_t index = 0; index < phase_count(d.window, direction); ++index) {
    make_phase(d.window, direction, index, phase);
    for (ptrdiff_t tap = 0; tap < phase.tap_count; ++tap) {
      offsets[tap] = phase.taps[tap].y * d.input.row_stride + phase.taps[tap].x * lanes;
    }
    const Target target = make_target(d.output, d.epilogue, phase);
    for (ptrdiff_t image = first; image < first + count; ++image) {
      const Range blocks = share(d.part, d.output.blocks);
      for (ptrdiff_t block = blocks.begin; block < blocks.end; ++block) {
        const Source source = {d.input.origin + block * d.input.block_stride, d.input.image_stride,
                               phase.input_step_y * d.input.row_stride, phase.input_step_x * lanes, true};
        const DepthwiseTaps of = {phase.tap_count, phase.taps, offsets, d.weights + block * taps * lanes,
                                  source.pixel_step};
        depthwise_rows(of, source, target, image, block);
      }
    }
  }
}

inline void depthwise_forward(const AdvkConvolution *d, ptrdiff_t first, ptrdiff_t count) {
  depthwise(*d, ADVK_FORWARD, first, count);
}

inline void depthwise_input_gradient(const AdvkConvolution *d, ptrdiff_t first, ptrdiff_t count) {
  depthwise(*d, ADVK_INPUT_GRADIENT, first, count);
}

/// One tap of one block over a chunk: accumulator [16].
inline void depthwise_outer(const Chunk &chunk, ptrdiff_t offset, ptrdiff_t gradient_offset,
                            float *accumulator) {
  Lanes total = load(accumulator);
  for (ptrdiff_t line = 0; line < chunk.line_count; ++line) {
    const float *from = chunk.inputs[line] + offset;
    const float *gradient = chunk.gradients[line] + gradient_offset;
    for (ptrdiff_t x = 0; x < chunk.width; ++x) {
      total = multiply_add(load(from + x * chunk.input_step), load(gradient + x * lanes), total);
    }
  }
  store(accumulator, total);
}

inline void depthwise_weight_gradient(const AdvkWeightGradient *d, ptrdiff_t first, ptrdiff_t count) {
  Phase phase;
  make_phase(d->window, ADVK_FORWARD, 0, phase);
  for_each_chunk(d->input.origin, d->input.image_stride, d->window.stride_y * d->input.row_stride,
                 d->window.stride_x * lanes, d->output_gradient, first, count, [&](const Chunk &chunk) {
                   float *accumulator = d->accumulator;
                   for (ptrdiff_t block = 0; block < d->input.blocks; ++block) {
                     for (ptrdiff_t tap = 0; tap < phase.tap_count; ++tap) {
                       const ptrdiff_t offset = block * d->input.block_stride +
                                                phase.taps[tap].y * d->input.row_stride +
                                                phase.taps[tap].x * lanes;
                       depthwise_outer(chunk, offset, block * d->output_gradient.block_stride, accumulator);
                       accumulator += lanes;
                     }
                   }
                 });
}

}  // namespace ADVK_NAMESPACE
