#pragma once

// Products of matrices that both belong to an image, as in attention. B is packed into rows of whole blocks
// first, which serves any order of its elements; each result is one chain of multiply-adds over k.

#include "Convolution.hpp"

namespace ADVK_NAMESPACE {

/// B as [inner][columns in whole blocks], zeros past the last column.
inline void pack_right(const AdvkMatrixProduct &d, const float *right) {
  const ptrdiff_t pitch = blocks_of(d.columns) * lanes;
  for (ptrdiff_t k = 0; k < d.inner; ++k) {
    float *row = d.scratch + k * pitch;
    for (ptrdiff_t column = 0; column < d.columns; ++column)
      row[column] = right[k * d.right_row + column * d.right_column];
    for (ptrdiff_t column = d.columns; column < pitch; ++column) row[column] = 0;
  }
}

/// `Rows` rows of one block of columns, `width` of which exist.
template <int Rows>
ADVK_INLINE void product_tile(const AdvkMatrixProduct &d, const float *left, const float *packed, float *output,
                              ptrdiff_t width) {
  const ptrdiff_t pitch = blocks_of(d.columns) * lanes;
  Lanes sums[Rows];
  ADVK_UNROLL
  for (int row = 0; row < Rows; ++row) sums[row] = splat(0);
  for (ptrdiff_t k = 0; k < d.inner; ++k) {
    const Lanes values = load(packed + k * pitch);
    ADVK_UNROLL
    for (int row = 0; row < Rows; ++row) {
      sums[row] = multiply_add(splat(left[row * d.left_row + k * d.left_column]), values, sums[row]);
    }
  }
  ADVK_UNROLL
  for (int row = 0; row < Rows; ++row) {
    const Lanes scaled = sums[row] * d.factor;
    if (width == lanes) {
      store(output + row * d.columns, scaled);
    } else {
      memcpy(output + row * d.columns, &scaled, static_cast<size_t>(width) * sizeof(float));
    }
  }
}

inline void multiply_matrices(const AdvkMatrixProduct &d, const float *left, const float *right, float *output) {
  constexpr int together = ADVK_LINEAR_OUTPUTS;
  pack_right(d, right);
  for (ptrdiff_t column = 0; column < d.columns; column += lanes) {
    const ptrdiff_t width = smaller(lanes, d.columns - column);
    const float *packed = d.scratch + column;
    ptrdiff_t row = 0;
    for (; row + together <= d.rows; row += together) {
      product_tile<together>(d, left + row * d.left_row, packed, output + row * d.columns + column, width);
    }
    for (; row < d.rows; ++row) {
      product_tile<1>(d, left + row * d.left_row, packed, output + row * d.columns + column, width);
    }
  }
}

inline void matrix_product(const AdvkMatrixProduct *d, ptrdiff_t first, ptrdiff_t count) {
  for (ptrdiff_t image = first; image < first + count; ++image) {
    for (ptrdiff_t matrix = 0; matrix < d->matrices; ++matrix) {
      multiply_matrices(*d, d->left + image * d->left_stride + matrix * d->rows * d->inner,
                        d->right + image * d->right_stride + matrix * d->inner * d->columns,
                        d->output + image * d->output_stride + matrix * d->rows * d->columns);
    }
  }
}

}  // namespace ADVK_NAMESPACE
