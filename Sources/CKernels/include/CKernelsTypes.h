#ifndef ADVKIT_CKERNELS_TYPES_H
#define ADVKIT_CKERNELS_TYPES_H

// Descriptors of the kernels in CKernels.h. All are plain values; a zeroed descriptor has every option off.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// An instruction set. `plain` is portable code (SSE2 on x86-64, NEON on arm64).
typedef enum __attribute__((enum_extensibility(closed))) AdvkISA : int32_t {
  ADVK_ISA_PLAIN __attribute__((swift_name("plain"))) = 0,
  ADVK_ISA_AVX2 __attribute__((swift_name("avx2"))) = 1,
  ADVK_ISA_AVX512 __attribute__((swift_name("avx512"))) = 2,
} AdvkISA;

/// Which product of a layer packed weights serve.
typedef enum __attribute__((enum_extensibility(closed))) AdvkDirection : int32_t {
  ADVK_FORWARD __attribute__((swift_name("forward"))) = 0,
  ADVK_INPUT_GRADIENT __attribute__((swift_name("inputGradient"))) = 1,
} AdvkDirection;

/// Blocked maps [image][block][row][column][16]: channel c is lane c % 16 of block c / 16.
///
/// `origin` points at lane 0 of pixel (0, 0) of block 0 of image 0, inside the halo. Rows are contiguous: a
/// pixel is 16 floats after its left neighbour. Kernels read the halo where a window reaches it (it must be
/// 0) and never write it. Lanes past the last channel must be finite; kernels keep them 0 where the input has
/// 0 and f(0) = 0.
///
/// A vector of features is a map of 1 x 1 pixels with `block_stride` 16: give vectors an image stride that is
/// a multiple of 16 and every kernel on views serves them.
typedef struct {
  float *origin;
  ptrdiff_t image_stride;
  ptrdiff_t block_stride;
  ptrdiff_t row_stride;
  ptrdiff_t blocks;
  ptrdiff_t height;
  ptrdiff_t width;
} AdvkView;

/// Planar maps [image][channel][row][column]; `origin` points at pixel (0, 0) of channel 0, inside any halo.
typedef struct {
  float *origin;
  ptrdiff_t image_stride;
  ptrdiff_t channel_stride;
  ptrdiff_t row_stride;
  ptrdiff_t channels;
  ptrdiff_t height;
  ptrdiff_t width;
} AdvkPlanes;

/// One bit for each element of a map, [image][block][row][column], one 16-bit word for a pixel of a block;
/// bit i is lane i. `bits` null: no mask.
typedef struct {
  uint16_t *bits;
  ptrdiff_t image_stride;
  ptrdiff_t block_stride;
  ptrdiff_t row_stride;
} AdvkMask;

/// A sliding window. Padding at the bottom and right matters only to the divisor of average pooling:
/// elsewhere the output size implies it.
typedef struct {
  ptrdiff_t kernel_height, kernel_width;
  ptrdiff_t stride_y, stride_x;
  ptrdiff_t dilation_y, dilation_x;
  ptrdiff_t padding_top, padding_left, padding_bottom, padding_right;
} AdvkWindow;

/// The zeros that a kernel reads outside a map, in pixels on each side.
typedef struct {
  ptrdiff_t top, bottom, left, right;
} AdvkHalo;

/// A share of a kernel's work, for threads that work on the same images at the same time: share `index` of `count`.
/// A zeroed part is the whole. The shares of one count write disjoint parts of the output, and together they write
/// the bits that the whole would.
typedef struct {
  ptrdiff_t index, count;
} AdvkPart;

/// A convolution's channels and window, for packing. At most 1,024 taps (kernel height x width).
typedef struct {
  ptrdiff_t input_channels, output_channels, groups;
  AdvkWindow window;
} AdvkConvolutionShape;

/// What is done to a value before it is stored, in this order:
/// v += bias[channel]; v += residual; v = max(v, 0) if relu; saved bit = v > 0; v = 0 where the applied bit
/// is 0. NaN passes relu. Null pointers switch a step off. `bias` holds whole blocks (zeros past the last
/// channel). The residual has the output's size and may be the output itself.
typedef struct {
  const float *bias;
  AdvkView residual;
  bool relu;
  AdvkMask saved_mask;
  AdvkMask applied_mask;
} AdvkEpilogue;

/// A convolution in one direction. `window` is always that of the forward direction, `groups` the block-level
/// groups of `advk_convolution_groups`, `weights` packed for the direction. `last_lanes` are the channels in the
/// last block of the input where they do not fill it and there are no groups, so that padding need not be
/// multiplied; 0 where they fill it, or to multiply all.
typedef struct {
  AdvkView input;
  AdvkView output;
  AdvkWindow window;
  ptrdiff_t groups;
  ptrdiff_t last_lanes;
  const float *weights;
  AdvkEpilogue epilogue;
  AdvkPart part;
} AdvkConvolution;

/// A convolution 3x3 of stride 1 in one direction by Winograd's algorithm: `convolution` as for the direct
/// kernel, with weights packed by `advk_winograd_pack_weights`, and scratch memory for one caller at a time.
typedef struct {
  AdvkConvolution convolution;
  float *scratch;
} AdvkWinograd;

/// A convolution in one direction whose products are of bf16 numbers: `convolution` as for the direct kernel, with
/// weights packed by `advk_bf16_pack_weights`, and scratch memory for one caller at a time.
typedef struct {
  AdvkConvolution convolution;
  float *scratch;
} AdvkBF16Convolution;

/// The weight gradient of a convolution. `input` is the layer's input with its forward halo; the gradient of
/// the output needs no halo. `groups` as in `AdvkConvolution`.
typedef struct {
  AdvkView input;
  AdvkView output_gradient;
  AdvkWindow window;
  ptrdiff_t groups;
  float *accumulator;
} AdvkWeightGradient;

/// A stem in one direction: planar image on one side, blocked features on the other.
typedef struct {
  AdvkPlanes image;
  AdvkView features;
  AdvkWindow window;
  const float *weights;
  AdvkEpilogue epilogue;
  AdvkPart part;
} AdvkStem;

/// The weight gradient of a stem. The image needs its forward halo.
typedef struct {
  AdvkPlanes image;
  AdvkView output_gradient;
  AdvkWindow window;
  float *accumulator;
} AdvkStemWeightGradient;

/// A pooling layer in one direction. Reads no halo.
///
/// `indices` [image][block][row][column][16] of the pooled map, dense, holds the position ky * kernel_width +
/// kx of the winner (windows of at most 255 positions); null in the forward direction: not saved.
/// `folds_relu`: the output is max(m, 0) and the index 255 where m <= 0, from where no gradient flows.
/// `accumulates`: an input gradient is added to the output instead of replacing it.
typedef struct {
  AdvkView input;
  AdvkView output;
  AdvkWindow window;
  uint8_t *indices;
  bool folds_relu;
  bool count_includes_padding;
  bool accumulates;
  AdvkPart part;
} AdvkPool;

/// A linear layer, or its input gradient with the feature counts exchanged. Strides are from image to image.
typedef struct {
  const float *input;
  ptrdiff_t input_stride;
  float *output;
  ptrdiff_t output_stride;
  ptrdiff_t input_features;
  ptrdiff_t output_features;
  const float *weights;
  const float *bias;
  AdvkPart part;
} AdvkLinear;

/// The weight gradient of a linear layer, added to `gradient` [output features][input features].
typedef struct {
  const float *input;
  ptrdiff_t input_stride;
  const float *output_gradient;
  ptrdiff_t output_gradient_stride;
  ptrdiff_t input_features;
  ptrdiff_t output_features;
  float *gradient;
} AdvkLinearWeightGradient;

/// t = input; t = 0 where the input bit is 0; t = t * scale[c] + shift[c]; t += residual * residual_scale[c];
/// t = max(t, 0) if relu; saved bit = t > 0; t = 0 where the output bit is 0; output = t.
/// Null pointers switch a step off (a null scale is 1). Per-channel arrays hold whole blocks. Output may be
/// the input or the residual.
typedef struct {
  AdvkView input;
  AdvkView output;
  AdvkView residual;
  const float *scale;
  const float *shift;
  const float *residual_scale;
  AdvkMask input_mask;
  bool relu;
  AdvkMask saved_mask;
  AdvkMask output_mask;
  AdvkPart part;
} AdvkPointwise;

/// An activation function with its saved value: y for sigmoid and tanh, x for the others.
/// leakyRelu: x < 0 ? a x : x. elu: x < 0 ? a (e^x - 1) : x. clip: [a, b], gradient passes at the bounds.
/// silu: x sigmoid(x). gelu: x Phi(x), with erf. softplus: log(1 + e^x).
/// hardSigmoid: clip(x / 6 + 1 / 2, 0, 1), gradient where -3 < x < 3. hardSwish: x hardSigmoid(x).
/// exponential: saves y. erf: saves x. binarySign: -1 where x < 0, else 1;
/// the gradient passes where -1 <= x <= 1 (straight-through).
typedef enum __attribute__((enum_extensibility(closed))) AdvkActivationKind : int32_t {
  ADVK_SIGMOID __attribute__((swift_name("sigmoid"))) = 0,
  ADVK_TANH __attribute__((swift_name("tanh"))) = 1,
  ADVK_LEAKY_RELU __attribute__((swift_name("leakyRelu"))) = 2,
  ADVK_ELU __attribute__((swift_name("elu"))) = 3,
  ADVK_CLIP __attribute__((swift_name("clip"))) = 4,
  ADVK_SILU __attribute__((swift_name("silu"))) = 5,
  ADVK_GELU __attribute__((swift_name("gelu"))) = 6,
  ADVK_SOFTPLUS __attribute__((swift_name("softplus"))) = 7,
  ADVK_HARD_SIGMOID __attribute__((swift_name("hardSigmoid"))) = 8,
  ADVK_HARD_SWISH __attribute__((swift_name("hardSwish"))) = 9,
  ADVK_EXPONENTIAL __attribute__((swift_name("exponential"))) = 10,
  ADVK_ERF __attribute__((swift_name("errorFunction"))) = 11,
  ADVK_BINARY_SIGN __attribute__((swift_name("binarySign"))) = 12,
} AdvkActivationKind;

/// An activation. Forward: output = f(input). Backward: input is the gradient of the output, `saved` the
/// saved value of the forward direction, output = input * f'. Output may be the input.
typedef struct {
  AdvkActivationKind kind;
  bool backward;
  float a;
  float b;
  AdvkView input;
  AdvkView saved;
  AdvkView output;
} AdvkActivation;

/// Softmax over vectors [image][features]; strides from image to image. `saved` is read backward only.
typedef struct {
  const float *input;
  ptrdiff_t input_stride;
  const float *saved;
  ptrdiff_t saved_stride;
  float *output;
  ptrdiff_t output_stride;
  ptrdiff_t features;
} AdvkSoftmax;

/// Layer normalisation over the channels of each pixel: output = (input - mean) / sqrt(variance + epsilon) * scale
/// + shift; with a cotangent its input gradient, for which `shift` is not read. Lanes past the last channel may
/// hold anything and become 0; scale and shift hold whole blocks.
typedef struct {
  AdvkView input;
  AdvkView cotangent;
  AdvkView output;
  const float *scale;
  const float *shift;
  ptrdiff_t channels;
  float epsilon;
} AdvkLayerNorm;

/// output [matrices][rows][columns] = factor * left [matrices] * right [matrices], dense; `*_row` and `*_column`
/// are the distances of rows and columns in each matrix, `*_stride` those from image to image. `scratch` holds
/// inner x (columns in whole blocks of 16) floats for one caller at a time.
typedef struct {
  const float *left;
  ptrdiff_t left_stride, left_row, left_column;
  const float *right;
  ptrdiff_t right_stride, right_row, right_column;
  float *output;
  ptrdiff_t output_stride;
  ptrdiff_t matrices, rows, inner, columns;
  float factor;
  float *scratch;
} AdvkMatrixProduct;

/// A map of one pixel on one side, a map of the same channels on the other.
typedef struct {
  AdvkView input;
  AdvkView output;
} AdvkSpread;

/// A fill of a view's interior.
typedef struct {
  AdvkView output;
  float value;
} AdvkFill;

/// destination[destination_channel + i] = source[source_channel + i] (or += with `accumulates`), i <
/// channels.
typedef struct {
  AdvkView source;
  AdvkView destination;
  ptrdiff_t source_channel;
  ptrdiff_t destination_channel;
  ptrdiff_t channels;
  bool accumulates;
  AdvkPart part;
} AdvkChannelCopy;

/// sums[c] += sum of (a - a_centre[c]); products[c] += sum of (a - a_centre[c]) * (b - b_centre[c]), over the
/// pixels of the images. `b` may be `a`. Null centres are 0; null `products`: not computed. Arrays hold whole
/// blocks. Bias gradient: a = output gradient. Batch-norm statistics: a = x for the mean, then a = b = x
/// centred at the mean for the variance. Batch-norm backward: a = output gradient, b = x centred at the mean.
typedef struct {
  AdvkView a;
  AdvkView b;
  const float *a_centre;
  const float *b_centre;
  double *sums;
  double *products;
} AdvkChannelSums;

/// destination = source * scale[channel] + shift[channel] over the interior; null arrays: 1 and 0.
/// `accumulates`: added to the destination.
typedef struct {
  AdvkPlanes source;
  AdvkPlanes destination;
  const float *scale;
  const float *shift;
  bool accumulates;
  AdvkPart part;
} AdvkPlanarCopy;

/// A copy between planar and blocked layout (either way) of maps of one size; `planes.channels` counts
/// channels.
typedef struct {
  AdvkPlanes planes;
  AdvkView view;
  AdvkPart part;
} AdvkLayoutCopy;

#endif
