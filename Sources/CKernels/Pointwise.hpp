#pragma once

// The fused pointwise kernel. One pass over memory: what is switched off costs nothing or a predicted branch.

#include "Convolution.hpp"

namespace ADVK_NAMESPACE {

/// One row of one block; null where a step is off.
struct PointwiseRow {
  const float *input;
  float *output;
  const float *residual;
  const uint16_t *input_bits;
  uint16_t *saved_bits;
  const uint16_t *output_bits;
  bool relu;
  ptrdiff_t width;
  Lanes scale, shift, residual_scale;
};

template <bool Affine, bool Residual, bool Masked>
ADVK_INLINE void pointwise_row(const PointwiseRow &row) {
  for (ptrdiff_t x = 0; x < row.width; ++x) {
    Lanes value = load(row.input + x * lanes);
    if (Masked && row.input_bits) value = keep(value, row.input_bits[x]);
    if (Affine) value = multiply_add(value, row.scale, row.shift);
    if (Residual) {
      const Lanes residual = load(row.residual + x * lanes);
      value = Affine ? multiply_add(residual, row.residual_scale, value) : value + residual;
    }
    if (Masked && row.relu) value = relu(value);
    if (Masked && row.saved_bits) row.saved_bits[x] = positive_bits(value);
    if (Masked && row.output_bits) value = keep(value, row.output_bits[x]);
    store(row.output + x * lanes, value);
  }
}

template <bool Affine>
ADVK_INLINE void pointwise_row(const PointwiseRow &row, bool has_masks) {
  if (row.residual) {
    has_masks ? pointwise_row<Affine, true, true>(row) : pointwise_row<Affine, true, false>(row);
  } else {
    has_masks ? pointwise_row<Affine, false, true>(row) : pointwise_row<Affine, false, false>(row);
  }
}

inline void pointwise_block(const AdvkPointwise &d, ptrdiff_t image, ptrdiff_t block) {
  const bool has_masks = d.relu || d.input_mask.bits || d.saved_mask.bits || d.output_mask.bits;
  const bool is_affine = d.scale || d.shift || d.residual_scale;
  PointwiseRow row;
  row.relu = d.relu;
  row.width = d.output.width;
  row.scale = d.scale ? load(d.scale + block * lanes) : splat(1);
  row.shift = d.shift ? load(d.shift + block * lanes) : splat(0);
  row.residual_scale = d.residual_scale ? load(d.residual_scale + block * lanes) : splat(1);
  for (ptrdiff_t y = 0; y < d.output.height; ++y) {
    row.input = d.input.origin + view_offset(d.input, image, block, y, 0);
    row.output = d.output.origin + view_offset(d.output, image, block, y, 0);
    row.residual =
        d.residual.origin ? d.residual.origin + view_offset(d.residual, image, block, y, 0) : nullptr;
    row.input_bits = mask_at(d.input_mask, image, block, y, 0);
    row.saved_bits = const_cast<uint16_t *>(mask_at(d.saved_mask, image, block, y, 0));
    row.output_bits = mask_at(d.output_mask, image, block, y, 0);
    is_affine ? pointwise_row<true>(row, has_masks) : pointwise_row<false>(row, has_masks);
  }
}

inline void pointwise(const AdvkPointwise *d, ptrdiff_t first, ptrdiff_t count) {
  const Range blocks = share(d->part, d->output.blocks);
  for (ptrdiff_t image = first; image < first + count; ++image) {
    for (ptrdiff_t block = blocks.begin; block < blocks.end; ++block) pointwise_block(*d, image, block);
  }
}

}  // namespace ADVK_NAMESPACE
