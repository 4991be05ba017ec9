#ifndef ADVKIT_CKERNELS_H
#define ADVKIT_CKERNELS_H

// Numeric kernels behind a C interface.
//
// Every kernel has the form  void advk_NAME(AdvkISA isa, const AdvkDESCRIPTOR *d, ptrdiff_t first, ptrdiff_t
// count) and works on the images first ..< first + count of a batch, so that a plan is a list of (function,
// descriptor) pairs and work is split over images from outside. Kernels allocate nothing, keep no state and
// never fail: the descriptor must be consistent. A count of 0 does nothing.
//
// Strides count elements, not bytes. Float pointers need the alignment of a float only; 64 bytes is faster.
//
// Descriptors with a `part` let several threads work on the same images; see `AdvkPart`.
//
// Order of accumulation: each output element is one chain of fused multiply-adds in an order fixed by the
// layer alone, so that results do not depend on the batch size, the position in the batch or the tile shape.
// AVX-512, AVX2 and NEON agree to the bit in convolutions and linear layers; plain x86 rounds each product.

#include "CKernelsTypes.h"

#ifdef __cplusplus
extern "C" {
#endif

// MARK: Instruction sets

/// Whether this machine can run kernels of the instruction set.
bool advk_isa_is_supported(AdvkISA isa);
/// The widest instruction set that this machine supports.
AdvkISA advk_isa_best(void);
/// The instruction set named by `name` ("avx512", "avx2", "plain"), into `isa`. False when the name is
/// unknown.
bool advk_isa_named(const char *name, AdvkISA *isa);
/// The name of the instruction set: "avx512", "avx2" or "plain".
const char *advk_isa_name(AdvkISA isa);
/// The instruction set that the environment variable ADVKIT_ISA names where it is set, known and supported,
/// else the best one. Reads the environment at every call: call it once, when a plan is made.
AdvkISA advk_isa_selected(void);
/// Runs `rounds` rounds of independent fused multiply-adds in registers; returns the floating-point
/// operations done (2 for each lane of a multiply-add). Time it to find the peak of one core. `sink` receives
/// a value that keeps the loop alive.
double advk_peak_probe(AdvkISA isa, ptrdiff_t rounds, float *sink);
/// The sum of `count` floats, a multiple of 64, with independent loads of whole vectors: its time is that of
/// reading them.
float advk_read_sum(AdvkISA isa, const float *values, ptrdiff_t count);

// MARK: Convolution on blocked maps

/// The block-level groups of a convolution: channel groups are merged until each group holds whole blocks of
/// 16 input and output channels. This value goes into `AdvkConvolution.groups`.
ptrdiff_t advk_convolution_groups(const AdvkConvolutionShape *shape);
/// The halo that a convolution reads around its input (forward) or around the gradient of its output
/// (backward). `input_*` and `output_*` are the sizes of the maps of the forward direction.
AdvkHalo advk_convolution_halo(const AdvkWindow *window, AdvkDirection direction, ptrdiff_t input_height,
                               ptrdiff_t input_width, ptrdiff_t output_height, ptrdiff_t output_width);
/// Floats that the packed weights take.
ptrdiff_t advk_convolution_weights_size(AdvkISA isa, const AdvkConvolutionShape *shape,
                                        AdvkDirection direction);
/// Packs weights [output channels][input channels / groups][kernel height][kernel width] for one direction.
/// The layout belongs to (isa, shape, direction).
void advk_convolution_pack_weights(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction,
                                   const float *weights, float *packed);
/// output = epilogue(input * weights). Weights packed with `ADVK_FORWARD`.
void advk_convolution_forward(AdvkISA isa, const AdvkConvolution *d, ptrdiff_t first, ptrdiff_t count);
/// The gradient with respect to the input: `d->input` is the gradient of the output, `d->output` the gradient
/// of the input (all of it is written). Weights packed with `ADVK_INPUT_GRADIENT`.
void advk_convolution_input_gradient(AdvkISA isa, const AdvkConvolution *d, ptrdiff_t first, ptrdiff_t count);

/// Floats of the accumulator of a weight gradient (packed like the forward weights of `isa`).
ptrdiff_t advk_convolution_weight_gradient_size(AdvkISA isa, const AdvkConvolutionShape *shape);
/// Adds the weight gradient of the images to `d->accumulator`, in the order of images, rows and columns.
void advk_convolution_weight_gradient(AdvkISA isa, const AdvkWeightGradient *d, ptrdiff_t first,
                                      ptrdiff_t count);
/// Adds a packed accumulator to weights' gradient [output channels][input channels / groups][kernel h][kernel
/// w].
void advk_convolution_unpack_weight_gradient(AdvkISA isa, const AdvkConvolutionShape *shape,
                                             const float *accumulator, float *gradient);

// MARK: Convolution 3x3 by Winograd's F(4x4, 3x3)
//
// A quarter of the multiplications of the direct kernel, for an rms error 2 to 3 times as large; four times the
// weights. The halo, the epilogue and the independence of images are those of `advk_convolution_forward`. A
// NaN or an infinity in the input reaches all outputs of the 4 x 4 tiles that read it.

/// Whether the algorithm serves the layer: 3x3, stride 1, dilation 1, no groups; any padding.
bool advk_winograd_fits(const AdvkConvolutionShape *shape);
/// Floats that the packed weights take.
ptrdiff_t advk_winograd_weights_size(AdvkISA isa, const AdvkConvolutionShape *shape,
                                     AdvkDirection direction);
/// Transforms and packs weights [output channels][input channels][3][3] for one direction.
void advk_winograd_pack_weights(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction,
                                const float *weights, float *packed);
/// Floats of scratch memory that one call needs, for any number of images.
ptrdiff_t advk_winograd_scratch_size(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction);
/// As `advk_convolution_forward`.
void advk_winograd_forward(AdvkISA isa, const AdvkWinograd *d, ptrdiff_t first, ptrdiff_t count);
/// As `advk_convolution_input_gradient`.
void advk_winograd_input_gradient(AdvkISA isa, const AdvkWinograd *d, ptrdiff_t first, ptrdiff_t count);

// MARK: Convolution with bf16 products
//
// Inputs and weights are rounded to bf16 (8 bits of precision, to nearest), their products summed in float: errors
// of 3e-3 of the largest output, at twice the speed of the direct kernel where the processor multiplies pairs of
// bf16 numbers (VDPBF16PS). Elsewhere the same numbers are multiplied as floats, at the direct kernel's speed. Halo,
// epilogue, groups and independence of images are those of `advk_convolution_forward`. Results of instruction
// sets differ in rounding.

/// Whether kernels of the instruction set multiply pairs of bf16 numbers on this processor.
bool advk_bf16_is_native(AdvkISA isa);
/// Floats that the packed weights take.
ptrdiff_t advk_bf16_weights_size(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction);
/// Rounds and packs weights [output channels][input channels / groups][kernel height][kernel width] for one
/// direction.
void advk_bf16_pack_weights(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction,
                            const float *weights, float *packed);
/// Floats of scratch memory that one call needs, for any number of images; `height` and `width` are those of what
/// the direction writes.
ptrdiff_t advk_bf16_scratch_size(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction,
                                 ptrdiff_t height, ptrdiff_t width);
/// As `advk_convolution_forward`.
void advk_bf16_forward(AdvkISA isa, const AdvkBF16Convolution *d, ptrdiff_t first, ptrdiff_t count);
/// As `advk_convolution_input_gradient`.
void advk_bf16_input_gradient(AdvkISA isa, const AdvkBF16Convolution *d, ptrdiff_t first, ptrdiff_t count);

// MARK: Depthwise convolution (groups = input channels = output channels)

/// Floats of packed depthwise weights (and of the accumulator of their gradient): whole blocks x taps x 16.
ptrdiff_t advk_depthwise_weights_size(const AdvkConvolutionShape *shape);
/// Packs weights [channels][1][kernel height][kernel width]; one layout serves all directions.
void advk_depthwise_pack_weights(const AdvkConvolutionShape *shape, const float *weights, float *packed);
/// As `advk_convolution_forward`, each channel on its own; `d->groups` is not read.
void advk_depthwise_forward(AdvkISA isa, const AdvkConvolution *d, ptrdiff_t first, ptrdiff_t count);
/// As `advk_convolution_input_gradient`, with the same packed weights as the forward direction.
void advk_depthwise_input_gradient(AdvkISA isa, const AdvkConvolution *d, ptrdiff_t first, ptrdiff_t count);
/// Adds the weight gradient of the images to `d->accumulator`.
void advk_depthwise_weight_gradient(AdvkISA isa, const AdvkWeightGradient *d, ptrdiff_t first,
                                    ptrdiff_t count);
/// Adds a packed accumulator to the weights' gradient [channels][1][kernel height][kernel width].
void advk_depthwise_unpack_weight_gradient(const AdvkConvolutionShape *shape, const float *accumulator,
                                           float *gradient);

// MARK: Stem: convolution of a planar image with few channels (no groups)

/// Floats that the packed weights of a stem take.
ptrdiff_t advk_stem_weights_size(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction);
/// Packs weights [output channels][input channels][kernel height][kernel width] for one direction.
void advk_stem_pack_weights(AdvkISA isa, const AdvkConvolutionShape *shape, AdvkDirection direction,
                            const float *weights, float *packed);
/// features = epilogue(image * weights). The image needs the halo of `ADVK_FORWARD` (see `advk_planar_copy`).
void advk_stem_forward(AdvkISA isa, const AdvkStem *d, ptrdiff_t first, ptrdiff_t count);
/// image = the gradient with respect to the image; `d->features` is the gradient of the features and needs
/// the halo of `ADVK_INPUT_GRADIENT`. The epilogue is not read.
void advk_stem_input_gradient(AdvkISA isa, const AdvkStem *d, ptrdiff_t first, ptrdiff_t count);
/// Floats of the accumulator of a stem's weight gradient.
ptrdiff_t advk_stem_weight_gradient_size(AdvkISA isa, const AdvkConvolutionShape *shape);
/// Adds the weight gradient of the images to `d->accumulator`.
void advk_stem_weight_gradient(AdvkISA isa, const AdvkStemWeightGradient *d, ptrdiff_t first,
                               ptrdiff_t count);
/// Adds a packed accumulator to the weights' gradient [output channels][input channels][kernel h][kernel w].
void advk_stem_unpack_weight_gradient(AdvkISA isa, const AdvkConvolutionShape *shape,
                                      const float *accumulator, float *gradient);

// MARK: Pooling

/// Maximum over windows. Padding never wins, of equal elements the first wins, a NaN wins (the last of
/// several).
void advk_max_pool_forward(AdvkISA isa, const AdvkPool *d, ptrdiff_t first, ptrdiff_t count);
/// `d->input` is the gradient of the output, `d->output` the gradient of the input.
void advk_max_pool_input_gradient(AdvkISA isa, const AdvkPool *d, ptrdiff_t first, ptrdiff_t count);
/// Mean over windows; `count_includes_padding` chooses the divisor.
void advk_average_pool_forward(AdvkISA isa, const AdvkPool *d, ptrdiff_t first, ptrdiff_t count);
/// `d->input` is the gradient of the output, `d->output` the gradient of the input.
void advk_average_pool_input_gradient(AdvkISA isa, const AdvkPool *d, ptrdiff_t first, ptrdiff_t count);
/// Mean of each map, into a map of 1 x 1 pixels. Window, indices and flags are not read.
void advk_global_average_pool_forward(AdvkISA isa, const AdvkPool *d, ptrdiff_t first, ptrdiff_t count);
/// `d->input` is the gradient of the 1 x 1 map, `d->output` the gradient of the full map.
void advk_global_average_pool_input_gradient(AdvkISA isa, const AdvkPool *d, ptrdiff_t first,
                                             ptrdiff_t count);

// MARK: Linear layers on vectors

/// Floats that packed weights of a linear layer take in one direction.
ptrdiff_t advk_linear_weights_size(AdvkISA isa, ptrdiff_t input_features, ptrdiff_t output_features,
                                   AdvkDirection direction);
/// Packs weights [output features][input features] for one direction.
void advk_linear_pack_weights(AdvkISA isa, ptrdiff_t input_features, ptrdiff_t output_features,
                              AdvkDirection direction, const float *weights, float *packed);
/// output[n][o] = bias[o] + sum over k of input[n][k] * weights[o][k]. With weights packed for
/// `ADVK_INPUT_GRADIENT` the same function gives the input gradient: `d->input` is then the gradient of the
/// output and `d->output` the gradient of the input.
void advk_linear(AdvkISA isa, const AdvkLinear *d, ptrdiff_t first, ptrdiff_t count);
/// Adds sum over n of output_gradient[n][o] * input[n][k] to gradient[o][k], images in order.
void advk_linear_weight_gradient(AdvkISA isa, const AdvkLinearWeightGradient *d, ptrdiff_t first,
                                 ptrdiff_t count);

// MARK: Elementwise

/// The fused pointwise kernel; see `AdvkPointwise`.
void advk_pointwise(AdvkISA isa, const AdvkPointwise *d, ptrdiff_t first, ptrdiff_t count);
/// output = f(input), or with `d->backward` output = input * f'(saved); see `AdvkActivationKind`.
void advk_activation(AdvkISA isa, const AdvkActivation *d, ptrdiff_t first, ptrdiff_t count);
/// Softmax over the features of each vector, with the maximum subtracted first.
void advk_softmax_forward(AdvkISA isa, const AdvkSoftmax *d, ptrdiff_t first, ptrdiff_t count);
/// output = y * (input - sum of input * y), with y = `d->saved`, the softmax of the forward direction.
void advk_softmax_input_gradient(AdvkISA isa, const AdvkSoftmax *d, ptrdiff_t first, ptrdiff_t count);
/// Layer normalisation over channels, or its input gradient; see `AdvkLayerNorm`.
void advk_layer_norm(AdvkISA isa, const AdvkLayerNorm *d, ptrdiff_t first, ptrdiff_t count);
/// Products of matrices of each image; see `AdvkMatrixProduct`.
void advk_matrix_product(AdvkISA isa, const AdvkMatrixProduct *d, ptrdiff_t first, ptrdiff_t count);
/// Every pixel of the output = the one pixel of the input.
void advk_spread(AdvkISA isa, const AdvkSpread *d, ptrdiff_t first, ptrdiff_t count);
/// The one pixel of the output = the sum of the input's pixels.
void advk_pixel_sum(AdvkISA isa, const AdvkSpread *d, ptrdiff_t first, ptrdiff_t count);
/// Sets the interior of a view to a value.
void advk_fill(AdvkISA isa, const AdvkFill *d, ptrdiff_t first, ptrdiff_t count);
/// Copies channels between maps of one size at any channel offset (concatenation, slices); other lanes of the
/// destination's blocks keep their values.
void advk_copy_channels(AdvkISA isa, const AdvkChannelCopy *d, ptrdiff_t first, ptrdiff_t count);
/// Per-channel sums in double, image by image in order; see `AdvkChannelSums`.
void advk_channel_sums(AdvkISA isa, const AdvkChannelSums *d, ptrdiff_t first, ptrdiff_t count);

// MARK: Layout

/// Planes to planes, scaled and shifted per channel; see `AdvkPlanarCopy`. The halo of the destination is
/// kept.
void advk_planar_copy(AdvkISA isa, const AdvkPlanarCopy *d, ptrdiff_t first, ptrdiff_t count);
/// Planes to blocks. Lanes past the last channel become 0.
void advk_planar_to_blocked(AdvkISA isa, const AdvkLayoutCopy *d, ptrdiff_t first, ptrdiff_t count);
/// Blocks to planes (also: flatten to vectors, with planes that are dense). Lanes past the last channel are
/// dropped.
void advk_blocked_to_planar(AdvkISA isa, const AdvkLayoutCopy *d, ptrdiff_t first, ptrdiff_t count);

// MARK: Memory

/// Returns to the system what has been freed: glibc keeps large blocks once it has seen larger ones freed.
void advk_return_freed_memory(void);

#ifdef __cplusplus
}
#endif

#endif
