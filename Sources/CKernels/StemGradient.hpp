#pragma once

// The gradient with respect to a planar image of few channels. Vectors run over the output channels and are
// summed across at the end, so that no product is spent on channels that the image does not have.

#include "Convolution.hpp"

namespace ADVK_NAMESPACE {

/// Pixels x colours of a tile fill the registers.
constexpr int stem_pixels = ADVK_STEM_PIXELS;
constexpr int stem_colours = 3;

/// What is the same for all tiles of one phase and one group of colours.
struct StemPanel {
  const ptrdiff_t *offsets;
  ptrdiff_t tap_count;
  ptrdiff_t blocks;
  ptrdiff_t block_stride;
  const float *weights;
  ptrdiff_t colour_weights;  // floats from one colour's weights to the next
  ptrdiff_t colour_stride;
  ptrdiff_t pixel_step;
};

using StemFunction = void (*)(const StemPanel &, const float *gradient, float *image);

template <int Pixels, int Colours>
void stem_tile(const StemPanel &panel, const float *gradient, float *image) {
  Lanes sums[Pixels][Colours];
  ADVK_UNROLL
  for (int pixel = 0; pixel < Pixels; ++pixel) {
    ADVK_UNROLL
    for (int colour = 0; colour < Colours; ++colour) sums[pixel][colour] = splat(0);
  }
  const float *weights = panel.weights;
  for (ptrdiff_t tap = 0; tap < panel.tap_count; ++tap) {
    const float *base = gradient + panel.offsets[tap];
    for (ptrdiff_t block = 0; block < panel.blocks; ++block) {
      Lanes weight[Colours];
      ADVK_UNROLL
      for (int colour = 0; colour < Colours; ++colour) {
        weight[colour] = load(weights + colour * panel.colour_weights);
      }
      ADVK_UNROLL
      for (int pixel = 0; pixel < Pixels; ++pixel) {
        const Lanes value = load(base + pixel * 16);
        ADVK_UNROLL
        for (int colour = 0; colour < Colours; ++colour) {
          sums[pixel][colour] = multiply_add(value, weight[colour], sums[pixel][colour]);
        }
      }
      weights += 16;
      base += panel.block_stride;
    }
  }
  ADVK_UNROLL
  for (int pixel = 0; pixel < Pixels; ++pixel) {
    ADVK_UNROLL
    for (int colour = 0; colour < Colours; ++colour) {
      image[pixel * panel.pixel_step + colour * panel.colour_stride] = sum(sums[pixel][colour]);
    }
  }
}

template <int Colours, int Pixels = stem_pixels>
StemFunction find_stem_tile(ptrdiff_t pixels) {
  if constexpr (Pixels > 1) {
    if (pixels < Pixels) return find_stem_tile<Colours, Pixels - 1>(pixels);
  }
  return &stem_tile<Pixels, Colours>;
}

inline StemFunction find_stem_tile(ptrdiff_t colours, ptrdiff_t pixels) {
  if (colours == 1) return find_stem_tile<1>(pixels);
  if (colours == 2) return find_stem_tile<2>(pixels);
  return find_stem_tile<3>(pixels);
}

/// One phase and one group of colours of one image.
inline void stem_phase(const AdvkStem &d, const Phase &phase, const StemPanel &panel, ptrdiff_t first_colour,
                       ptrdiff_t colours, ptrdiff_t image) {
  const ptrdiff_t height = phase_extent(d.image.height, phase.first_y, phase.step_y);
  const ptrdiff_t width = phase_extent(d.image.width, phase.first_x, phase.step_x);
  const float *gradient = d.features.origin + image * d.features.image_stride;
  float *plane = d.image.origin + image * d.image.image_stride + first_colour * d.image.channel_stride;
  const Range rows = share(d.part, height);
  for (ptrdiff_t y = rows.begin; y < rows.end; ++y) {
    float *row = plane + (phase.first_y + y * phase.step_y) * d.image.row_stride + phase.first_x;
    const float *from = gradient + y * d.features.row_stride;
    for (ptrdiff_t x = 0; x < width; x += stem_pixels) {
      const ptrdiff_t pixels = smaller(stem_pixels, width - x);
      find_stem_tile(colours, pixels)(panel, from + x * lanes, row + x * phase.step_x);
    }
  }
}

inline void stem_input_gradient(const AdvkStem *d, ptrdiff_t first, ptrdiff_t count) {
  Phase phase;
  ptrdiff_t offsets[most_taps];
  const float *weights = d->weights;
  for (ptrdiff_t index = 0; index < phase_count(d->window, ADVK_INPUT_GRADIENT); ++index) {
    make_phase(d->window, ADVK_INPUT_GRADIENT, index, phase);
    for (ptrdiff_t tap = 0; tap < phase.tap_count; ++tap) {
      offsets[tap] = phase.taps[tap].y * d->features.row_stride + phase.taps[tap].x * lanes;
    }
    const ptrdiff_t colour_weights = phase.tap_count * d->features.blocks * lanes;
    for (ptrdiff_t colour = 0; colour < d->image.channels; colour += stem_colours) {
      const ptrdiff_t colours = smaller(stem_colours, d->image.channels - colour);
      const StemPanel panel = {offsets,
                               phase.tap_count,
                               d->features.blocks,
                               d->features.block_stride,
                               weights + colour * colour_weights,
                               colour_weights,
                               d->image.channel_stride,
                               phase.step_x};
      for (ptrdiff_t image = first; image < first + count; ++image) {
        stem_phase(*d, phase, panel, colour, colours, image);
      }
    }
    weights += d->image.channels * colour_weights;
  }
}

}  // namespace ADVK_NAMESPACE
