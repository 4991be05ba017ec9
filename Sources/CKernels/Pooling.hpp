#pragma once

// Pooling over windows that are clipped to the map: no halo is read, so padding can never win a maximum.

#include "Convolution.hpp"

namespace ADVK_NAMESPACE {

using LaneBytes = uint8_t __attribute__((ext_vector_type(16)));

struct __attribute__((packed, may_alias)) LooseBytes {
  LaneBytes value;
};

/// The kernel positions of a window that lie inside a map, along one axis.
struct Span {
  ptrdiff_t start;  // map position of kernel position 0
  ptrdiff_t first, end;
};

inline Span make_span(ptrdiff_t at, ptrdiff_t stride, ptrdiff_t padding, ptrdiff_t kernel, ptrdiff_t dilation,
                      ptrdiff_t size) {
  Span span;
  span.start = at * stride - padding;
  span.first = span.start >= 0 ? 0 : divide_up(-span.start, dilation);
  span.end = smaller(kernel, span.start >= size ? 0 : divide_up(size - span.start, dilation));
  return span;
}

/// One window: the spans, and the pooled pixel.
struct Window {
  Span y, x;
  ptrdiff_t image, block, pooled_y, pooled_x;
};

/// Calls visit for every window of some blocks of a pooled map. `full` is the map that is pooled.
template <class Visit>
void for_each_window(const AdvkWindow &w, const AdvkView &full, const AdvkView &pooled, ptrdiff_t image,
                     const Range &blocks, Visit visit) {
  for (ptrdiff_t block = blocks.begin; block < blocks.end; ++block) {
    for (ptrdiff_t y = 0; y < pooled.height; ++y) {
      const Span rows = make_span(y, w.stride_y, w.padding_top, w.kernel_height, w.dilation_y, full.height);
      for (ptrdiff_t x = 0; x < pooled.width; ++x) {
        const Span columns =
            make_span(x, w.stride_x, w.padding_left, w.kernel_width, w.dilation_x, full.width);
        visit(Window{rows, columns, image, block, y, x});
      }
    }
  }
}

/// Calls visit(pixel offset in the full map, kernel position) for the positions of a window, in order.
template <class Visit>
ADVK_INLINE void for_each_position(const AdvkWindow &w, const AdvkView &full, const Window &window,
                                   Visit visit) {
  const ptrdiff_t base = view_offset(full, window.image, window.block, window.y.start, window.x.start);
  for (ptrdiff_t ky = window.y.first; ky < window.y.end; ++ky) {
    const ptrdiff_t row = base + ky * w.dilation_y * full.row_stride;
    for (ptrdiff_t kx = window.x.first; kx < window.x.end; ++kx) {
      visit(row + kx * w.dilation_x * lanes, ky * w.kernel_width + kx);
    }
  }
}

inline uint8_t *indices_at(const AdvkPool &d, const AdvkView &pooled, const Window &window) {
  const ptrdiff_t map = (window.image * pooled.blocks + window.block) * pooled.height;
  return d.indices + ((map + window.pooled_y) * pooled.width + window.pooled_x) * lanes;
}

inline float *pooled_at(const AdvkView &pooled, const Window &window) {
  return pooled.origin + view_offset(pooled, window.image, window.block, window.pooled_y, window.pooled_x);
}

inline void max_pool_forward(const AdvkPool *d, ptrdiff_t first, ptrdiff_t count) {
  const Range blocks = share(d->part, d->output.blocks);
  for (ptrdiff_t image = first; image < first + count; ++image) {
    for_each_window(d->window, d->input, d->output, image, blocks, [&](const Window &window) {
      Lanes best = splat(-__builtin_inff());
      LaneInts winner = (LaneInts)(int32_t)(window.y.first * d->window.kernel_width + window.x.first);
      for_each_position(d->window, d->input, window, [&](ptrdiff_t offset, ptrdiff_t position) {
        const Lanes value = load(d->input.origin + offset);
        const LaneInts wins = (value > best) | (value != value);
        best = wins ? value : best;
        winner = wins ? (LaneInts)(int32_t)position : winner;
      });
      if (d->folds_relu) {
        winner = best <= 0.0f ? (LaneInts)255 : winner;
        best = relu(best);
      }
      store(pooled_at(d->output, window), best);
      if (!d->indices) return;
      reinterpret_cast<LooseBytes *>(indices_at(*d, d->output, window))->value =
          __builtin_convertvector(winner, LaneBytes);
    });
  }
}

/// Sets the interior of some blocks of one image of a view.
inline void fill_image(const AdvkView &view, ptrdiff_t image, const Range &blocks, float value) {
  for (ptrdiff_t block = blocks.begin; block < blocks.end; ++block) {
    for (ptrdiff_t y = 0; y < view.height; ++y) {
      float *row = view.origin + view_offset(view, image, block, y, 0);
      for (ptrdiff_t x = 0; x < view.width; ++x) store(row + x * lanes, splat(value));
    }
  }
}

inline void max_pool_input_gradient(const AdvkPool *d, ptrdiff_t first, ptrdiff_t count) {
  const Range blocks = share(d->part, d->output.blocks);
  for (ptrdiff_t image = first; image < first + count; ++image) {
    if (!d->accumulates) fill_image(d->output, image, blocks, 0);
    for_each_window(d->window, d->output, d->input, image, blocks, [&](const Window &window) {
      const Lanes gradient = load(pooled_at(d->input, window));
      const LaneBytes bytes = reinterpret_cast<const LooseBytes *>(indices_at(*d, d->input, window))->value;
      const LaneInts winner = __builtin_convertvector(bytes, LaneInts);
      for_each_position(d->window, d->output, window, [&](ptrdiff_t offset, ptrdiff_t position) {
        float *to = d->output.origin + offset;
        const Lanes old = load(to);
        store(to, winner == (LaneInts)(int32_t)position ? old + gradient : old);
      });
    });
  }
}

/// What a window's sum is divided by. Windows that a rounded-up output size pushes past the padding count
/// only what lies inside it.
inline float divisor(const AdvkPool &d, const AdvkView &full, const Window &window) {
  const AdvkWindow &w = d.window;
  ptrdiff_t rows = window.y.end - window.y.first;
  ptrdiff_t columns = window.x.end - window.x.first;
  if (d.count_includes_padding) {
    rows = smaller(w.kernel_height, divide_up(full.height + w.padding_bottom - window.y.start, w.dilation_y));
    columns = smaller(w.kernel_width, divide_up(full.width + w.padding_right - window.x.start, w.dilation_x));
  }
  return static_cast<float>(larger(1, rows * columns));
}

inline void average_pool_forward(const AdvkPool *d, ptrdiff_t first, ptrdiff_t count) {
  const Range blocks = share(d->part, d->output.blocks);
  for (ptrdiff_t image = first; image < first + count; ++image) {
    for_each_window(d->window, d->input, d->output, image, blocks, [&](const Window &window) {
      Lanes total = splat(0);
      for_each_position(d->window, d->input, window,
                        [&](ptrdiff_t offset, ptrdiff_t) { total += load(d->input.origin + offset); });
      store(pooled_at(d->output, window), total / splat(divisor(*d, d->input, window)));
    });
  }
}

inline void average_pool_input_gradient(const AdvkPool *d, ptrdiff_t first, ptrdiff_t count) {
  const Range blocks = share(d->part, d->output.blocks);
  for (ptrdiff_t image = first; image < first + count; ++image) {
    if (!d->accumulates) fill_image(d->output, image, blocks, 0);
    for_each_window(d->window, d->output, d->input, image, blocks, [&](const Window &window) {
      const Lanes share = load(pooled_at(d->input, window)) / splat(divisor(*d, d->output, window));
      for_each_position(d->window, d->output, window, [&](ptrdiff_t offset, ptrdiff_t) {
        float *to = d->output.origin + offset;
        store(to, load(to) + share);
      });
    });
  }
}

inline void global_average_pool_forward(const AdvkPool *d, ptrdiff_t first, ptrdiff_t count) {
  const Range blocks = share(d->part, d->output.blocks);
  const Lanes pixels = splat(static_cast<float>(d->input.height * d->input.width));
  for (ptrdiff_t image = first; image < first + count; ++image) {
    for (ptrdiff_t block = blocks.begin; block < blocks.end; ++block) {
      Lanes total = splat(0);
      for (ptrdiff_t y = 0; y < d->input.height; ++y) {
        const float *row = d->input.origin + view_offset(d->input, image, block, y, 0);
        for (ptrdiff_t x = 0; x < d->input.width; ++x) total += load(row + x * lanes);
      }
      store(d->output.origin + view_offset(d->output, image, block, 0, 0), total / pixels);
    }
  }
}

inline void global_average_pool_input_gradient(const AdvkPool *d, ptrdiff_t first, ptrdiff_t count) {
  const Range blocks = share(d->part, d->output.blocks);
  const Lanes pixels = splat(static_cast<float>(d->output.height * d->output.width));
  for (ptrdiff_t image = first; image < first + count; ++image) {
    for (ptrdiff_t block = blocks.begin; block < blocks.end; ++block) {
      const Lanes share = load(d->input.origin + view_offset(d->input, image, block, 0, 0)) / pixels;
      for (ptrdiff_t y = 0; y < d->output.height; ++y) {
        float *row = d->output.origin + view_offset(d->output, image, block, y, 0);
        for (ptrdiff_t x = 0; x < d->output.width; ++x) {
          store(row + x * lanes, d->accumulates ? load(row + x * lanes) + share : share);
        }
      }
    }
  }
}

}  // namespace ADVK_NAMESPACE
