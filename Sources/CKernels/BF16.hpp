#pragma once

// Convolution with products of bf16 numbers, summed in float: inputs are rounded into scratch memory, band by
// band, and the direct kernel runs on what was rounded. Weights were rounded when they were packed.

#include "BF16Shape.hpp"
#include "Convolution.hpp"

namespace ADVK_NAMESPACE {

#if ADVK_DOT_PAIRS
using BrainHalves = __bf16 __attribute__((vector_size(32)));

/// Sixteen brain floats anywhere in memory.
struct __attribute__((packed, aligned(4), may_alias)) LooseHalves {
  BrainHalves value;
};
#endif

/// Rounds a pixel's 16 floats to bf16, ties to even, and stores them as `pixel_words` words. NaN stays NaN.
ADVK_INLINE void store_rounded(float *to, Lanes value) {
#if ADVK_DOT_PAIRS
  using Floats = float __attribute__((vector_size(64)));
  const BrainHalves rounded = __builtin_ia32_cvtneps2bf16_512_mask(__builtin_bit_cast(Floats, value),
                                                                   BrainHalves{}, static_cast<uint16_t>(-1));
  reinterpret_cast<LooseHalves *>(to)->value = rounded;
#else
  using Words = uint32_t __attribute__((ext_vector_type(16)));
  const Words bits = __builtin_bit_cast(Words, value);
  const Words rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) & 0xffff0000u;
  store(to, value == value ? __builtin_bit_cast(Lanes, rounded) : value);
#endif
}

/// Rounds what the band reads around (row, 0) of the input of some images.
inline void round_band(const AdvkView &input, const Bands &bands, ptrdiff_t row, ptrdiff_t rows,
                       ptrdiff_t first, ptrdiff_t images, float *scratch) {
  for (ptrdiff_t image = 0; image < images; ++image) {
    for (ptrdiff_t block = 0; block < input.blocks; ++block) {
      float *to = scratch + image * bands.image_words + block * bands.block_words;
      for (ptrdiff_t y = 0; y < rows; ++y) {
        const float *from = input.origin + view_offset(input, first + image, block, row + y - bands.halo.top,
                                                       -bands.halo.left);
        for (ptrdiff_t x = 0; x < bands.read_columns(); ++x) {
          store_rounded(to + y * bands.row_words + x * pixel_words, load(from + x * lanes));
        }
      }
    }
  }
}

inline void shift_rows(AdvkView &view, ptrdiff_t image, ptrdiff_t y) {
  if (view.origin) view.origin += view_offset(view, image, 0, y, 0);
}

inline void shift_rows(AdvkMask &mask, ptrdiff_t image, ptrdiff_t y) {
  if (mask.bits) mask.bits += image * mask.image_stride + y * mask.row_stride;
}

/// The layer's output rows y ..< y + rows of the images from `image` on, as a layer of its own.
inline AdvkConvolution band_of(const AdvkConvolution &d, ptrdiff_t image, ptrdiff_t y, ptrdiff_t rows) {
  AdvkConvolution band = d;
  shift_rows(band.output, image, y);
  shift_rows(band.epilogue.residual, image, y);
  shift_rows(band.epilogue.saved_mask, image, y);
  shift_rows(band.epilogue.applied_mask, image, y);
  band.output.height = rows;
  return band;
}

inline void bf16_convolution(const AdvkBF16Convolution &of, AdvkDirection direction, ptrdiff_t first,
                             ptrdiff_t count) {
  const AdvkConvolution &d = of.convolution;
  if (d.output.height <= 0 || d.output.width <= 0) return;
  const bool forward = direction == ADVK_FORWARD;
  const Bands bands =
      make_bands(d.window, direction, d.input.blocks, d.output.height, d.output.width, pixel_words);
  for (ptrdiff_t at = 0; at < count; at += bands.images) {
    const ptrdiff_t images = smaller(bands.images, count - at);
    for (ptrdiff_t y = 0; y < d.output.height; y += bands.rows) {
      const ptrdiff_t rows = smaller(bands.rows, d.output.height - y);
      const Bands own = bands_of(d.window, direction, d.input.blocks, rows, d.output.width, pixel_words);
      const ptrdiff_t row = forward ? y * d.window.stride_y : y / d.window.stride_y;
      round_band(d.input, bands, row, own.read_rows(), first + at, images, of.scratch);
      AdvkConvolution band = band_of(d, first + at, y, rows);
      band.input.origin = of.scratch + bands.halo.top * bands.row_words + bands.halo.left * pixel_words;
      band.input.image_stride = bands.image_words;
      band.input.block_stride = bands.block_words;
      band.input.row_stride = bands.row_words;
      convolve(band, direction, 0, images);
    }
  }
}

inline void bf16_forward(const AdvkBF16Convolution *d, ptrdiff_t first, ptrdiff_t count) {
  bf16_convolution(*d, ADVK_FORWARD, first, count);
}

inline void bf16_input_gradient(const AdvkBF16Convolution *d, ptrdiff_t first, ptrdiff_t count) {
  bf16_convolution(*d, ADVK_INPUT_GRADIENT, first, count);
}

}  // namespace ADVK_NAMESPACE
