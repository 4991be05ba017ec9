#include "CZlib.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static int window_bits(adv_zlib_wrapper wrapper) { return wrapper == ADV_ZLIB_GZIP ? 15 + 16 : -15; }

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// Makes room for more output: doubles, up to the limit and one byte that reveals when it is passed.
static adv_zlib_status grow(uint8_t **output, size_t *capacity, size_t max_output) {
  if (*capacity > max_output) return ADV_ZLIB_TOO_LARGE;
  size_t wanted = *capacity == 0 ? 1u << 16 : *capacity * 2;
  wanted = smaller(wanted, max_output + 1);
  uint8_t *larger = realloc(*output, wanted);
  if (!larger) return ADV_ZLIB_OUT_OF_MEMORY;
  *output = larger;
  *capacity = wanted;
  return ADV_ZLIB_OK;
}

static adv_zlib_status inflate_all(z_stream *stream, const uint8_t *input, size_t input_count,
                                   size_t max_output, uint8_t **output, size_t *produced, size_t *consumed) {
  size_t capacity = 0;
  for (;;) {
    if (*produced == capacity) {
      adv_zlib_status status = grow(output, &capacity, max_output);
      if (status != ADV_ZLIB_OK) return status;
    }
    uInt in = (uInt)smaller(input_count - *consumed, UINT_MAX);
    uInt out = (uInt)smaller(capacity - *produced, UINT_MAX);
    stream->next_in = (Bytef *)(input + *consumed);
    stream->avail_in = in;
    stream->next_out = *output + *produced;
    stream->avail_out = out;
    int result = inflate(stream, Z_NO_FLUSH);
    *consumed += in - stream->avail_in;
    *produced += out - stream->avail_out;
    if (result == Z_STREAM_END) return *produced > max_output ? ADV_ZLIB_TOO_LARGE : ADV_ZLIB_OK;
    if (result == Z_MEM_ERROR) return ADV_ZLIB_OUT_OF_MEMORY;
    if (result != Z_OK && result != Z_BUF_ERROR) return ADV_ZLIB_MALFORMED;
    if (*consumed == input_count && stream->avail_out > 0) return ADV_ZLIB_TRUNCATED;
  }
}

adv_zlib_status adv_inflate(const uint8_t *input, size_t input_count, adv_zlib_wrapper wrapper,
                            size_t max_output, uint8_t **output, size_t *output_count, size_t *consumed) {
  *output = NULL;
  *output_count = 0;
  *consumed = 0;
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (inflateInit2(&stream, window_bits(wrapper)) != Z_OK) return ADV_ZLIB_OUT_OF_MEMORY;
  adv_zlib_status status =
      inflate_all(&stream, input, input_count, max_output, output, output_count, consumed);
  inflateEnd(&stream);
  if (status != ADV_ZLIB_OK) {
    free(*output);
    *output = NULL;
    *output_count = 0;
  }
  return status;
}

adv_zlib_status adv_deflate(const uint8_t *input, size_t input_count, adv_zlib_wrapper wrapper,
                            uint8_t **output, size_t *output_count) {
  *output = NULL;
  *output_count = 0;
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (input_count > UINT_MAX / 2) return ADV_ZLIB_TOO_LARGE;
  if (deflateInit2(&stream, 6, Z_DEFLATED, window_bits(wrapper), 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return ADV_ZLIB_OUT_OF_MEMORY;
  uLong bound = deflateBound(&stream, input_count);
  *output = malloc(bound);
  if (!*output) {
    deflateEnd(&stream);
    return ADV_ZLIB_OUT_OF_MEMORY;
  }
  stream.next_in = (Bytef *)input;
  stream.avail_in = (uInt)input_count;
  stream.next_out = *output;
  stream.avail_out = (uInt)bound;
  int result = deflate(&stream, Z_FINISH);
  *output_count = bound - stream.avail_out;
  deflateEnd(&stream);
  return result == Z_STREAM_END ? ADV_ZLIB_OK : ADV_ZLIB_MALFORMED;
}

uint32_t adv_crc32(const uint8_t *bytes, size_t count) { return (uint32_t)crc32_z(0, bytes, count); }

void adv_zlib_free(void *memory) { free(memory); }
