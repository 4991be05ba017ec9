#pragma once

// Layer normalisation over the channels of each pixel, and its input gradient.

#include <math.h>

#include "Convolution.hpp"

namespace ADVK_NAMESPACE {

/// The channels of one pixel: block b lies `pitch` floats behind block b - 1.
struct Pixel {
  const float *origin;
  ptrdiff_t pitch;
  Lanes block(ptrdiff_t index) const { return load(origin + index * pitch); }
};

/// `value` with zeros in the lanes past the last channel.
ADVK_INLINE Lanes existing(Lanes value, ptrdiff_t block, ptrdiff_t channels) {
  const ptrdiff_t left = channels - block * lanes;
  return left >= lanes ? value : keep(value, static_cast<uint16_t>((1 << left) - 1));
}

ADVK_INLINE float pixel_mean(Pixel x, ptrdiff_t channels) {
  Lanes total = splat(0);
  for (ptrdiff_t b = 0; b < blocks_of(channels); ++b) total += existing(x.block(b), b, channels);
  return sum(total) / static_cast<float>(channels);
}

/// 1 / sqrt(variance + epsilon).
ADVK_INLINE float pixel_root(Pixel x, float mean, ptrdiff_t channels, float epsilon) {
  Lanes squares = splat(0);
  for (ptrdiff_t b = 0; b < blocks_of(channels); ++b) {
    const Lanes distance = existing(x.block(b) - mean, b, channels);
    squares = multiply_add(distance, distance, squares);
  }
  return 1 / sqrtf(sum(squares) / static_cast<float>(channels) + epsilon);
}

ADVK_INLINE Pixel pixel_of(const AdvkView &view, ptrdiff_t image, ptrdiff_t y, ptrdiff_t x) {
  return {view.origin + view_offset(view, image, 0, y, x), view.block_stride};
}

inline void normalise_pixel(const AdvkLayerNorm &d, ptrdiff_t image, ptrdiff_t y, ptrdiff_t x) {
  const Pixel input = pixel_of(d.input, image, y, x);
  float *output = d.output.origin + view_offset(d.output, image, 0, y, x);
  const float mean = pixel_mean(input, d.channels);
  const float root = pixel_root(input, mean, d.channels, d.epsilon);
  for (ptrdiff_t b = 0; b < blocks_of(d.channels); ++b) {
    const Lanes normalised = (input.block(b) - mean) * root;
    const Lanes result = multiply_add(normalised, load(d.scale + b * lanes), load(d.shift + b * lanes));
    store(output + b * d.output.block_stride, existing(result, b, d.channels));
  }
}

// forward: y = s n + t, n = (x - mean) root    so: dx = root (s dy - mean(s dy) - n mean(s dy n)).
inline void normalise_pixel_gradient(const AdvkLayerNorm &d, ptrdiff_t image, ptrdiff_t y, ptrdiff_t x) {
  const Pixel input = pixel_of(d.input, image, y, x);
  const Pixel cotangent = pixel_of(d.cotangent, image, y, x);
  float *output = d.output.origin + view_offset(d.output, image, 0, y, x);
  const float mean = pixel_mean(input, d.channels);
  const float root = pixel_root(input, mean, d.channels, d.epsilon);
  Lanes totals = splat(0);
  Lanes products = splat(0);
  for (ptrdiff_t b = 0; b < blocks_of(d.channels); ++b) {
    const Lanes scaled = existing(cotangent.block(b) * load(d.scale + b * lanes), b, d.channels);
    totals += scaled;
    products = multiply_add(scaled, (input.block(b) - mean) * root, products);
  }
  const float total = sum(totals) / static_cast<float>(d.channels);
  const float product = sum(products) / static_cast<float>(d.channels);
  for (ptrdiff_t b = 0; b < blocks_of(d.channels); ++b) {
    const Lanes normalised = (input.block(b) - mean) * root;
    const Lanes result = root * (cotangent.block(b) * load(d.scale + b * lanes) - total - normalised * product);
    store(output + b * d.output.block_stride, existing(result, b, d.channels));
  }
}

inline void layer_norm(const AdvkLayerNorm *d, ptrdiff_t first, ptrdiff_t count) {
  for (ptrdiff_t image = first; image < first + count; ++image) {
    for (ptrdiff_t y = 0; y < d->output.height; ++y) {
      for (ptrdiff_t x = 0; x < d->output.width; ++x) {
        d->cotangent.origin ? normalise_pixel_gradient(*d, image, y, x) : normalise_pixel(*d, image, y, x);
      }
    }
  }
}

}  // namespace ADVK_NAMESPACE
