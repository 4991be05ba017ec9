// Packed weights: [phase][group][panel of outputs][block of inputs][tap][16 inputs][panel width], written by
// loops that say where each packed float comes from. Packing runs once for each layer, so clarity wins here.

#include "PanelWalk.hpp"

#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif

using namespace advk;

namespace {

/// Calls visit(packed index, canonical index or -1) for every packed float of a convolution.
template <class Visit>
void walk(AdvkISA isa, const Layer &layer, Visit visit) {
  walk_panels(isa, layer,
              [=](const PackedWeight &at) { visit(at.start + at.input * at.width + at.output, at.index); });
}

/// Calls visit(packed index, canonical index or -1) for the forward weights of a stem: [panel][depth][panel
/// width].
template <class Visit>
void walk_stem(AdvkISA isa, const AdvkConvolutionShape &shape, Visit visit) {
  const ptrdiff_t depth = shape.input_channels * shape.window.kernel_height * shape.window.kernel_width;
  const ptrdiff_t outputs = blocks_of(shape.output_channels) * lanes;
  ptrdiff_t packed = 0;
  for (ptrdiff_t panel = 0; panel < outputs; panel += panel_width(isa)) {
    const ptrdiff_t width = smaller(panel_width(isa), outputs - panel);
    for (ptrdiff_t at = 0; at < depth; ++at) {
      for (ptrdiff_t lane = 0; lane < width; ++lane) {
        const ptrdiff_t output = panel + lane;
        visit(packed++, output < shape.output_channels ? output * depth + at : -1);
      }
    }
  }
}

/// Calls visit(packed index, canonical index or -1) for a stem's input gradient:
/// [phase][channel][tap][output block][16].
template <class Visit>
void walk_stem_gradient(const AdvkConvolutionShape &shape, Visit visit) {
  const ptrdiff_t taps = shape.window.kernel_height * shape.window.kernel_width;
  const ptrdiff_t outputs = blocks_of(shape.output_channels) * lanes;
  ptrdiff_t packed = 0;
  Phase phase;
  for (ptrdiff_t index = 0; index < phase_count(shape.window, ADVK_INPUT_GRADIENT); ++index) {
    make_phase(shape.window, ADVK_INPUT_GRADIENT, index, phase);
    for (ptrdiff_t channel = 0; channel < shape.input_channels; ++channel) {
      for (ptrdiff_t tap = 0; tap < phase.tap_count; ++tap) {
        for (ptrdiff_t output = 0; output < outputs; ++output) {
          const ptrdiff_t canonical =
              (output * shape.input_channels + channel) * taps + phase.taps[tap].index;
          visit(packed++, output < shape.output_channels ? canonical : -1);
        }
      }
    }
  }
}

/// Calls visit(packed index, canonical index or -1) for depthwise weights: [block][tap][16].
template <class Visit>
void walk_depthwise(const AdvkConvolutionShape &shape, Visit visit) {
  const ptrdiff_t taps = shape.window.kernel_height * shape.window.kernel_width;
  ptrdiff_t packed = 0;
  for (ptrdiff_t block = 0; block < blocks_of(shape.input_channels); ++block) {
    for (ptrdiff_t tap = 0; tap < taps; ++tap) {
      for (ptrdiff_t channel = block * lanes; channel < (block + 1) * lanes; ++channel) {
        visit(packed++, channel < shape.input_channels ? channel * taps + tap : -1);
      }
    }
  }
}

}  // namespace

ptrdiff_t advk_convolution_groups(const AdvkConvolutionShape *shape) {
  const ptrdiff_t inputs = shape->input_channels / shape->groups;
  const ptrdiff_t outputs = shape->output_channels / shape->groups;
  for (ptrdiff_t merged = 1; merged < shape->groups; ++merged) {
    const bool whole_blocks = merged * inputs % lanes == 0 && merged * outputs % lanes == 0;
    if (shape->groups % merged == 0 && whole_blocks) return shape->groups / merged;
  }
  return 1;
}

AdvkHalo advk_convolution_halo(const AdvkWindow *window, AdvkDirection direction, ptrdiff_t input_height,
                               ptrdiff_t input_width, ptrdiff_t output_height, ptrdiff_t output_width) {
  const bool forward = direction == ADVK_FORWARD;
  const ptrdiff_t height = forward ? output_height : input_height;
  const ptrdiff_t width = forward ? output_width : input_width;
  const ptrdiff_t read_height = forward ? input_height : output_height;
  const ptrdiff_t read_width = forward ? input_width : output_width;
  AdvkHalo halo = {0, 0, 0, 0};
  Phase phase;
  for (ptrdiff_t index = 0; index < phase_count(*window, direction); ++index) {
    make_phase(*window, direction, index, phase);
    const ptrdiff_t rows = phase_extent(height, phase.first_y, phase.step_y);
    const ptrdiff_t columns = phase_extent(width, phase.first_x, phase.step_x);
    if (rows == 0 || columns == 0) continue;
    for (ptrdiff_t at = 0; at < phase.tap_count; ++at) {
      const Tap tap = phase.taps[at];
      halo.top = larger(halo.top, -tap.y);
      halo.left = larger(halo.left, -tap.x);
      halo.bottom = larger(halo.bottom, (rows - 1) * phase.input_step_y + tap.y - (read_height - 1));
      halo.right = larger(halo.right, (columns - 1) * phase.input_step_x + tap.x - (read_width - 1));
    }
  }
  return halo;
}

ptrdiff_t advk_convolution_weights_size(AdvkISA isa, const AdvkConvolutionShape *shape,
                                        AdvkDirection direction) {
  (void)isa;
  (void)direction;
  const ptrdiff_t groups = advk_convolution_groups(shape);
  const ptrdiff_t taps = shape->window.kernel_height * shape->window.kernel_width;
  const ptrdiff_t inputs = blocks_of(shape->input_channels) / groups * lanes;
  const ptrdiff_t outputs = blocks_of(shape->output_channels) / groups * lanes;
  return groups * inputs * outputs * taps;
}

void advk_convolution_pack_weights(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction,
                                   const float *weights, float *packed) {
  walk(isa, Layer{*shape, direction},
       [=](ptrdiff_t at, ptrdiff_t from) { packed[at] = from >= 0 ? weights[from] : 0; });
}

ptrdiff_t advk_convolution_weight_gradient_size(AdvkISA isa, const AdvkConvolutionShape *shape) {
  return advk_convolution_weights_size(isa, shape, ADVK_FORWARD);
}

void advk_convolution_unpack_weight_gradient(AdvkISA isa, const AdvkConvolutionShape *shape,
                                             const float *accumulator, float *gradient) {
  walk(isa, Layer{*shape, ADVK_FORWARD}, [=](ptrdiff_t at, ptrdiff_t to) {
    if (to >= 0) gradient[to] += accumulator[at];
  });
}

ptrdiff_t advk_stem_weights_size(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction) {
  (void)isa;
  (void)direction;
  const ptrdiff_t taps = shape->window.kernel_height * shape->window.kernel_width;
  return blocks_of(shape->output_channels) * lanes * shape->input_channels * taps;
}

void advk_stem_pack_weights(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction,
                            const float *weights, float *packed) {
  const auto copy = [=](ptrdiff_t at, ptrdiff_t from) { packed[at] = from >= 0 ? weights[from] : 0; };
  if (direction == ADVK_FORWARD) {
    walk_stem(isa, *shape, copy);
  } else {
    walk_stem_gradient(*shape, copy);
  }
}

ptrdiff_t advk_stem_weight_gradient_size(AdvkISA isa, const AdvkConvolutionShape *shape) {
  return advk_stem_weights_size(isa, shape, ADVK_FORWARD);
}

void advk_stem_unpack_weight_gradient(AdvkISA isa, const AdvkConvolutionShape *shape,
                                      const float *accumulator, float *gradient) {
  walk_stem(isa, *shape, [=](ptrdiff_t at, ptrdiff_t to) {
    if (to >= 0) gradient[to] += accumulator[at];
  });
}

ptrdiff_t advk_depthwise_weights_size(const AdvkConvolutionShape *shape) {
  return blocks_of(shape->input_channels) * lanes * shape->window.kernel_height * shape->window.kernel_width;
}

void advk_depthwise_pack_weights(const AdvkConvolutionShape *shape, const float *weights, float *packed) {
  walk_depthwise(*shape, [=](ptrdiff_t at, ptrdiff_t from) { packed[at] = from >= 0 ? weights[from] : 0; });
}

void advk_depthwise_unpack_weight_gradient(const AdvkConvolutionShape *shape, const float *accumulator,
                                           float *gradient) {
  walk_depthwise(*shape, [=](ptrdiff_t at, ptrdiff_t to) {
    if (to >= 0) gradient[to] += accumulator[at];
  });
}

ptrdiff_t advk_linear_weights_size(AdvkISA isa, ptrdiff_t input_features, ptrdiff_t output_features,
                                   AdvkDirection direction) {
  (void)isa;
  return direction == ADVK_FORWARD ? blocks_of(output_features) * lanes * input_features
                                   : blocks_of(input_features) * lanes * output_features;
}

void advk_linear_pack_weights(AdvkISA isa, ptrdiff_t input_features, ptrdiff_t output_features,
                              AdvkDirection direction, const float *weights, float *packed) {
  const bool forward = direction == ADVK_FORWARD;
  const ptrdiff_t outputs = forward ? output_features : input_features;
  const ptrdiff_t inputs = forward ? input_features : output_features;
  const ptrdiff_t padded = blocks_of(outputs) * lanes;
  for (ptrdiff_t panel = 0; panel < padded; panel += panel_width(isa)) {
    const ptrdiff_t width = smaller(panel_width(isa), padded - panel);
    for (ptrdiff_t input = 0; input < inputs; ++input) {
      for (ptrdiff_t output = panel; output < panel + width; ++output) {
        const ptrdiff_t from = forward ? output * input_features + input : input * input_features + output;
        *packed++ = output < outputs ? weights[from] : 0;
      }
    }
  }
}

void advk_return_freed_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}
