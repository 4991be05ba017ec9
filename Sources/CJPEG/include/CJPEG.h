#ifndef CJPEG_H
#define CJPEG_H

#include <stddef.h>
#include <stdint.h>

// libjpeg-turbo reports errors through a callback that must not return: the jump stays inside these calls.

typedef enum {
  ADV_JPEG_OK = 0,
  ADV_JPEG_MALFORMED,
  ADV_JPEG_TRUNCATED,
  ADV_JPEG_UNSUPPORTED,
  ADV_JPEG_TOO_LARGE,
  ADV_JPEG_OUT_OF_MEMORY
} adv_jpeg_status;

#define ADV_JPEG_MESSAGE_SIZE 256

typedef struct {
  uint32_t width;
  uint32_t height;
  uint32_t channels;  // 1 grey, 3 RGB, 4 CMYK; 8 bits each, interleaved
  int inks_are_inverted;  // CMYK as Adobe's programs store it: 255 is no ink
  uint8_t *pixels;  // owned by the caller, released with adv_jpeg_free
  char message[ADV_JPEG_MESSAGE_SIZE];
} adv_jpeg_image;

// Decodes a whole file held in memory, with the accurate integer transform and smooth chroma upsampling.
// Damage that the library would paper over is an error. On failure `pixels` is null, `message` says why.
adv_jpeg_status adv_jpeg_decode(const uint8_t *bytes, size_t count, uint32_t max_side, uint64_t max_pixels,
                                adv_jpeg_image *image);

// Encodes grey (1) or RGB (3 channels) pixels as a baseline file with the library's defaults: accurate integer
// transform, colours at half resolution. `bytes` is owned by the caller, released with adv_jpeg_free.
adv_jpeg_status adv_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels,
                                int quality, uint8_t **bytes, size_t *count, char message[ADV_JPEG_MESSAGE_SIZE]);

void adv_jpeg_free(void *memory);

#endif
