#pragma once

// Winograd's F(4x4, 3x3): its points, and how maps are cut into tiles. Independent of the instruction set.

#include "Geometry.hpp"

namespace advk {

/// A tile of 4 x 4 outputs reads a patch of 6 x 6 inputs and needs one product for each of 36 frequencies.
constexpr int tile_side = 4;
constexpr int patch_side = 6;
constexpr int frequencies = patch_side * patch_side;

/// The polynomials of the algorithm are joined at 0, +-near, +-far and infinity. The usual 1 and 2 have twice
/// the rms error and four times the largest error of these points (in float, 64 to 512 channels); squares and
/// cubes of both are exact in float.
constexpr double near_point = 0.75;
constexpr double far_point = 1.5;

/// Whether a panel's transformed weights, 36 x 32 outputs x inputs, no longer fit the second-level cache
/// beside what they are multiplied with.
inline bool streams_weights(ptrdiff_t input_blocks) { return input_blocks > 8; }

/// Tiles whose products are computed together, at most.
///
/// Up to 128 channels the transformed inputs of a group take 256 KiB, so that they stay in the second-level
/// cache with the products. From 144 channels on the weights no longer fit there, and 64 tiles let them be
/// read seldom. More tiles gain nothing.
inline ptrdiff_t most_tiles(ptrdiff_t input_blocks) {
  return streams_weights(input_blocks) ? 64 : 112 / input_blocks;
}

/// A step between frequencies, in floats: an odd number of cache lines, so that the 36 streams of a transform
/// spread over the sets of a cache.
inline ptrdiff_t frequency_step(ptrdiff_t lines) { return (lines | 1) * lanes; }

}  // namespace advk
