#pragma once

// Direct convolution in one direction: panels of output channels x images x rows x tiles.

#include "TileTable.hpp"

namespace ADVK_NAMESPACE {

/// The output side of a convolution phase: a grid of pixels of `view` with an epilogue.
struct Target {
  AdvkView view;
  const AdvkEpilogue *epilogue;
  ptrdiff_t first_y, first_x, step_y, step_x;
  ptrdiff_t height, width;  // of the grid
};

/// The input side: where pixel (0, 0) of the grid reads, and the steps of the grid, in floats.
struct Source {
  const float *origin;
  ptrdiff_t image_stride;
  ptrdiff_t row_step;
  ptrdiff_t pixel_step;
  bool blocked;
};

inline const uint16_t *mask_at(const AdvkMask &mask, ptrdiff_t image, ptrdiff_t block, ptrdiff_t y,
                               ptrdiff_t x) {
  return mask.bits
             ? mask.bits + image * mask.image_stride + block * mask.block_stride + y * mask.row_stride + x
             : nullptr;
}

inline ptrdiff_t view_offset(const AdvkView &view, ptrdiff_t image, ptrdiff_t block, ptrdiff_t y,
                             ptrdiff_t x) {
  return image * view.image_stride + block * view.block_stride + y * view.row_stride + x * lanes;
}

/// What the line of the grid that starts at column `x` of row `y` writes.
inline Line output_line(const Target &target, ptrdiff_t image, ptrdiff_t block, ptrdiff_t y, ptrdiff_t x) {
  const AdvkEpilogue &epilogue = *target.epilogue;
  const ptrdiff_t out_y = target.first_y + y * target.step_y;
  const ptrdiff_t out_x = target.first_x + x * target.step_x;
  Line line = {};
  line.output = target.view.origin + view_offset(target.view, image, block, out_y, out_x);
  const AdvkView &residual = epilogue.residual;
  line.residual =
      residual.origin ? residual.origin + view_offset(residual, image, block, out_y, out_x) : nullptr;
  line.saved = const_cast<uint16_t *>(mask_at(epilogue.saved_mask, image, block, out_y, out_x));
  line.applied = mask_at(epilogue.applied_mask, image, block, out_y, out_x);
  return line;
}

/// The same line with what it reads.
inline Line line_at(const Source &source, const Target &target, ptrdiff_t image, ptrdiff_t block, ptrdiff_t y,
                    ptrdiff_t x) {
  Line line = output_line(target, image, block, y, x);
  line.input = source.origin + image * source.image_stride + y * source.row_step + x * source.pixel_step;
  return line;
}

/// The parts of a panel that the target decides.
inline void aim(Panel &panel, const Target &target, ptrdiff_t block) {
  const AdvkEpilogue &epilogue = *target.epilogue;
  panel.bias = epilogue.bias ? epilogue.bias + block * lanes : nullptr;
  panel.continues = false;
  panel.relu = epilogue.relu;
  panel.output_step = target.step_x * lanes;
  panel.mask_step = target.step_x;
  panel.output_block = target.view.block_stride;
  panel.residual_block = epilogue.residual.block_stride;
  panel.saved_block = epilogue.saved_mask.block_stride;
  panel.applied_block = epilogue.applied_mask.block_stride;
}

/// One panel over the lines `own`, counted from the first line of image `first` through the rows of the grid;
/// `split.rows` lines together.
inline void run_panel(const Panel &panel, int vectors, const Source &source, const Target &target,
                      ptrdiff_t block, ptrdiff_t first, const Range &own) {
  const Split split = make_split(target.width, source.pixel_step, source.blocked);
  ptrdiff_t rows = split.rows;
  for (ptrdiff_t at = own.begin; at < own.end; at += rows) {
    rows = smaller(split.rows, own.end - at);
    const TileFunction wide = find_tile(vectors, source.pixel_step, source.blocked, rows, split.columns);
    const TileFunction narrow = split.wide < split.tiles ? find_tile(vectors, source.pixel_step,
                                                                     source.blocked, rows, split.columns - 1)
                                                         : nullptr;
    ptrdiff_t x = 0;
    for (ptrdiff_t tile = 0; tile < split.tiles; ++tile) {
      Line lines[most_rows];
      for (ptrdiff_t row = 0; row < rows; ++row) {
        const ptrdiff_t line = at + row;
        lines[row] = line_at(source, target, first + line / target.height, block, line % target.height, x);
      }
      (tile < split.wide ? wide : narrow)(panel, lines);
      x += tile < split.wide ? split.columns : split.columns - 1;
    }
  }
}

/// Output blocks of one group, and which of their panels to compute: those numbered `panels`, counted from
/// this group's first.
struct GroupBlocks {
  ptrdiff_t first, count;
  Range panels;
};

inline ptrdiff_t panels_of(ptrdiff_t blocks) { return divide_up(blocks, panel_vectors); }

/// The panels of one group over some lines: `panel` has the depth, and `panel.weights` the first panel's
/// weights. Returns where the weights end.
inline const float *run_group(Panel panel, const Source &source, const Target &target,
                              const GroupBlocks &group, ptrdiff_t first, const Range &own) {
  const ptrdiff_t depth = panel.outer_count * panel.offset_count * panel.run;
  for (ptrdiff_t number = 0; number < panels_of(group.count); ++number) {
    const ptrdiff_t block = number * panel_vectors;
    const int vectors = static_cast<int>(smaller(panel_vectors, group.count - block));
    if (number >= group.panels.begin && number < group.panels.end) {
      aim(panel, target, group.first + block);
      run_panel(panel, vectors, source, target, group.first + block, first, own);
    }
    panel.weights += depth * vectors * lanes;
  }
  return panel.weights;
}

/// Words of inputs, and of weights, that a second-level cache holds beside each other.
constexpr ptrdiff_t band_words = 65536;

/// Calls visit(lines) for the part's lines: all at once; or in bands, where all panels' weights stay in the
/// cache and a band of inputs does too, so that each panel finds there what the first one read.
template <class Visit>
void for_each_band(const AdvkPart &part, ptrdiff_t lines, ptrdiff_t tile_rows, ptrdiff_t line_words,
                   ptrdiff_t weight_words, Visit visit) {
  const Range tiles = share(part, divide_up(lines, tile_rows));
  const Range own = {tiles.begin * tile_rows, smaller(tiles.end * tile_rows, lines)};
  if (own.end <= own.begin) return;
  ptrdiff_t most = own.end - own.begin;
  if (weight_words <= band_words) most = larger(1, band_words / line_words / tile_rows) * tile_rows;
  for (ptrdiff_t at = own.begin; at < own.end; at += most) visit(Range{at, smaller(at + most, own.end)});
}

inline Target make_target(const AdvkView &view, const AdvkEpilogue &epilogue, const Phase &phase) {
  return Target{view,
                &epilogue,
                phase.first_y,
                phase.first_x,
                phase.step_y,
                phase.step_x,
                phase_extent(view.height, phase.first_y, phase.step_y),
                phase_extent(view.width, phase.first_x, phase.step_x)};
}

/// One phase of a convolution. Returns where its weights end.
inline const float *convolve_phase(const AdvkConvolution &d, const Phase &phase, const float *weights,
                                   ptrdiff_t first, ptrdiff_t count) {
  ptrdiff_t offsets[most_taps];
  for (ptrdiff_t tap = 0; tap < phase.tap_count; ++tap) {
    offsets[tap] = phase.taps[tap].y * d.input.row_stride + phase.taps[tap].x * pixel_words;
  }
  const ptrdiff_t input_blocks = d.input.blocks / d.groups;
  const ptrdiff_t output_blocks = d.output.blocks / d.groups;
  const ptrdiff_t panels = panels_of(output_blocks);
  const Sharing sharing = make_sharing(d.part, d.groups * panels);
  const Range own = share(sharing.panels, d.groups * panels);
  Panel panel = {};
  panel.offsets = offsets;
  panel.offset_count = phase.tap_count;
  panel.outer_count = input_blocks;
  panel.outer_stride = d.input.block_stride;
  panel.run = pixel_words;
  panel.partial_run = divide_up(d.last_lanes, inputs_per_word) % pixel_words;
  panel.prefetches = phase.tap_count == 1 && input_blocks >= 8;
  const Target target = make_target(d.output, d.epilogue, phase);
  Source source = {d.input.origin, d.input.image_stride, phase.input_step_y * d.input.row_stride,
                   phase.input_step_x * pixel_words, true};
  if (target.height <= 0 || target.width <= 0) return weights;
  const ptrdiff_t weight_words =
      d.groups * input_blocks * phase.tap_count * pixel_words * output_blocks * lanes;
  const ptrdiff_t tile_rows = make_split(target.width, source.pixel_step, true).rows;
  for_each_band(sharing.pixels, count * target.height, tile_rows, d.input.blocks * source.row_step,
                weight_words, [&](const Range &lines) {
                  panel.weights = weights;
                  for (ptrdiff_t group = 0; group < d.groups; ++group) {
                    source.origin = d.input.origin + group * input_blocks * d.input.block_stride;
                    const GroupBlocks blocks = {group * output_blocks,
                                                output_blocks,
                                                {own.begin - group * panels, own.end - group * panels}};
                    panel.weights = run_group(panel, source, target, blocks, first, lines);
                  }
                });
  return weights + weight_words;
}

inline void convolve(const AdvkConvolution &d, AdvkDirection direction, ptrdiff_t first, ptrdiff_t count) {
  Phase phase;
  const float *weights = d.weights;
  for (ptrdiff_t index = 0; index < phase_count(d.window, direction); ++index) {
    make_phase(d.window, direction, index, phase);
    weights = convolve_phase(d, phase, weights, first, count);
  }
}

inline void convolution_forward(const AdvkConvolution *d, ptrdiff_t first, ptrdiff_t count) {
  convolve(*d, ADVK_FORWARD, first, count);
}

inline void convolution_input_gradient(const AdvkConvolution *d, ptrdiff_t first, ptrdiff_t count) {
  convolve(*d, ADVK_INPUT_GRADIENT, first, count);
}

/// A stem reads planes: the depth is channels x kernel rows x a run of kernel columns, or single taps where a
/// dilation separates the columns.
inline void stem_forward(const AdvkStem *d, ptrdiff_t first, ptrdiff_t count) {
  const AdvkWindow &window = d->window;
  Phase phase;
  make_phase(window, ADVK_FORWARD, 0, phase);
  ptrdiff_t offsets[most_taps];
  Panel panel = {};
  panel.run = window.dilation_x == 1 ? window.kernel_width : 1;
  for (ptrdiff_t tap = 0; tap < phase.tap_count; tap += panel.run) {
    offsets[panel.offset_count] = phase.taps[tap].y * d->image.row_stride + phase.taps[tap].x;
    panel.offset_count += 1;
  }
  panel.offsets = offsets;
  panel.outer_count = d->image.channels;
  panel.outer_stride = d->image.channel_stride;
  panel.weights = d->weights;
  const Target target = make_target(d->features, d->epilogue, phase);
  const Source source = {d->image.origin, d->image.image_stride, window.stride_y * d->image.row_stride,
                         window.stride_x, false};
  const ptrdiff_t panels = panels_of(d->features.blocks);
  const Sharing sharing = make_sharing(d->part, panels);
  if (target.width <= 0) return;
  const Range own = share(sharing.pixels, count * target.height);
  run_group(panel, source, target, {0, d->features.blocks, share(sharing.panels, panels)}, first, own);
}

}  // namespace ADVK_NAMESPACE
