#pragma once

// Weight gradients: for each tap, sums over pixels of outer products input x output gradient. A tile of some
// inputs x one panel of outputs stays in registers over a chunk of lines and continues from the accumulator,
// so that each weight's sum is one chain over images, rows and columns, however the lines are cut into
// chunks.

#include "Convolution.hpp"

namespace ADVK_NAMESPACE {

constexpr int most_chunk_lines = 64;
/// Pixels of a chunk: enough to make loading and storing the accumulators cheap, few enough to stay in cache.
constexpr ptrdiff_t chunk_pixels = 128;

/// The lines of a chunk: where the input (tap 0) and the gradient of each begin.
struct Chunk {
  ptrdiff_t line_count;
  ptrdiff_t width;
  ptrdiff_t input_step;
  const float *inputs[most_chunk_lines];
  const float *gradients[most_chunk_lines];
};

/// Adds to `accumulator` [Inputs][Vectors x 16]. `offsets` displaces each input; with `Contiguous` input i is
/// i floats after the first.
template <int Inputs, int Vectors, bool Contiguous>
void outer_tile(const Chunk &chunk, const ptrdiff_t *offsets, ptrdiff_t gradient_offset,
                ptrdiff_t gradient_block, float *accumulator) {
  Lanes sums[Inputs][Vectors];
  ptrdiff_t at[Inputs];
  ADVK_UNROLL
  for (int input = 0; input < Inputs; ++input) {
    at[input] = Contiguous ? offsets[0] + input : offsets[input];
    ADVK_UNROLL
    for (int vector = 0; vector < Vectors; ++vector) {
      sums[input][vector] = load(accumulator + (input * Vectors + vector) * 16);
    }
  }
  for (ptrdiff_t line = 0; line < chunk.line_count; ++line) {
    const float *from = chunk.inputs[line];
    const float *gradient = chunk.gradients[line] + gradient_offset;
    for (ptrdiff_t x = 0; x < chunk.width; ++x) {
      Lanes value[Vectors];
      ADVK_UNROLL
      for (int vector = 0; vector < Vectors; ++vector)
        value[vector] = load(gradient + vector * gradient_block);
      ADVK_UNROLL
      for (int input = 0; input < Inputs; ++input) {
        const Lanes factor = splat(from[Contiguous ? at[0] + input : at[input]]);
        ADVK_UNROLL
        for (int vector = 0; vector < Vectors; ++vector) {
          sums[input][vector] = multiply_add(factor, value[vector], sums[input][vector]);
        }
      }
      from += chunk.input_step;
      gradient += 16;
    }
  }
  ADVK_UNROLL
  for (int input = 0; input < Inputs; ++input) {
    ADVK_UNROLL
    for (int vector = 0; vector < Vectors; ++vector) {
      store(accumulator + (input * Vectors + vector) * 16, sums[input][vector]);
    }
  }
}

/// Inputs of a tile: divides 16, and with the panel fills the registers.
constexpr int outer_inputs(int vectors) { return vectors == 2 ? ADVK_OUTER_INPUTS / 2 : ADVK_OUTER_INPUTS; }

/// One tap of one block of inputs and one panel of outputs: accumulator [16][Vectors x 16].
template <int Vectors>
void outer_block(const Chunk &chunk, ptrdiff_t offset, ptrdiff_t gradient_offset, ptrdiff_t gradient_block,
                 float *accumulator) {
  constexpr int inputs = outer_inputs(Vectors);
  for (int input = 0; input < 16; input += inputs) {
    const ptrdiff_t start = offset + input;
    outer_tile<inputs, Vectors, true>(chunk, &start, gradient_offset, gradient_block,
                                      accumulator + input * Vectors * 16);
  }
}

/// Cuts lines (images x rows) into chunks and calls visit(chunk) for each in order. Origins are those of line
/// 0 of image 0; steps are from row to row.
template <class Visit>
void for_each_chunk(const float *input, ptrdiff_t input_image, ptrdiff_t input_row, ptrdiff_t input_step,
                    const AdvkView &gradient, ptrdiff_t first, ptrdiff_t count, Visit visit) {
  if (gradient.height <= 0 || gradient.width <= 0) return;
  Chunk chunk;
  chunk.width = gradient.width;
  chunk.input_step = input_step;
  const ptrdiff_t most = smaller(most_chunk_lines, divide_up(chunk_pixels, gradient.width));
  const ptrdiff_t line_count = count * gradient.height;
  for (ptrdiff_t at = 0; at < line_count; at += most) {
    chunk.line_count = smaller(most, line_count - at);
    for (ptrdiff_t line = 0; line < chunk.line_count; ++line) {
      const ptrdiff_t image = first + (at + line) / gradient.height;
      const ptrdiff_t y = (at + line) % gradient.height;
      chunk.inputs[line] = input + image * input_image + y * input_row;
      chunk.gradients[line] = gradient.origin + view_offset(gradient, image, 0, y, 0);
    }
    visit(chunk);
  }
}

/// All weights of one panel of outputs, in the order of the packed forward weights.
inline void outer_panel(const AdvkWeightGradient &d, const Phase &phase, const Chunk &chunk,
                        ptrdiff_t first_input, ptrdiff_t output, int vectors, float *accumulator) {
  const ptrdiff_t input_blocks = d.input.blocks / d.groups;
  const AdvkView &gradient = d.output_gradient;
  for (ptrdiff_t block = 0; block < input_blocks; ++block) {
    for (ptrdiff_t tap = 0; tap < phase.tap_count; ++tap) {
      const ptrdiff_t offset = (first_input + block) * d.input.block_stride +
                               phase.taps[tap].y * d.input.row_stride + phase.taps[tap].x * lanes;
      if (vectors == panel_vectors) {
        outer_block<panel_vectors>(chunk, offset, output * gradient.block_stride, gradient.block_stride,
                                   accumulator);
      } else {
        outer_block<1>(chunk, offset, output * gradient.block_stride, gradient.block_stride, accumulator);
      }
      accumulator += lanes * vectors * lanes;
    }
  }
}

inline void convolution_weight_gradient(const AdvkWeightGradient *d, ptrdiff_t first, ptrdiff_t count) {
  Phase phase;
  make_phase(d->window, ADVK_FORWARD, 0, phase);
  const ptrdiff_t input_blocks = d->input.blocks / d->groups;
  const ptrdiff_t output_blocks = d->output_gradient.blocks / d->groups;
  for_each_chunk(d->input.origin, d->input.image_stride, d->window.stride_y * d->input.row_stride,
                 d->window.stride_x * lanes, d->output_gradient, first, count, [&](const Chunk &chunk) {
                   float *accumulator = d->accumulator;
                   for (ptrdiff_t group = 0; group < d->groups; ++group) {
                     for (ptrdiff_t block = 0; block < output_blocks; block += panel_vectors) {
                       const int vectors = static_cast<int>(smaller(panel_vectors, output_blocks - block));
                       outer_panel(*d, phase, chunk, group * input_blocks, group * output_blocks + block,
                                   vectors, accumulator);
                       accumulator += input_blocks * lanes * phase.tap_count * vectors * lanes;
                     }
                   }
                 });
}

/// Inputs of a stem's tile: each needs an address of its own.
constexpr int stem_inputs = ADVK_STEM_INPUTS;

/// One panel of a stem: the depth (channels x taps) in tiles; the last is padded with a copy of the first
/// input whose sums are dropped.
template <int Vectors>
void stem_outer_panel(const AdvkStemWeightGradient &d, const Phase &phase, const Chunk &chunk,
                      ptrdiff_t output, float *accumulator) {
  const ptrdiff_t depth = d.image.channels * phase.tap_count;
  const AdvkView &gradient = d.output_gradient;
  for (ptrdiff_t at = 0; at < depth; at += stem_inputs) {
    const ptrdiff_t inputs = smaller(stem_inputs, depth - at);
    ptrdiff_t offsets[stem_inputs] = {};
    for (ptrdiff_t input = 0; input < inputs; ++input) {
      const Tap &tap = phase.taps[(at + input) % phase.tap_count];
      offsets[input] =
          (at + input) / phase.tap_count * d.image.channel_stride + tap.y * d.image.row_stride + tap.x;
    }
    float *sums = accumulator + at * Vectors * lanes;
    if (inputs == stem_inputs) {
      outer_tile<stem_inputs, Vectors, false>(chunk, offsets, output * gradient.block_stride,
                                              gradient.block_stride, sums);
      continue;
    }
    for (ptrdiff_t input = inputs; input < stem_inputs; ++input) offsets[input] = offsets[0];
    float padded[stem_inputs * Vectors * lanes] = {};
    const size_t bytes = static_cast<size_t>(inputs * Vectors * lanes) * sizeof(float);
    memcpy(padded, sums, bytes);
    outer_tile<stem_inputs, Vectors, false>(chunk, offsets, output * gradient.block_stride,
                                            gradient.block_stride, padded);
    memcpy(sums, padded, bytes);
  }
}

inline void stem_weight_gradient(const AdvkStemWeightGradient *d, ptrdiff_t first, ptrdiff_t count) {
  Phase phase;
  make_phase(d->window, ADVK_FORWARD, 0, phase);
  const ptrdiff_t depth = d->image.channels * phase.tap_count;
  for_each_chunk(d->image.origin, d->image.image_stride, d->window.stride_y * d->image.row_stride,
                 d->window.stride_x, d->output_gradient, first, count, [&](const Chunk &chunk) {
                   float *accumulator = d->accumulator;
                   for (ptrdiff_t block = 0; block < d->output_gradient.blocks; block += panel_vectors) {
                     const ptrdiff_t vectors = smaller(panel_vectors, d->output_gradient.blocks - block);
                     if (vectors == panel_vectors) {
                       stem_outer_panel<panel_vectors>(*d, phase, chunk, block, accumulator);
                     } else {
                       stem_outer_panel<1>(*d, phase, chunk, block, accumulator);
                     }
                     accumulator += depth * vectors * lanes;
                   }
                 });
}

}  // namespace ADVK_NAMESPACE
