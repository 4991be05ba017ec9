#pragma once

// How maps are cut for the bf16 kernels. Independent of the instruction set.

#include "Geometry.hpp"

namespace advk {

/// Whether words of this instruction set's bf16 kernels are pairs of bf16 numbers; otherwise they are floats
/// that hold rounded numbers.
bool has_bf16_pairs(AdvkISA isa);

/// Words of rounded inputs that a band may take: half of a second-level cache.
constexpr ptrdiff_t bf16_band_words = 131072;

/// Output rows and images that are computed together, from one rounding of what they read.
struct Bands {
  ptrdiff_t rows, images;
  AdvkHalo halo;  // what a band of `rows` reads around its first pixel, which counts as a map of 1 x 1
  ptrdiff_t row_words, block_words, image_words;

  ptrdiff_t read_rows() const { return halo.top + 1 + halo.bottom; }
  ptrdiff_t read_columns() const { return halo.left + 1 + halo.right; }
};

/// Bands of this many output rows and `input_blocks` blocks of `pixel_words`.
inline Bands bands_of(const AdvkWindow &window, AdvkDirection direction, ptrdiff_t input_blocks,
                      ptrdiff_t rows, ptrdiff_t width, ptrdiff_t pixel_words) {
  const bool forward = direction == ADVK_FORWARD;
  Bands bands;
  bands.rows = rows;
  bands.halo = advk_convolution_halo(&window, direction, forward ? 1 : rows, forward ? 1 : width,
                                     forward ? rows : 1, forward ? width : 1);
  bands.row_words = bands.read_columns() * pixel_words;
  // An odd number of cache lines spreads the blocks over the sets of a cache.
  bands.block_words = (divide_up(bands.read_rows() * bands.row_words, lanes) | 1) * lanes;
  bands.image_words = input_blocks * bands.block_words;
  bands.images = larger(1, bf16_band_words / bands.image_words);
  return bands;
}

/// The bands of a layer whose output in this direction is `height` x `width`.
inline Bands make_bands(const AdvkWindow &window, AdvkDirection direction, ptrdiff_t input_blocks,
                        ptrdiff_t height, ptrdiff_t width, ptrdiff_t pixel_words) {
  // Bands of an input gradient begin where its phases do.
  const ptrdiff_t unit = direction == ADVK_FORWARD ? 1 : window.stride_y;
  ptrdiff_t count = 1;
  for (;;) {
    const ptrdiff_t rows = divide_up(divide_up(height, count), unit) * unit;
    const Bands bands = bands_of(window, direction, input_blocks, rows, width, pixel_words);
    if (bands.image_words <= bf16_band_words || rows <= unit) return bands;
    count += 1;
  }
}

}  // namespace advk
