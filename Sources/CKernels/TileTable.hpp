#pragma once

// Which tiles exist for an instruction set, and how a map is split into them.

#include "Geometry.hpp"
#include "Tile.hpp"

namespace ADVK_NAMESPACE {

using namespace advk;

/// Pixels of a tile: with the weights and one input they fill the registers without spilling.
constexpr int most_pixels = ADVK_TILE_PIXELS;
constexpr int most_rows = 6;
constexpr int panel_vectors = ADVK_PANEL_VECTORS;

/// The tile of a shape, or null where the shape does not exist. Inputs of a column are `Step` words apart;
/// tiles of one column serve any step.
template <int Vectors, int Step, int Run, int Rows>
struct RowTable {
  template <int Columns>
  static constexpr TileFunction at() {
    if constexpr (Rows * Columns <= most_pixels && (Rows == 1 || Columns == 1 || Step == pixel_words)) {
      return &Tile < Rows, Columns, Vectors, Columns == 1 ? pixel_words : Step, Run > ::run;
    } else {
      return nullptr;
    }
  }
  static TileFunction find(ptrdiff_t columns) {
    static constexpr TileFunction table[14] = {nullptr,  at<1>(),  at<2>(),  at<3>(), at<4>(),
                                               at<5>(),  at<6>(),  at<7>(),  at<8>(), at<9>(),
                                               at<10>(), at<11>(), at<12>(), at<13>()};
    return table[columns];
  }
};

template <int Vectors, int Step, int Run>
TileFunction find_in_rows(ptrdiff_t rows, ptrdiff_t columns) {
  switch (rows) {
    case 1: return RowTable<Vectors, Step, Run, 1>::find(columns);
    case 2: return RowTable<Vectors, Step, Run, 2>::find(columns);
    case 3: return RowTable<Vectors, Step, Run, 3>::find(columns);
    case 4: return RowTable<Vectors, Step, Run, 4>::find(columns);
    case 5: return RowTable<Vectors, Step, Run, 5>::find(columns);
    case 6: return RowTable<Vectors, Step, Run, 6>::find(columns);
    default: return nullptr;
  }
}

/// The tile for pixels that are `step` words apart, with runs of 16 (blocked maps) or of any length
/// (planes).
template <int Vectors>
TileFunction find_tile(ptrdiff_t step, bool blocked, ptrdiff_t rows, ptrdiff_t columns) {
  if (blocked) {
    if (step == 2 * pixel_words && columns > 1) {
      return find_in_rows<Vectors, 2 * pixel_words, pixel_words>(rows, columns);
    }
    return find_in_rows<Vectors, pixel_words, pixel_words>(rows, columns);
  }
  if (columns == 1) return find_in_rows<Vectors, 1, 0>(rows, 1);
  if (step == 1) return find_in_rows<Vectors, 1, 0>(rows, columns);
  if (step == 2) return find_in_rows<Vectors, 2, 0>(rows, columns);
  return find_in_rows<Vectors, 4, 0>(rows, columns);
}

inline TileFunction find_tile(int vectors, ptrdiff_t step, bool blocked, ptrdiff_t rows, ptrdiff_t columns) {
  if constexpr (panel_vectors == 2) {
    if (vectors == 2) return find_tile<2>(step, blocked, rows, columns);
  }
  return find_tile<1>(step, blocked, rows, columns);
}

/// How lines of `width` pixels are split: evenly into tiles of `columns` and, from `wide` tiles on, one less;
/// `rows` lines together where the columns leave registers free.
struct Split {
  ptrdiff_t rows;
  ptrdiff_t columns;
  ptrdiff_t wide;   // tiles with `columns` columns
  ptrdiff_t tiles;  // in a line
};

inline bool step_has_wide_tiles(ptrdiff_t step, bool blocked) {
  return blocked ? step == pixel_words || step == 2 * pixel_words : step == 1 || step == 2 || step == 4;
}

inline Split make_split(ptrdiff_t width, ptrdiff_t step, bool blocked) {
  Split split;
  const ptrdiff_t widest = step_has_wide_tiles(step, blocked) ? most_pixels : 1;
  split.tiles = divide_up(width, widest);
  split.columns = divide_up(width, split.tiles);
  split.wide = width - split.tiles * (split.columns - 1);
  const bool stacks = split.columns == 1 || (blocked && step == pixel_words);
  split.rows = stacks ? smaller(most_rows, larger(1, most_pixels / split.columns)) : 1;
  return split;
}

}  // namespace ADVK_NAMESPACE
