// Weights for the bf16 kernels: the order of the float kernels, the inputs of a square in pairs where the
// instruction set multiplies pairs.

#include <string.h>

#include "BF16Shape.hpp"
#include "PanelWalk.hpp"

using namespace advk;

namespace {

/// The upper half of a float, rounded to nearest, ties to even; NaN stays NaN.
uint16_t bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (value != value) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Numbers in a word, and words of a pixel.
ptrdiff_t per_word(AdvkISA isa) { return has_bf16_pairs(isa) ? 2 : 1; }

}  // namespace

ptrdiff_t advk_bf16_weights_size(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction) {
  return advk_convolution_weights_size(isa, shape, direction) / per_word(isa);
}

void advk_bf16_pack_weights(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction,
                            const float *weights, float *packed) {
  const bool pairs = has_bf16_pairs(isa);
  uint16_t *halves =
      reinterpret_cast<uint16_t *>(packed);  // on little-endian machines only, as all of ours are
  walk_panels(isa, Layer{*shape, direction}, [=](const PackedWeight &at) {
    const uint16_t value = at.index >= 0 ? bf16(weights[at.index]) : 0;
    if (pairs) {
      halves[at.start + (at.input / 2 * at.width + at.output) * 2 + at.input % 2] = value;
    } else {
      const uint32_t bits = static_cast<uint32_t>(value) << 16;
      memcpy(packed + at.start + at.input * at.width + at.output, &bits, sizeof bits);
    }
  });
}

ptrdiff_t advk_bf16_scratch_size(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction,
                                 ptrdiff_t height, ptrdiff_t width) {
  const ptrdiff_t channels = direction == ADVK_FORWARD ? shape->input_channels : shape->output_channels;
  const Bands bands =
      make_bands(shape->window, direction, blocks_of(channels), height, width, lanes / per_word(isa));
  return bands.images * bands.image_words;
}
