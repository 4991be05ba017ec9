#ifndef CPNG_H
#define CPNG_H

#include <stddef.h>
#include <stdint.h>

// libpng reports errors by longjmp, which must not cross Swift frames: every jump stays inside these calls.

typedef enum {
  ADV_PNG_OK = 0,
  ADV_PNG_MALFORMED,
  ADV_PNG_TRUNCATED,
  ADV_PNG_TOO_LARGE,
  ADV_PNG_OUT_OF_MEMORY
} adv_png_status;

#define ADV_PNG_MESSAGE_SIZE 200

typedef struct {
  uint32_t width;
  uint32_t height;
  uint32_t channels;  // 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha; 8 bits each, interleaved
  uint32_t bit_depth;  // of a sample in the file
  uint8_t *pixels;  // owned by the caller, released with adv_png_free
  char message[ADV_PNG_MESSAGE_SIZE];
} adv_png_image;

// Decodes a whole file held in memory. On failure `pixels` is null and `message` says why.
adv_png_status adv_png_decode(const uint8_t *bytes, size_t count, uint32_t max_side, uint64_t max_pixels,
                              adv_png_image *image);

typedef struct {
  uint8_t *bytes;  // owned by the caller, released with adv_png_free
  size_t count;
  char message[ADV_PNG_MESSAGE_SIZE];
} adv_png_file;

// Encodes 8-bit grey (1 channel) or RGB (3 channels). The bytes depend on the pixels and on zlib only.
adv_png_status adv_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels,
                              adv_png_file *file);

void adv_png_free(void *memory);

#endif
