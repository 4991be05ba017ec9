#pragma once

// Linear layers: the convolution's tiles over images instead of pixels, so that each output is the same chain
// of multiply-adds whether it is computed alone or in a batch.

#include "Convolution.hpp"

namespace ADVK_NAMESPACE {

/// Inputs between two visits of the outputs: a panel's weights of one chunk stay in the first caches for all
/// images.
constexpr ptrdiff_t linear_chunk = 512;

/// Sums of some images and one panel, in rows of the panel's width.
using LinearSums = float[most_rows][panel_vectors * 16];

/// A panel of outputs: `outputs` of its lanes exist.
struct LinearPanel {
  ptrdiff_t first_output;
  ptrdiff_t outputs;
  int vectors;
  const float *weights;
};

/// Inputs start ..< end of one panel for `rows` images: the sums continue from what they hold.
inline void linear_tile(const AdvkLinear &d, const LinearPanel &of, ptrdiff_t start, ptrdiff_t end,
                        ptrdiff_t image, ptrdiff_t rows, LinearSums &sums) {
  const ptrdiff_t zero = 0;
  const ptrdiff_t whole = (end - start) / lanes;
  Line lines[most_rows] = {};
  for (ptrdiff_t row = 0; row < rows; ++row) {
    lines[row].input = d.input + (image + row) * d.input_stride + start;
    lines[row].output = sums[row];
  }
  Panel panel = {};
  panel.offsets = &zero;
  panel.offset_count = 1;
  panel.continues = true;
  panel.output_block = lanes;
  panel.weights = of.weights + start * of.vectors * lanes;
  panel.outer_count = whole;
  panel.outer_stride = lanes;
  panel.run = lanes;
  if (whole > 0) find_tile(of.vectors, 1, true, rows, 1)(panel, lines);
  panel.run = end - start - whole * lanes;
  if (panel.run == 0) return;
  panel.weights += whole * lanes * of.vectors * lanes;
  panel.outer_count = 1;
  for (ptrdiff_t row = 0; row < rows; ++row) lines[row].input += whole * lanes;
  find_tile(of.vectors, 1, false, rows, 1)(panel, lines);
}

inline void begin_sums(const AdvkLinear &d, const LinearPanel &panel, bool is_first, const float *output,
                       float *sums) {
  const float *from = is_first ? (d.bias ? d.bias + panel.first_output : nullptr) : output;
  memset(sums, 0, sizeof(float[panel_vectors * lanes]));
  if (from) memcpy(sums, from, static_cast<size_t>(panel.outputs) * sizeof(float));
}

/// One chunk of inputs of one panel, for all images.
inline void linear_chunk_of_panel(const AdvkLinear &d, const LinearPanel &panel, ptrdiff_t start,
                                  ptrdiff_t first, ptrdiff_t count) {
  const ptrdiff_t end = smaller(start + linear_chunk, d.input_features);
  ptrdiff_t rows = most_rows;
  for (ptrdiff_t at = 0; at < count; at += rows) {
    rows = smaller(smaller(most_rows, most_pixels), count - at);
    LinearSums sums;
    for (ptrdiff_t row = 0; row < rows; ++row) {
      const float *output = d.output + (first + at + row) * d.output_stride + panel.first_output;
      begin_sums(d, panel, start == 0, output, sums[row]);
    }
    linear_tile(d, panel, start, end, first + at, rows, sums);
    for (ptrdiff_t row = 0; row < rows; ++row) {
      float *output = d.output + (first + at + row) * d.output_stride + panel.first_output;
      memcpy(output, sums[row], static_cast<size_t>(panel.outputs) * sizeof(float));
    }
  }
}

inline void linear(const AdvkLinear *d, ptrdiff_t first, ptrdiff_t count) {
  const ptrdiff_t blocks = blocks_of(d->output_features);
  const Range panels = share(d->part, panels_of(blocks));
  for (ptrdiff_t number = panels.begin; number < panels.end; ++number) {
    const ptrdiff_t block = number * panel_vectors;
    const ptrdiff_t vectors = smaller(panel_vectors, blocks - block);
    const LinearPanel panel = {block * lanes, smaller(vectors * lanes, d->output_features - block * lanes),
                               static_cast<int>(vectors), d->weights + block * lanes * d->input_features};
    // A layer without inputs still writes its bias.
    ptrdiff_t start = 0;
    do {
      linear_chunk_of_panel(*d, panel, start, first, count);
      start += linear_chunk;
    } while (start < d->input_features);
  }
}

/// Adds the outer products of the images to `Outputs` rows x 16 inputs of the gradient.
template <int Outputs>
void linear_outer_tile(const AdvkLinearWeightGradient &d, ptrdiff_t output, ptrdiff_t input, ptrdiff_t first,
                       ptrdiff_t count) {
  Lanes sums[Outputs];
  float *gradient = d.gradient + output * d.input_features + input;
  ADVK_UNROLL
  for (int row = 0; row < Outputs; ++row) sums[row] = load(gradient + row * d.input_features);
  for (ptrdiff_t image = first; image < first + count; ++image) {
    const Lanes value = load(d.input + image * d.input_stride + input);
    const float *factors = d.output_gradient + image * d.output_gradient_stride + output;
    ADVK_UNROLL
    for (int row = 0; row < Outputs; ++row) {
      sums[row] = multiply_add(splat(factors[row]), value, sums[row]);
    }
  }
  ADVK_UNROLL
  for (int row = 0; row < Outputs; ++row) store(gradient + row * d.input_features, sums[row]);
}

/// The inputs past the last 16, one at a time.
inline void linear_outer_tail(const AdvkLinearWeightGradient &d, ptrdiff_t output, ptrdiff_t first,
                              ptrdiff_t count) {
  for (ptrdiff_t input = d.input_features / lanes * lanes; input < d.input_features; ++input) {
    float total = d.gradient[output * d.input_features + input];
    for (ptrdiff_t image = first; image < first + count; ++image) {
      total += d.output_gradient[image * d.output_gradient_stride + output] *
               d.input[image * d.input_stride + input];
    }
    d.gradient[output * d.input_features + input] = total;
  }
}

inline void linear_weight_gradient(const AdvkLinearWeightGradient *d, ptrdiff_t first, ptrdiff_t count) {
  constexpr int together = ADVK_LINEAR_OUTPUTS;
  const ptrdiff_t whole = d->output_features / together * together;
  for (ptrdiff_t input = 0; input + lanes <= d->input_features; input += lanes) {
    for (ptrdiff_t output = 0; output < whole; output += together) {
      linear_outer_tile<together>(*d, output, input, first, count);
    }
    for (ptrdiff_t output = whole; output < d->output_features; ++output) {
      linear_outer_tile<1>(*d, output, input, first, count);
    }
  }
  for (ptrdiff_t output = 0; output < d->output_features; ++output)
    linear_outer_tail(*d, output, first, count);
}

}  // namespace ADVK_NAMESPACE
