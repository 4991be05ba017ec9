// Weights for Winograd's F(4x4, 3x3): G g G' for each pair of channels, computed in double and rounded once,
// as [panel of outputs][frequency][inputs][panel width].

#include "WinogradShape.hpp"

using namespace advk;

namespace {

constexpr ptrdiff_t kernel_side = 3;
constexpr ptrdiff_t taps = kernel_side * kernel_side;

/// A row of G for a point: its powers over the product of its distances to the other points.
struct Row {
  double powers[kernel_side];
};

constexpr Row row(double point, double distances) {
  return Row{{1 / distances, point / distances, point * point / distances}};
}

constexpr double near_2 = near_point * near_point;
constexpr double far_2 = far_point * far_point;
constexpr double near_distances = 2 * near_2 * (near_2 - far_2);
constexpr double far_distances = 2 * far_2 * (far_2 - near_2);

constexpr Row rows[patch_side] = {
    row(0, near_2 *far_2),         row(near_point, near_distances), row(-near_point, near_distances),
    row(far_point, far_distances), row(-far_point, far_distances),  Row{{0, 0, 1}},
};

/// G g G', g read backwards where `turned`.
void transform(const float *kernel, bool turned, double (&result)[frequencies]) {
  double half[patch_side][kernel_side] = {};
  for (ptrdiff_t at = 0; at < taps; ++at) {
    const double weight = kernel[turned ? taps - 1 - at : at];
    for (int i = 0; i < patch_side; ++i) {
      half[i][at % kernel_side] += rows[i].powers[at / kernel_side] * weight;
    }
  }
  for (int i = 0; i < patch_side; ++i) {
    for (int j = 0; j < patch_side; ++j) {
      double sum = 0;
      for (int k = 0; k < kernel_side; ++k) sum += half[i][k] * rows[j].powers[k];
      result[i * patch_side + j] = sum;
    }
  }
}

}  // namespace

bool advk_winograd_fits(const AdvkConvolutionShape *shape) {
  const AdvkWindow &window = shape->window;
  return shape->groups == 1 && window.kernel_height == kernel_side && window.kernel_width == kernel_side &&
         window.stride_y == 1 && window.stride_x == 1 && window.dilation_y == 1 && window.dilation_x == 1;
}

ptrdiff_t advk_winograd_weights_size(AdvkISA isa, const AdvkConvolutionShape *shape,
                                     AdvkDirection direction) {
  (void)isa;
  (void)direction;
  return frequencies * blocks_of(shape->input_channels) * lanes * blocks_of(shape->output_channels) * lanes;
}

void advk_winograd_pack_weights(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction,
                                const float *weights, float *packed) {
  const bool forward = direction == ADVK_FORWARD;
  const ptrdiff_t inputs = forward ? shape->input_channels : shape->output_channels;
  const ptrdiff_t outputs = forward ? shape->output_channels : shape->input_channels;
  const ptrdiff_t padded_inputs = blocks_of(inputs) * lanes;
  const ptrdiff_t padded_outputs = blocks_of(outputs) * lanes;
  for (ptrdiff_t panel = 0; panel < padded_outputs; panel += panel_width(isa)) {
    const ptrdiff_t width = smaller(panel_width(isa), padded_outputs - panel);
    for (ptrdiff_t at = 0; at < padded_inputs * width; ++at) {
      const ptrdiff_t input = at / width, output = panel + at % width;
      double transformed[frequencies] = {};
      if (input < inputs && output < outputs) {
        const ptrdiff_t pair = forward ? output * inputs + input : input * outputs + output;
        transform(weights + pair * taps, !forward, transformed);
      }
      for (ptrdiff_t frequency = 0; frequency < frequencies; ++frequency) {
        packed[frequency * padded_inputs * width + at] = static_cast<float>(transformed[frequency]);
      }
    }
    packed += frequencies * padded_inputs * width;
  }
}

ptrdiff_t advk_winograd_scratch_size(AdvkISA isa, const AdvkConvolutionShape *shape,
                                     AdvkDirection direction) {
  const ptrdiff_t channels = direction == ADVK_FORWARD ? shape->input_channels : shape->output_channels;
  const ptrdiff_t blocks = blocks_of(channels);
  const ptrdiff_t tiles = most_tiles(blocks);
  return frequencies * (frequency_step(blocks * tiles) + frequency_step(panel_width(isa) / lanes * tiles));
}
