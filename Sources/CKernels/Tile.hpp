#pragma once

// The micro-kernel of convolutions and linear layers: a tile of Rows x Columns pixels times Vectors blocks of
// 16 output channels, kept in registers over the whole depth (input channels x taps).

#include "Lanes.hpp"

namespace ADVK_NAMESPACE {

/// What is the same for all tiles of one panel of output channels.
///
/// The depth is outer_count steps of `outer_stride`, in each `offset_count` offsets, at each `run` contiguous
/// words of input; the weights lie in the same order, Vectors x 16 words for each. A word is a float, or a
/// pair of brain floats (`ADVK_DOT_PAIRS`).
struct Panel {
  const ptrdiff_t *offsets;
  ptrdiff_t offset_count;
  ptrdiff_t outer_count;
  ptrdiff_t outer_stride;
  ptrdiff_t run;
  ptrdiff_t partial_run;  // of the last outer step, where only so many inputs are not padding; else 0
  const float *weights;
  const float *bias;
  bool continues;   // accumulators start from the output
  bool prefetches;  // one tap reads nothing twice, and many blocks are too many streams for a processor to
                    // follow
  bool relu;
  // Steps from pixel to pixel, and from the first block of 16 channels to the second.
  ptrdiff_t output_step;
  ptrdiff_t mask_step;
  ptrdiff_t output_block;
  ptrdiff_t residual_block;
  ptrdiff_t saved_block;
  ptrdiff_t applied_block;
};

/// Where a row of a tile begins. Null: not used.
struct Line {
  const float *input;
  float *output;
  const float *residual;
  uint16_t *saved;
  const uint16_t *applied;
};

/// The epilogue of one pixel and block, in the order that `AdvkEpilogue` states.
ADVK_INLINE void finish(const Panel &panel, const Line &line, int column, int vector, Lanes value) {
  const ptrdiff_t pixel = column * panel.output_step;
  const ptrdiff_t word = column * panel.mask_step;
  if (line.residual) value += load(line.residual + pixel + vector * panel.residual_block);
  if (panel.relu) value = relu(value);
  if (line.saved) line.saved[word + vector * panel.saved_block] = positive_bits(value);
  if (line.applied) value = keep(value, line.applied[word + vector * panel.applied_block]);
  store(line.output + pixel + vector * panel.output_block, value);
}

/// Steps between asking for weights and using them. Where a panel's weights pass through once, from a far cache, the
/// processor's own guesses come too late: deep Winograd layers gained a quarter to a third on Ice Lake by this.
constexpr int weight_lead = 16;

/// Columns are `Step` inputs apart (a constant, so that they become displacements of one address).
/// Run 0: the length of runs is known only at run time.
template <int Rows, int Columns, int Vectors, int Step, int Run>
struct Tile {
  static constexpr int unrolled = Run == pixel_words ? 4 : 1;

  static void run(const Panel &panel, const Line *lines) {
    Lanes sums[Rows][Columns][Vectors];
    begin(panel, lines, sums);
    accumulate(panel, lines, sums);
    ADVK_UNROLL
    for (int row = 0; row < Rows; ++row) {
      ADVK_UNROLL
      for (int column = 0; column < Columns; ++column) {
        ADVK_UNROLL
        for (int vector = 0; vector < Vectors; ++vector) {
          finish(panel, lines[row], column, vector, sums[row][column][vector]);
        }
      }
    }
  }

  ADVK_INLINE void begin(const Panel &panel, const Line *lines, Lanes (&sums)[Rows][Columns][Vectors]) {
    ADVK_UNROLL
    for (int vector = 0; vector < Vectors; ++vector) {
      const Lanes start = panel.bias ? load(panel.bias + 16 * vector) : splat(0);
      ADVK_UNROLL
      for (int row = 0; row < Rows; ++row) {
        ADVK_UNROLL
        for (int column = 0; column < Columns; ++column) sums[row][column][vector] = start;
      }
    }
    if (!panel.continues) return;
    ADVK_UNROLL
    for (int row = 0; row < Rows; ++row) {
      ADVK_UNROLL
      for (int column = 0; column < Columns; ++column) {
        ADVK_UNROLL
        for (int vector = 0; vector < Vectors; ++vector) {
          sums[row][column][vector] =
              load(lines[row].output + column * panel.output_step + vector * panel.output_block);
        }
      }
    }
  }

  ADVK_INLINE void accumulate(const Panel &panel, const Line *lines, Lanes (&sums)[Rows][Columns][Vectors]) {
    const float *weights = panel.weights;
    const float *bases[Rows];
    ADVK_UNROLL
    for (int row = 0; row < Rows; ++row) bases[row] = lines[row].input;
    const ptrdiff_t run = Run ? Run : panel.run;
    const ptrdiff_t whole = panel.outer_count - (panel.partial_run > 0 ? 1 : 0);
    for (ptrdiff_t outer = 0; outer < whole; ++outer) {
      if (Rows == 1 && panel.prefetches) prefetch(bases[0] + panel.offsets[0] + outer * panel.outer_stride);
      for (ptrdiff_t at = 0; at < panel.offset_count; ++at) {
        ptrdiff_t offset = panel.offsets[at] + outer * panel.outer_stride;
        _Pragma("clang loop unroll_count(unrolled)") for (ptrdiff_t i = 0; i < run; ++i) {
          step(weights, bases, offset, sums);
          weights += 16 * Vectors;
          ++offset;
        }
      }
    }
    if (whole == panel.outer_count) return;
    for (ptrdiff_t at = 0; at < panel.offset_count; ++at) {
      const ptrdiff_t offset = panel.offsets[at] + whole * panel.outer_stride;
      for (ptrdiff_t i = 0; i < panel.partial_run; ++i) {
        step(weights + i * 16 * Vectors, bases, offset + i, sums);
      }
      weights += run * 16 * Vectors;
    }
  }

  /// Asks for what the next tile of the line reads. With one tap nothing is read twice, and the blocks are
  /// too many streams for the processor to follow.
  ADVK_INLINE void prefetch(const float *input) {
    ADVK_UNROLL
    for (int column = 0; column < Columns; ++column) __builtin_prefetch(input + (Columns + column) * Step);
  }

  ADVK_INLINE void step(const float *weights, const float *const (&bases)[Rows], ptrdiff_t offset,
                        Lanes (&sums)[Rows][Columns][Vectors]) {
    Lanes weight[Vectors];
    ADVK_UNROLL
    for (int vector = 0; vector < Vectors; ++vector) {
      __builtin_prefetch(weights + 16 * (vector + weight_lead * Vectors));
      weight[vector] = load(weights + 16 * vector);
    }
    ADVK_UNROLL
    for (int row = 0; row < Rows; ++row) {
      ADVK_UNROLL
      for (int column = 0; column < Columns; ++column) {
        const Lanes input = splat(bases[row][offset + column * Step]);
        ADVK_UNROLL
        for (int vector = 0; vector < Vectors; ++vector) {
          Lanes &sum = sums[row][column][vector];
          sum = add_products(input, weight[vector], sum);
        }
      }
    }
  }
};

using TileFunction = void (*)(const Panel &, const Line *);

}  // namespace ADVK_NAMESPACE
