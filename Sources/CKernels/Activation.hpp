#pragma once

// Activation functions and their derivatives, an element at a time with the mathematics library: these layers
// are rare and small beside convolutions, and the library is exact to the last place or two.

#include <math.h>

#include "Convolution.hpp"

namespace ADVK_NAMESPACE {

struct ActivationParameters {
  float a, b;
};

ADVK_INLINE float logistic(float x) {
  // e^-|x| cannot overflow, and small results keep their relative precision.
  const float e = expf(-fabsf(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/// f and f' of a kind. f' takes what `AdvkActivationKind` says is saved.
template <AdvkActivationKind Kind>
struct Function;

template <>
struct Function<ADVK_SIGMOID> {
  static float value(float x, ActivationParameters) { return logistic(x); }
  static float slope(float y, ActivationParameters) { return y * (1 - y); }
};

template <>
struct Function<ADVK_TANH> {
  static float value(float x, ActivationParameters) { return tanhf(x); }
  static float slope(float y, ActivationParameters) { return 1 - y * y; }
};

template <>
struct Function<ADVK_LEAKY_RELU> {
  static float value(float x, ActivationParameters p) { return x < 0 ? p.a * x : x; }
  static float slope(float x, ActivationParameters p) { return x > 0 ? 1 : p.a; }
};

template <>
struct Function<ADVK_ELU> {
  static float value(float x, ActivationParameters p) { return x < 0 ? p.a * expm1f(x) : x; }
  static float slope(float x, ActivationParameters p) { return x > 0 ? 1 : p.a * expf(x); }
};

template <>
struct Function<ADVK_CLIP> {
  static float value(float x, ActivationParameters p) { return x < p.a ? p.a : (x > p.b ? p.b : x); }
  static float slope(float x, ActivationParameters p) { return x >= p.a && x <= p.b ? 1 : 0; }
};

template <>
struct Function<ADVK_SILU> {
  static float value(float x, ActivationParameters) { return x * logistic(x); }
  static float slope(float x, ActivationParameters) {
    const float s = logistic(x);
    return s * (1 + x * (1 - s));
  }
};

template <>
struct Function<ADVK_GELU> {
  // Phi(x) = erfc(-x / sqrt 2) / 2 keeps its precision for negative x.
  static float phi(float x) { return 0.5f * erfcf(-x * 0.70710678f); }
  static float value(float x, ActivationParameters) { return x * phi(x); }
  static float slope(float x, ActivationParameters) { return phi(x) + x * 0.39894228f * expf(-0.5f * x * x); }
};

template <>
struct Function<ADVK_SOFTPLUS> {
  static float value(float x, ActivationParameters) { return fmaxf(x, 0) + log1pf(expf(-fabsf(x))); }
  static float slope(float x, ActivationParameters) { return logistic(x); }
};

template <>
struct Function<ADVK_HARD_SIGMOID> {
  static float value(float x, ActivationParameters) { return x <= -3 ? 0 : (x >= 3 ? 1 : x / 6 + 0.5f); }
  static float slope(float x, ActivationParameters) { return x > -3 && x < 3 ? 1.0f / 6 : 0; }
};

template <>
struct Function<ADVK_HARD_SWISH> {
  using Gate = Function<ADVK_HARD_SIGMOID>;
  static float value(float x, ActivationParameters p) { return x * Gate::value(x, p); }
  static float slope(float x, ActivationParameters p) { return Gate::value(x, p) + x * Gate::slope(x, p); }
};

template <>
struct Function<ADVK_EXPONENTIAL> {
  static float value(float x, ActivationParameters) { return expf(x); }
  static float slope(float y, ActivationParameters) { return y; }
};

template <>
struct Function<ADVK_ERF> {
  static float value(float x, ActivationParameters) { return erff(x); }
  static float slope(float x, ActivationParameters) { return 1.12837917f * expf(-x * x); }
};

template <>
struct Function<ADVK_BINARY_SIGN> {
  static float value(float x, ActivationParameters) { return x < 0 ? -1 : (x >= 0 ? 1 : x); }
  static float slope(float x, ActivationParameters) { return x >= -1 && x <= 1 ? 1 : 0; }
};

template <AdvkActivationKind Kind>
void activate(const AdvkActivation &d, ptrdiff_t image, ptrdiff_t block, ptrdiff_t y) {
  const ActivationParameters parameters = {d.a, d.b};
  const float *input = d.input.origin + view_offset(d.input, image, block, y, 0);
  float *output = d.output.origin + view_offset(d.output, image, block, y, 0);
  const ptrdiff_t size = d.output.width * lanes;
  if (!d.backward) {
    for (ptrdiff_t i = 0; i < size; ++i) output[i] = Function<Kind>::value(input[i], parameters);
    return;
  }
  const float *saved = d.saved.origin + view_offset(d.saved, image, block, y, 0);
  for (ptrdiff_t i = 0; i < size; ++i) output[i] = input[i] * Function<Kind>::slope(saved[i], parameters);
}

using ActivationFunction = void (*)(const AdvkActivation &, ptrdiff_t image, ptrdiff_t block, ptrdiff_t y);

inline ActivationFunction find_activation(AdvkActivationKind kind) {
  switch (kind) {
    case ADVK_SIGMOID: return &activate<ADVK_SIGMOID>;
    case ADVK_TANH: return &activate<ADVK_TANH>;
    case ADVK_LEAKY_RELU: return &activate<ADVK_LEAKY_RELU>;
    case ADVK_ELU: return &activate<ADVK_ELU>;
    case ADVK_CLIP: return &activate<ADVK_CLIP>;
    case ADVK_SILU: return &activate<ADVK_SILU>;
    case ADVK_GELU: return &activate<ADVK_GELU>;
    case ADVK_SOFTPLUS: return &activate<ADVK_SOFTPLUS>;
    case ADVK_HARD_SIGMOID: return &activate<ADVK_HARD_SIGMOID>;
    case ADVK_HARD_SWISH: return &activate<ADVK_HARD_SWISH>;
    case ADVK_EXPONENTIAL: return &activate<ADVK_EXPONENTIAL>;
    case ADVK_ERF: return &activate<ADVK_ERF>;
    case ADVK_BINARY_SIGN: return &activate<ADVK_BINARY_SIGN>;
  }
  __builtin_unreachable();
}

inline void activation(const AdvkActivation *d, ptrdiff_t first, ptrdiff_t count) {
  const ActivationFunction function = find_activation(d->kind);
  for (ptrdiff_t image = first; image < first + count; ++image) {
    for (ptrdiff_t block = 0; block < d->output.blocks; ++block) {
      for (ptrdiff_t y = 0; y < d->output.height; ++y) function(*d, image, block, y);
    }
  }
}

inline void softmax_forward(const AdvkSoftmax *d, ptrdiff_t first, ptrdiff_t count) {
  for (ptrdiff_t image = first; image < first + count; ++image) {
    const float *input = d->input + image * d->input_stride;
    float *output = d->output + image * d->output_stride;
    float most = -__builtin_inff();
    for (ptrdiff_t i = 0; i < d->features; ++i) most = input[i] > most ? input[i] : most;
    double total = 0;
    for (ptrdiff_t i = 0; i < d->features; ++i) {
      output[i] = expf(input[i] - most);
      total += output[i];
    }
    for (ptrdiff_t i = 0; i < d->features; ++i) output[i] = static_cast<float>(output[i] / total);
  }
}

inline void softmax_input_gradient(const AdvkSoftmax *d, ptrdiff_t first, ptrdiff_t count) {
  for (ptrdiff_t image = first; image < first + count; ++image) {
    const float *gradient = d->input + image * d->input_stride;
    const float *saved = d->saved + image * d->saved_stride;
    float *output = d->output + image * d->output_stride;
    double total = 0;
    for (ptrdiff_t i = 0; i < d->features; ++i) total += static_cast<double>(gradient[i]) * saved[i];
    for (ptrdiff_t i = 0; i < d->features; ++i)
      output[i] = static_cast<float>(saved[i] * (gradient[i] - total));
  }
}

}  // namespace ADVK_NAMESPACE
