// Speed of the convolution kernels on one core, as GFLOP/s and as a share of the measured multiply-add peak.
//
//   clang++ -O2 -std=c++20 -ISources/CKernels/include Benchmarks/kernels.cpp Sources/CKernels/*.cpp -o
//   /tmp/kernels /tmp/kernels [avx512|avx2|plain] [images]
//
// Each figure is the best of repeated runs, in processor time; the peak is
// measured again beside every figure.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "CKernels.h"

namespace {

/// Processor time of this thread: other work on the machine does not count.
double seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Least seconds of one run of `work`, from samples long enough for the clock.
template <class Work>
double least_time(Work work) {
  const double begin = seconds();
  work();
  const int runs = 1 + static_cast<int>(0.01 / (seconds() - begin + 1e-9));
  double least = 1e30;
  for (int sample = 0; sample < 15; ++sample) {
    const double start = seconds();
    for (int run = 0; run < runs; ++run) work();
    least = std::min(least, (seconds() - start) / runs);
  }
  return least;
}

double peak(AdvkISA isa) {
  float sink = 1;
  double flops = 0;
  const double time = least_time([&] { flops = advk_peak_probe(isa, 200000, &sink); });
  return flops / time * 1e-9;
}

/// Floats on a cache line's boundary.
struct Buffer {
  std::vector<float> storage;
  float *start;

  explicit Buffer(ptrdiff_t size) : storage(static_cast<size_t>(size) + 16) {
    start = reinterpret_cast<float *>((reinterpret_cast<uintptr_t>(storage.data()) + 63) / 64 * 64);
  }
  Buffer(const Buffer &) = delete;
};

struct Map {
  AdvkView view;
  Buffer buffer;

  Map(ptrdiff_t images, ptrdiff_t channels, ptrdiff_t size, ptrdiff_t halo)
      : view(shape(channels, size, halo)), buffer(images * view.image_stride) {
    view.origin = buffer.start + halo * (view.row_stride + 16);
  }

  static AdvkView shape(ptrdiff_t channels, ptrdiff_t size, ptrdiff_t halo) {
    const ptrdiff_t blocks = (channels + 15) / 16, padded = size + 2 * halo;
    AdvkView view = {};
    view.row_stride = padded * 16;
    view.block_stride = padded * view.row_stride;
    view.image_stride = blocks * view.block_stride;
    view.blocks = blocks;
    view.height = view.width = size;
    return view;
  }
};

struct Planes {
  AdvkPlanes planes = {};
  Buffer buffer;

  Planes(ptrdiff_t images, ptrdiff_t channels, ptrdiff_t size, ptrdiff_t halo)
      : buffer(images * channels * (size + 2 * halo) * (size + 2 * halo)) {
    const ptrdiff_t padded = size + 2 * halo;
    planes.row_stride = padded;
    planes.channel_stride = padded * padded;
    planes.image_stride = channels * planes.channel_stride;
    planes.channels = channels;
    planes.height = planes.width = size;
    planes.origin = buffer.start + halo * (padded + 1);
  }
};

struct Case {
  const char *name;
  ptrdiff_t inputs, outputs, size, kernel, stride, padding;
};

void report(const char *what, double flops, double time, AdvkISA isa) {
  const double rate = flops / time * 1e-9, best = peak(isa);
  std::printf("  %-18s %8.1f GFLOP/s  %5.1f %% of %.1f\n", what, rate, 100 * rate / best, best);
}

/// Effective speed: the operations of the direct kernel over the time of Winograd's algorithm.
void run_winograd(const AdvkConvolutionShape &shape, const AdvkView &x, const AdvkView &y, double flops,
                  AdvkISA isa, ptrdiff_t images) {
  Buffer packed(advk_winograd_weights_size(isa, &shape, ADVK_FORWARD));
  Buffer forward(advk_winograd_scratch_size(isa, &shape, ADVK_FORWARD));
  Buffer backward(advk_winograd_scratch_size(isa, &shape, ADVK_INPUT_GRADIENT));
  const AdvkWinograd f = {{x, y, shape.window, 1, 0, packed.start, {}, {}}, forward.start};
  const AdvkWinograd b = {{y, x, shape.window, 1, 0, packed.start, {}, {}}, backward.start};
  report("winograd forward", flops, least_time([&] { advk_winograd_forward(isa, &f, 0, images); }), isa);
  report("winograd gradient", flops, least_time([&] { advk_winograd_input_gradient(isa, &b, 0, images); }),
         isa);
}

/// Products of bf16 numbers; on a processor without them the peak is that of floats.
void run_bf16(const AdvkConvolutionShape &shape, const AdvkView &x, const AdvkView &y, double flops,
              AdvkISA isa, ptrdiff_t images) {
  Buffer packed(advk_bf16_weights_size(isa, &shape, ADVK_FORWARD));
  Buffer forward(advk_bf16_scratch_size(isa, &shape, ADVK_FORWARD, y.height, y.width));
  Buffer backward(advk_bf16_scratch_size(isa, &shape, ADVK_INPUT_GRADIENT, x.height, x.width));
  const AdvkBF16Convolution f = {{x, y, shape.window, 1, 0, packed.start, {}, {}}, forward.start};
  const AdvkBF16Convolution b = {{y, x, shape.window, 1, 0, packed.start, {}, {}}, backward.start};
  report("bf16 forward", flops, least_time([&] { advk_bf16_forward(isa, &f, 0, images); }), isa);
  report("bf16 gradient", flops, least_time([&] { advk_bf16_input_gradient(isa, &b, 0, images); }), isa);
}

void run(const Case &c, AdvkISA isa, ptrdiff_t images) {
  const ptrdiff_t out = (c.size + 2 * c.padding - c.kernel) / c.stride + 1;
  const AdvkConvolutionShape shape = {
      c.inputs,
      c.outputs,
      1,
      {c.kernel, c.kernel, c.stride, c.stride, 1, 1, c.padding, c.padding, c.padding, c.padding}};
  const ptrdiff_t halo = c.kernel - 1;
  const double flops = 2.0 * images * c.inputs * c.outputs * out * out * c.kernel * c.kernel;
  std::printf("%s, %td images\n", c.name, images);
  Map y(images, c.outputs, out, halo);
  const bool stem = c.inputs < 16;
  const auto size = stem ? advk_stem_weights_size : advk_convolution_weights_size;
  Buffer packed(size(isa, &shape, ADVK_FORWARD));
  Buffer gradient(size(isa, &shape, ADVK_FORWARD));
  if (stem) {
    Planes x(images, c.inputs, c.size, halo);
    const AdvkStem d = {x.planes, y.view, shape.window, packed.start, {}, {}};
    report("forward", flops, least_time([&] { advk_stem_forward(isa, &d, 0, images); }), isa);
    report("input gradient", flops, least_time([&] { advk_stem_input_gradient(isa, &d, 0, images); }), isa);
    const AdvkStemWeightGradient w = {x.planes, y.view, shape.window, gradient.start};
    report("weight gradient", flops, least_time([&] { advk_stem_weight_gradient(isa, &w, 0, images); }), isa);
    return;
  }
  Map x(images, c.inputs, c.size, halo);
  const AdvkConvolution f = {x.view, y.view, shape.window, 1, 0, packed.start, {}, {}};
  const AdvkConvolution b = {y.view, x.view, shape.window, 1, 0, packed.start, {}, {}};
  report("forward", flops, least_time([&] { advk_convolution_forward(isa, &f, 0, images); }), isa);
  report("input gradient", flops, least_time([&] { advk_convolution_input_gradient(isa, &b, 0, images); }),
         isa);
  const AdvkWeightGradient w = {x.view, y.view, shape.window, 1, gradient.start};
  report("weight gradient", flops, least_time([&] { advk_convolution_weight_gradient(isa, &w, 0, images); }),
         isa);
  run_bf16(shape, x.view, y.view, flops, isa, images);
  if (advk_winograd_fits(&shape)) run_winograd(shape, x.view, y.view, flops, isa, images);
}

void run_linear(ptrdiff_t inputs, ptrdiff_t outputs, ptrdiff_t images, AdvkISA isa) {
  std::printf("linear %td->%td, %td images\n", inputs, outputs, images);
  Buffer x(images * inputs), y(images * outputs), gradient(inputs * outputs);
  Buffer packed(advk_linear_weights_size(isa, inputs, outputs, ADVK_FORWARD));
  const double flops = 2.0 * images * inputs * outputs;
  const AdvkLinear d = {x.start, inputs, y.start, outputs, inputs, outputs, packed.start, nullptr, {}};
  report("forward", flops, least_time([&] { advk_linear(isa, &d, 0, images); }), isa);
  const AdvkLinearWeightGradient w = {x.start, inputs, y.start, outputs, inputs, outputs, gradient.start};
  report("weight gradient", flops, least_time([&] { advk_linear_weight_gradient(isa, &w, 0, images); }), isa);
}

void report_bytes(const char *what, double bytes, double time) {
  std::printf("  %-24s %8.1f GB/s\n", what, bytes / time * 1e-9);
}

/// Kernels that are bound by memory, in bytes read and written.
void run_memory(AdvkISA isa, ptrdiff_t images) {
  std::printf("64@56, %td images\n", images);
  Map x(images, 64, 56, 1), y(images, 64, 56, 1), pooled(images, 64, 28, 1);
  const double map = 4.0 * images * 64 * 56 * 56;
  std::vector<uint16_t> bits(static_cast<size_t>(images * 4 * 56 * 56));
  std::vector<uint8_t> indices(static_cast<size_t>(images * 64 * 28 * 28));
  AdvkPointwise add = {};
  add.input = x.view;
  add.output = add.residual = y.view;
  report_bytes("add", 3 * map, least_time([&] { advk_pointwise(isa, &add, 0, images); }));
  add.relu = true;
  add.saved_mask = {bits.data(), 4 * 56 * 56, 56 * 56, 56};
  report_bytes("add, relu, save mask", 3 * map, least_time([&] { advk_pointwise(isa, &add, 0, images); }));
  AdvkPool pool = {};
  pool.input = x.view;
  pool.output = pooled.view;
  pool.window = {3, 3, 2, 2, 1, 1, 1, 1, 1, 1};
  pool.indices = indices.data();
  report_bytes("max pool 3x3/2", 1.25 * map,
               least_time([&] { advk_max_pool_forward(isa, &pool, 0, images); }));
  pool.input = pooled.view;
  pool.output = y.view;
  report_bytes("max pool gradient", 1.25 * map,
               least_time([&] { advk_max_pool_input_gradient(isa, &pool, 0, images); }));
  std::vector<double> sums(64), products(64);
  const AdvkChannelSums s = {x.view, x.view, nullptr, nullptr, sums.data(), products.data()};
  report_bytes("channel sums", map, least_time([&] { advk_channel_sums(isa, &s, 0, images); }));
  Planes planes(images, 64, 56, 0);
  const AdvkLayoutCopy copy = {planes.planes, x.view, {}};
  report_bytes("planar to blocked", 2 * map,
               least_time([&] { advk_planar_to_blocked(isa, &copy, 0, images); }));
  report_bytes("blocked to planar", 2 * map,
               least_time([&] { advk_blocked_to_planar(isa, &copy, 0, images); }));
}

}  // namespace

int main(int count, char **arguments) {
  AdvkISA isa = advk_isa_best();
  if (count > 1 && !advk_isa_named(arguments[1], &isa)) return 2;
  const ptrdiff_t images = count > 2 ? std::atoi(arguments[2]) : 2;
  const Case cases[] = {
      {"3x3 64@56", 64, 64, 56, 3, 1, 1},
      {"3x3 128@28", 128, 128, 28, 3, 1, 1},
      {"3x3 256@14", 256, 256, 14, 3, 1, 1},
      {"3x3 512@7", 512, 512, 7, 3, 1, 1},
      {"3x3 16@32", 16, 16, 32, 3, 1, 1},
      {"3x3 32@16", 32, 32, 16, 3, 1, 1},
      {"3x3 64@8", 64, 64, 8, 3, 1, 1},
      {"3x3/2 64->128@56", 64, 128, 56, 3, 2, 1},
      {"1x1 256->64@56", 256, 64, 56, 1, 1, 0},
      {"1x1/2 256->512@56", 256, 512, 56, 1, 2, 0},
      {"stem 7x7/2 3->64@224", 3, 64, 224, 7, 2, 3},
      {"stem 3x3 3->16@32", 3, 16, 32, 3, 1, 1},
  };
  for (const Case &c : cases) run(c, isa, images);
  run_linear(512, 1000, 1, isa);
  run_linear(512, 1000, 64, isa);
  run_linear(4096, 1000, 64, isa);
  run_memory(isa, images);
  return 0;
}
