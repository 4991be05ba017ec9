#pragma once

// Copies between planes, and between planes and blocks.

#include "Convolution.hpp"

namespace ADVK_NAMESPACE {

inline ptrdiff_t plane_offset(const AdvkPlanes &planes, ptrdiff_t image, ptrdiff_t channel, ptrdiff_t y) {
  return image * planes.image_stride + channel * planes.channel_stride + y * planes.row_stride;
}

inline void copy_row(const float *from, float *to, ptrdiff_t width, float scale, float shift,
                     bool accumulates) {
  if (accumulates) {
    for (ptrdiff_t x = 0; x < width; ++x) to[x] += from[x] * scale + shift;
  } else {
    for (ptrdiff_t x = 0; x < width; ++x) to[x] = from[x] * scale + shift;
  }
}

inline void planar_copy(const AdvkPlanarCopy *d, ptrdiff_t first, ptrdiff_t count) {
  const AdvkPlanes &planes = d->destination;
  const Range rows = share(d->part, planes.height);
  for (ptrdiff_t image = first; image < first + count; ++image) {
    for (ptrdiff_t channel = 0; channel < planes.channels; ++channel) {
      const float scale = d->scale ? d->scale[channel] : 1;
      const float shift = d->shift ? d->shift[channel] : 0;
      for (ptrdiff_t y = rows.begin; y < rows.end; ++y) {
        copy_row(d->source.origin + plane_offset(d->source, image, channel, y),
                 planes.origin + plane_offset(planes, image, channel, y), planes.width, scale, shift,
                 d->accumulates);
      }
    }
  }
}

/// Calls visit(row of the first channel of a block, row of the block, channels that exist) for every row of
/// the part's blocks.
template <class Visit>
void for_each_row(const AdvkLayoutCopy &d, ptrdiff_t first, ptrdiff_t count, Visit visit) {
  const Range blocks = share(d.part, d.view.blocks);
  for (ptrdiff_t image = first; image < first + count; ++image) {
    for (ptrdiff_t block = blocks.begin; block < blocks.end; ++block) {
      const ptrdiff_t channel = block * lanes;
      const ptrdiff_t channels = smaller(lanes, d.planes.channels - channel);
      for (ptrdiff_t y = 0; y < d.view.height; ++y) {
        visit(d.planes.origin + plane_offset(d.planes, image, channel, y),
              d.view.origin + view_offset(d.view, image, block, y, 0), channels);
      }
    }
  }
}

inline void planar_to_blocked(const AdvkLayoutCopy *d, ptrdiff_t first, ptrdiff_t count) {
  const ptrdiff_t stride = d->planes.channel_stride;
  for_each_row(*d, first, count, [&](const float *plane, float *row, ptrdiff_t channels) {
    for (ptrdiff_t x = 0; x < d->view.width; ++x) {
      for (ptrdiff_t lane = 0; lane < lanes; ++lane) {
        row[x * lanes + lane] = lane < channels ? plane[lane * stride + x] : 0;
      }
    }
  });
}

inline void blocked_to_planar(const AdvkLayoutCopy *d, ptrdiff_t first, ptrdiff_t count) {
  const ptrdiff_t stride = d->planes.channel_stride;
  for_each_row(*d, first, count, [&](float *plane, const float *row, ptrdiff_t channels) {
    for (ptrdiff_t lane = 0; lane < channels; ++lane) {
      for (ptrdiff_t x = 0; x < d->view.width; ++x) plane[lane * stride + x] = row[x * lanes + lane];
    }
  });
}

}  // namespace ADVK_NAMESPACE
