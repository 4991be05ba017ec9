#pragma once

// The order of the packed weights of dense convolutions, written by loops that say where each packed number
// comes from. Packing runs once for each layer, so clarity wins here. Independent of the instruction set.

#include "Geometry.hpp"

namespace advk {

/// A dense convolution between channels: what is an input and what an output depends on the direction.
struct Layer {
  AdvkConvolutionShape shape;
  AdvkDirection direction;

  ptrdiff_t inputs() const {
    return direction == ADVK_FORWARD ? shape.input_channels : shape.output_channels;
  }
  ptrdiff_t outputs() const {
    return direction == ADVK_FORWARD ? shape.output_channels : shape.input_channels;
  }

  /// Where the weight between two channels lies in [output][input / groups][taps], or -1 where none joins
  /// them.
  ptrdiff_t index(ptrdiff_t output, ptrdiff_t input, ptrdiff_t tap) const {
    if (output >= outputs() || input >= inputs()) return -1;
    const ptrdiff_t to = direction == ADVK_FORWARD ? output : input;
    const ptrdiff_t from = direction == ADVK_FORWARD ? input : output;
    const ptrdiff_t group_inputs = shape.input_channels / shape.groups;
    const ptrdiff_t group = to / (shape.output_channels / shape.groups);
    if (from / group_inputs != group) return -1;
    const ptrdiff_t taps = shape.window.kernel_height * shape.window.kernel_width;
    return (to * group_inputs + from - group * group_inputs) * taps + tap;
  }
};

/// One number of packed weights: input lane and output of a panel of `width` outputs, in the square of 16
/// inputs that begins at `start`; and its canonical index, or -1 where no weight joins the channels.
struct PackedWeight {
  ptrdiff_t start, input, output, width;
  ptrdiff_t index;
};

/// Calls visit(PackedWeight) for all of a convolution: [phase][group][panel of outputs][block of
/// inputs][tap][16 inputs][panel width].
template <class Visit>
void walk_panels(AdvkISA isa, const Layer &layer, Visit visit) {
  const ptrdiff_t groups = advk_convolution_groups(&layer.shape);
  const ptrdiff_t input_blocks = blocks_of(layer.inputs()) / groups;
  const ptrdiff_t group_outputs = blocks_of(layer.outputs()) / groups * lanes;
  ptrdiff_t start = 0;
  Phase phase;
  for (ptrdiff_t index = 0; index < phase_count(layer.shape.window, layer.direction); ++index) {
    make_phase(layer.shape.window, layer.direction, index, phase);
    for (ptrdiff_t group = 0; group < groups; ++group) {
      for (ptrdiff_t panel = 0; panel < group_outputs; panel += panel_width(isa)) {
        const ptrdiff_t width = smaller(panel_width(isa), group_outputs - panel);
        for (ptrdiff_t block = 0; block < input_blocks; ++block) {
          for (ptrdiff_t tap = 0; tap < phase.tap_count; ++tap, start += lanes * width) {
            for (ptrdiff_t at = 0; at < lanes * width; ++at) {
              const ptrdiff_t input = (group * input_blocks + block) * lanes + at / width;
              const ptrdiff_t output = group * group_outputs + panel + at % width;
              visit(PackedWeight{start, at / width, at % width, width,
                                 layer.index(output, input, phase.taps[tap].index)});
            }
          }
        }
      }
    }
  }
}

}  // namespace advk
