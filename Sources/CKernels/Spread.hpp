#pragma once

// One pixel repeated over a map, and the sum of a map's pixels: a gate for each channel and its gradient.

#include "Convolution.hpp"

namespace ADVK_NAMESPACE {

inline void spread(const AdvkSpread *d, ptrdiff_t first, ptrdiff_t count) {
  for (ptrdiff_t image = first; image < first + count; ++image) {
    for (ptrdiff_t block = 0; block < d->output.blocks; ++block) {
      const Lanes value = load(d->input.origin + view_offset(d->input, image, block, 0, 0));
      for (ptrdiff_t y = 0; y < d->output.height; ++y) {
        float *row = d->output.origin + view_offset(d->output, image, block, y, 0);
        for (ptrdiff_t x = 0; x < d->output.width; ++x) store(row + x * lanes, value);
      }
    }
  }
}

inline void pixel_sum(const AdvkSpread *d, ptrdiff_t first, ptrdiff_t count) {
  for (ptrdiff_t image = first; image < first + count; ++image) {
    for (ptrdiff_t block = 0; block < d->output.blocks; ++block) {
      Lanes total = splat(0);
      for (ptrdiff_t y = 0; y < d->input.height; ++y) {
        // Rows first: the chains of additions stay short.
        const float *row = d->input.origin + view_offset(d->input, image, block, y, 0);
        Lanes part = splat(0);
        for (ptrdiff_t x = 0; x < d->input.width; ++x) part += load(row + x * lanes);
        total += part;
      }
      store(d->output.origin + view_offset(d->output, image, block, 0, 0), total);
    }
  }
}

}  // namespace ADVK_NAMESPACE
