#pragma once

// Convolution 3x3 of stride 1 by Winograd's F(4x4, 3x3): Lavin & Gray 2016, arXiv:1509.09308.
//
//   Y = A [ (G g G') . (B d B') ] A'   for each tile, summed over the input channels before A is applied
//
// Groups of tiles: transform all input blocks into V [frequency][block][tile][16]; then for each panel of
// output channels 36 products by the micro-kernel into M [frequency][block of panel][tile][16], and the
// transform of M with the epilogue. Tiles share a product but no sum: each element's order of accumulation is
// that of the input channels.

#include "Convolution.hpp"
#include "WinogradShape.hpp"

namespace ADVK_NAMESPACE {

constexpr float near_1 = near_point;
constexpr float near_2 = near_point * near_point;
constexpr float near_3 = near_point * near_2;
constexpr float far_1 = far_point;
constexpr float far_2 = far_point * far_point;
constexpr float far_3 = far_point * far_2;

/// Which tiles there are and what they read.
struct Tiling {
  ptrdiff_t rows, columns;     // tiles of an image
  ptrdiff_t shift_y, shift_x;  // from an output pixel to the first input pixel of its window
  ptrdiff_t last_y, last_x;    // the last input pixel that an output needs
};

/// A tile's image and its place among the image's tiles.
struct Place {
  ptrdiff_t image, y, x;
};

/// Six rows of six pixels of block 0. Past the last pixel that an output needs, that pixel is read again:
/// what it contributes belongs to outputs outside the map.
struct Patch {
  const float *rows[patch_side];
  ptrdiff_t columns[patch_side];
  bool is_whole;
};

inline Tiling make_tiling(const AdvkConvolution &d, AdvkDirection direction) {
  const bool forward = direction == ADVK_FORWARD;
  Tiling tiling;
  tiling.rows = divide_up(d.output.height, tile_side);
  tiling.columns = divide_up(d.output.width, tile_side);
  tiling.shift_y = forward ? -d.window.padding_top : d.window.padding_top - 2;
  tiling.shift_x = forward ? -d.window.padding_left : d.window.padding_left - 2;
  tiling.last_y = d.output.height - 1 + tiling.shift_y + 2;
  tiling.last_x = d.output.width - 1 + tiling.shift_x + 2;
  return tiling;
}

inline Place place_of(const Tiling &tiling, ptrdiff_t tile, ptrdiff_t first_image) {
  const ptrdiff_t line = tile / tiling.columns;
  return Place{first_image + line / tiling.rows, line % tiling.rows, tile % tiling.columns};
}

ADVK_INLINE void advance(const Tiling &tiling, Place &place) {
  place.x += 1;
  if (place.x < tiling.columns) return;
  place.x = 0;
  place.y += 1;
  if (place.y < tiling.rows) return;
  place.y = 0;
  place.image += 1;
}

ADVK_INLINE Patch patch_at(const AdvkView &input, const Tiling &tiling, const Place &place) {
  const ptrdiff_t y = place.y * tile_side + tiling.shift_y;
  const ptrdiff_t x = place.x * tile_side + tiling.shift_x;
  const float *origin = input.origin + place.image * input.image_stride;
  Patch patch;
  ADVK_UNROLL
  for (int at = 0; at < patch_side; ++at) {
    patch.columns[at] = smaller(x + at, tiling.last_x) * lanes;
    patch.rows[at] = origin + smaller(y + at, tiling.last_y) * input.row_stride;
  }
  patch.is_whole = x + patch_side - 1 <= tiling.last_x;
  if (!patch.is_whole) return patch;
  // Columns are then displacements of one address.
  ADVK_UNROLL
  for (int at = 0; at < patch_side; ++at) patch.rows[at] += patch.columns[0];
  return patch;
}

// MARK: One-dimensional transforms

/// The rows of B for the points 0 (of x0, x2, x4) and infinity (of x1, x3, x5).
ADVK_INLINE Lanes at_end(Lanes x0, Lanes x2, Lanes x4) {
  return multiply_add(splat(near_2 * far_2), x0, multiply_add(splat(-near_2 - far_2), x2, x4));
}

/// The rows of B for a pair of points +-point, from x1 ... x4; `other` is the square of the other pair.
ADVK_INLINE void at_pair(float point, float other, const Lanes *x, Lanes &plus, Lanes &minus) {
  const Lanes even = multiply_add(splat(-other), x[2], x[4]);
  const Lanes odd = multiply_add(splat(-other), x[1], x[3]);
  plus = multiply_add(splat(point), odd, even);
  minus = multiply_add(splat(-point), odd, even);
}

/// A m: from six frequencies to four outputs.
ADVK_INLINE void to_outputs(const Lanes (&m)[patch_side], Lanes (&y)[tile_side]) {
  const Lanes near_even = m[1] + m[2], near_odd = m[1] - m[2];
  const Lanes far_even = m[3] + m[4], far_odd = m[3] - m[4];
  y[0] = m[0] + near_even + far_even;
  y[1] = multiply_add(splat(near_1), near_odd, splat(far_1) * far_odd);
  y[2] = multiply_add(splat(near_2), near_even, splat(far_2) * far_even);
  y[3] = multiply_add(splat(near_3), near_odd, multiply_add(splat(far_3), far_odd, m[5]));
}

// MARK: Inputs

template <bool Whole>
ADVK_INLINE Lanes pixel(const Patch &patch, ptrdiff_t offset, int row, int column) {
  return load(patch.rows[row] + offset + (Whole ? column * lanes : patch.columns[column]));
}

/// One line of six frequencies from a line that was transformed along the other axis.
ADVK_INLINE void store_line(const Lanes (&x)[patch_side], float *to, ptrdiff_t step) {
  Lanes plus, minus;
  store(to, at_end(x[0], x[2], x[4]));
  at_pair(near_1, far_2, x, plus, minus);
  store(to + step, plus);
  store(to + 2 * step, minus);
  at_pair(far_1, near_2, x, plus, minus);
  store(to + 3 * step, plus);
  store(to + 4 * step, minus);
  store(to + 5 * step, at_end(x[1], x[3], x[5]));
}

/// Two lines of frequencies that share their terms: 0 and 5 (ends), 1 and 2 (near), 3 and 4 (far). Two lines
/// at a time fit the registers; the patch is read again for each pair.
template <bool Whole>
ADVK_INLINE void transform_ends(const Patch &patch, ptrdiff_t offset, float *to, ptrdiff_t step) {
  Lanes zero[patch_side], infinity[patch_side];
  ADVK_UNROLL
  for (int column = 0; column < patch_side; ++column) {
    zero[column] = at_end(pixel<Whole>(patch, offset, 0, column), pixel<Whole>(patch, offset, 2, column),
                          pixel<Whole>(patch, offset, 4, column));
    infinity[column] = at_end(pixel<Whole>(patch, offset, 1, column), pixel<Whole>(patch, offset, 3, column),
                              pixel<Whole>(patch, offset, 5, column));
  }
  store_line(zero, to, step);
  store_line(infinity, to + 5 * patch_side * step, step);
}

template <bool Whole>
ADVK_INLINE void transform_pair(const Patch &patch, ptrdiff_t offset, float point, float other, float *to,
                                ptrdiff_t step) {
  Lanes plus[patch_side], minus[patch_side];
  ADVK_UNROLL
  for (int column = 0; column < patch_side; ++column) {
    Lanes x[5];
    ADVK_UNROLL
    for (int row = 1; row < 5; ++row) x[row] = pixel<Whole>(patch, offset, row, column);
    at_pair(point, other, x, plus[column], minus[column]);
  }
  store_line(plus, to, step);
  store_line(minus, to + patch_side * step, step);
}

/// B d B' of a patch for every block.
template <bool Whole>
void transform_patch(const Patch &patch, const AdvkView &input, float *to, ptrdiff_t block_step,
                     ptrdiff_t step) {
  for (ptrdiff_t block = 0; block < input.blocks; ++block) {
    const ptrdiff_t offset = block * input.block_stride;
    transform_ends<Whole>(patch, offset, to, step);
    transform_pair<Whole>(patch, offset, near_1, far_2, to + patch_side * step, step);
    transform_pair<Whole>(patch, offset, far_1, near_2, to + 3 * patch_side * step, step);
    to += block_step;
  }
}

// MARK: Outputs

inline void next_row(Line &line, const Target &target) {
  const AdvkEpilogue &epilogue = *target.epilogue;
  line.output += target.view.row_stride;
  if (line.residual) line.residual += epilogue.residual.row_stride;
  if (line.saved) line.saved += epilogue.saved_mask.row_stride;
  if (line.applied) line.applied += epilogue.applied_mask.row_stride;
}

/// A m A' of a tile's block with the epilogue, where the tile lies inside the map.
inline void transform_products(const float *products, ptrdiff_t step, const Panel &panel, int vector,
                               const Target &target, Line line, ptrdiff_t rows, ptrdiff_t columns) {
  Lanes half[tile_side][patch_side];
  ADVK_UNROLL
  for (int column = 0; column < patch_side; ++column) {
    Lanes m[patch_side], y[tile_side];
    ADVK_UNROLL
    for (int row = 0; row < patch_side; ++row) m[row] = load(products + (row * patch_side + column) * step);
    to_outputs(m, y);
    ADVK_UNROLL
    for (int row = 0; row < tile_side; ++row) half[row][column] = y[row];
  }
  const Lanes bias = panel.bias ? load(panel.bias + vector * lanes) : splat(0);
  ADVK_UNROLL
  for (int row = 0; row < tile_side; ++row) {
    if (row >= rows) return;
    Lanes y[tile_side];
    to_outputs(half[row], y);
    ADVK_UNROLL
    for (int column = 0; column < tile_side; ++column) {
      if (column < columns) finish(panel, line, column, vector, y[column] + bias);
    }
    next_row(line, target);
  }
}

// MARK: Groups of tiles

/// A group of tiles and its memory.
struct TileGroup {
  Place first;
  ptrdiff_t count;
  float *inputs;         // V
  ptrdiff_t input_step;  // between frequencies
  float *products;       // M
  ptrdiff_t product_step;
};

inline void transform_inputs(const AdvkView &input, const Tiling &tiling, const TileGroup &group) {
  Place place = group.first;
  for (ptrdiff_t tile = 0; tile < group.count; ++tile) {
    const Patch patch = patch_at(input, tiling, place);
    float *to = group.inputs + tile * lanes;
    const ptrdiff_t block_step = group.count * lanes;
    if (patch.is_whole) {
      transform_patch<true>(patch, input, to, block_step, group.input_step);
    } else {
      transform_patch<false>(patch, input, to, block_step, group.input_step);
    }
    advance(tiling, place);
  }
}

/// The products of all frequencies for one panel.
inline void multiply(Panel panel, int vectors, const TileGroup &group) {
  const Split split = make_split(group.count, lanes, true);
  const TileFunction wide = find_tile(vectors, lanes, true, 1, split.columns);
  const TileFunction narrow =
      split.wide < split.tiles ? find_tile(vectors, lanes, true, 1, split.columns - 1) : nullptr;
  for (ptrdiff_t frequency = 0; frequency < frequencies; ++frequency) {
    Line line = {};
    line.input = group.inputs + frequency * group.input_step;
    line.output = group.products + frequency * group.product_step;
    for (ptrdiff_t tile = 0; tile < split.tiles; ++tile) {
      const bool is_wide = tile < split.wide;
      (is_wide ? wide : narrow)(panel, &line);
      const ptrdiff_t columns = is_wide ? split.columns : split.columns - 1;
      line.input += columns * lanes;
      line.output += columns * lanes;
    }
    panel.weights += panel.outer_count * lanes * vectors * lanes;
  }
}

inline void transform_outputs(const Target &target, const Tiling &tiling, const TileGroup &group,
                              ptrdiff_t block, int vectors) {
  Panel panel = {};
  aim(panel, target, block);
  Place place = group.first;
  for (ptrdiff_t tile = 0; tile < group.count; ++tile) {
    const ptrdiff_t y = place.y * tile_side, x = place.x * tile_side;
    const Line line = output_line(target, place.image, block, y, x);
    for (int vector = 0; vector < vectors; ++vector) {
      transform_products(group.products + (vector * group.count + tile) * lanes, group.product_step, panel,
                         vector, target, line, target.height - y, target.width - x);
    }
    advance(tiling, place);
  }
}

inline void run_tiles(const AdvkConvolution &d, const Tiling &tiling, const TileGroup &group,
                      const Range &panels) {
  transform_inputs(d.input, tiling, group);
  const Target target = {d.output, &d.epilogue, 0, 0, 1, 1, d.output.height, d.output.width};
  const ptrdiff_t offset = 0;
  Panel panel = {};
  panel.offsets = &offset;
  panel.offset_count = 1;
  panel.outer_count = d.input.blocks;
  panel.outer_stride = group.count * lanes;
  panel.run = lanes;
  panel.weights = d.weights;
  panel.output_step = lanes;
  panel.output_block = group.count * lanes;
  for (ptrdiff_t number = 0; number < panels.end; ++number) {
    const ptrdiff_t block = number * panel_vectors;
    const int vectors = static_cast<int>(smaller(panel_vectors, d.output.blocks - block));
    if (number >= panels.begin) {
      multiply(panel, vectors, group);
      transform_outputs(target, tiling, group, block, vectors);
    }
    panel.weights += frequencies * d.input.blocks * lanes * vectors * lanes;
  }
}

/// Threads that divide the panels each transform all inputs; they do so where reading the weights costs more.
inline Sharing winograd_sharing(const AdvkConvolution &d, ptrdiff_t panels) {
  return streams_weights(d.input.blocks) ? make_sharing(d.part, panels) : Sharing{{}, d.part};
}

inline void winograd(const AdvkWinograd &w, AdvkDirection direction, ptrdiff_t first, ptrdiff_t count) {
  const AdvkConvolution &d = w.convolution;
  const Tiling tiling = make_tiling(d, direction);
  const ptrdiff_t panels = panels_of(d.output.blocks);
  const Sharing sharing = winograd_sharing(d, panels);
  const Range own = share(sharing.pixels, count * tiling.rows * tiling.columns);
  const ptrdiff_t total = own.end - own.begin;
  if (total <= 0) return;
  const ptrdiff_t tiles = divide_up(total, divide_up(total, most_tiles(d.input.blocks)));
  for (ptrdiff_t at = own.begin; at < own.end; at += tiles) {
    TileGroup group;
    group.first = place_of(tiling, at, first);
    group.count = smaller(tiles, own.end - at);
    group.inputs = w.scratch;
    group.input_step = frequency_step(d.input.blocks * group.count);
    group.products = w.scratch + frequencies * group.input_step;
    group.product_step = frequency_step(panel_vectors * group.count);
    run_tiles(d, tiling, group, share(sharing.panels, panels));
  }
}

inline void winograd_forward(const AdvkWinograd *d, ptrdiff_t first, ptrdiff_t count) {
  winograd(*d, ADVK_FORWARD, first, count);
}

inline void winograd_input_gradient(const AdvkWinograd *d, ptrdiff_t first, ptrdiff_t count) {
  winograd(*d, ADVK_INPUT_GRADIENT, first, count);
}

}  // namespace ADVK_NAMESPACE
