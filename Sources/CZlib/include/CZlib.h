#ifndef CZLIB_H
#define CZLIB_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
  ADV_ZLIB_OK = 0,
  ADV_ZLIB_MALFORMED,
  ADV_ZLIB_TRUNCATED,
  ADV_ZLIB_TOO_LARGE,
  ADV_ZLIB_OUT_OF_MEMORY
} adv_zlib_status;

typedef enum { ADV_ZLIB_RAW = 0, ADV_ZLIB_GZIP = 1 } adv_zlib_wrapper;

// Inflates one stream, growing the output as it comes and never beyond `max_output` bytes. `consumed` is
// where the stream ended in the input. The output is released with adv_zlib_free.
adv_zlib_status adv_inflate(const uint8_t *input, size_t input_count, adv_zlib_wrapper wrapper,
                            size_t max_output, uint8_t **output, size_t *output_count, size_t *consumed);

// Deflates into one stream of the same wrapper; the output is released with adv_zlib_free.
adv_zlib_status adv_deflate(const uint8_t *input, size_t input_count, adv_zlib_wrapper wrapper,
                            uint8_t **output, size_t *output_count);

uint32_t adv_crc32(const uint8_t *bytes, size_t count);

void adv_zlib_free(void *memory);

#endif
