#pragma once

// Fills, copies of channels, and sums over the pixels of each channel.

#include "Pooling.hpp"

namespace ADVK_NAMESPACE {

inline void fill(const AdvkFill *d, ptrdiff_t first, ptrdiff_t count) {
  for (ptrdiff_t image = first; image < first + count; ++image)
    fill_image(d->output, image, Range{0, d->output.blocks}, d->value);
}

/// Whole blocks from source block to destination block.
inline void copy_block(const AdvkChannelCopy &d, ptrdiff_t image, ptrdiff_t from_block, ptrdiff_t to_block) {
  const Range rows = share(d.part, d.source.height);
  for (ptrdiff_t y = rows.begin; y < rows.end; ++y) {
    const float *from = d.source.origin + view_offset(d.source, image, from_block, y, 0);
    float *to = d.destination.origin + view_offset(d.destination, image, to_block, y, 0);
    for (ptrdiff_t x = 0; x < d.source.width * lanes; x += lanes) {
      store(to + x, d.accumulates ? load(to + x) + load(from + x) : load(from + x));
    }
  }
}

/// `lane_count` channels that lie in one block on both sides.
inline void copy_lanes(const AdvkChannelCopy &d, ptrdiff_t image, ptrdiff_t from_channel,
                       ptrdiff_t to_channel, ptrdiff_t lane_count) {
  const Range rows = share(d.part, d.source.height);
  for (ptrdiff_t y = rows.begin; y < rows.end; ++y) {
    const float *from =
        d.source.origin + view_offset(d.source, image, from_channel / lanes, y, 0) + from_channel % lanes;
    float *to = d.destination.origin + view_offset(d.destination, image, to_channel / lanes, y, 0) +
                to_channel % lanes;
    for (ptrdiff_t x = 0; x < d.source.width * lanes; x += lanes) {
      for (ptrdiff_t lane = 0; lane < lane_count; ++lane) {
        to[x + lane] = d.accumulates ? to[x + lane] + from[x + lane] : from[x + lane];
      }
    }
  }
}

inline void copy_channels(const AdvkChannelCopy *d, ptrdiff_t first, ptrdiff_t count) {
  for (ptrdiff_t image = first; image < first + count; ++image) {
    ptrdiff_t done = 0;
    while (done < d->channels) {
      const ptrdiff_t from = d->source_channel + done;
      const ptrdiff_t to = d->destination_channel + done;
      const ptrdiff_t room = lanes - larger(from % lanes, to % lanes);
      const ptrdiff_t lane_count = smaller(room, d->channels - done);
      if (lane_count == lanes) {
        copy_block(*d, image, from / lanes, to / lanes);
      } else {
        copy_lanes(*d, image, from, to, lane_count);
      }
      done += lane_count;
    }
  }
}

ADVK_INLINE void add_lanes(double *to, Lanes value) {
  for (int lane = 0; lane < 16; ++lane) to[lane] += static_cast<double>(value[lane]);
}

/// Sums of one block of one image: rows in float, added to the totals in double.
inline void sum_block(const AdvkChannelSums &d, ptrdiff_t image, ptrdiff_t block) {
  const Lanes a_centre = d.a_centre ? load(d.a_centre + block * lanes) : splat(0);
  const Lanes b_centre = d.b_centre ? load(d.b_centre + block * lanes) : splat(0);
  for (ptrdiff_t y = 0; y < d.a.height; ++y) {
    const float *a = d.a.origin + view_offset(d.a, image, block, y, 0);
    const float *b = d.products ? d.b.origin + view_offset(d.b, image, block, y, 0) : a;
    Lanes sums = splat(0);
    Lanes products = splat(0);
    for (ptrdiff_t x = 0; x < d.a.width * lanes; x += lanes) {
      const Lanes value = load(a + x) - a_centre;
      sums += value;
      products = multiply_add(value, load(b + x) - b_centre, products);
    }
    add_lanes(d.sums + block * lanes, sums);
    if (d.products) add_lanes(d.products + block * lanes, products);
  }
}

inline void channel_sums(const AdvkChannelSums *d, ptrdiff_t first, ptrdiff_t count) {
  for (ptrdiff_t image = first; image < first + count; ++image) {
    for (ptrdiff_t block = 0; block < d->a.blocks; ++block) sum_block(*d, image, block);
  }
}

}  // namespace ADVK_NAMESPACE
