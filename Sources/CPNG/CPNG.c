#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

// What both directions share; lives in the caller's frame, so longjmp cannot clobber it.
typedef struct {
  jmp_buf escape;
  adv_png_status status;
  char *message;
  const uint8_t *input;
  size_t input_count;
  size_t input_position;
  adv_png_file *output;
  size_t output_capacity;
} codec;

static void on_error(png_structp png, png_const_charp text) {
  codec *state = png_get_error_ptr(png);
  if (state->status == ADV_PNG_OK) state->status = ADV_PNG_MALFORMED;
  strncpy(state->message, text, ADV_PNG_MESSAGE_SIZE - 1);
  longjmp(state->escape, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  // Warnings concern ancillary chunks, which do not change the pixels.
  (void)png;
  (void)text;
}

static void fail(png_structp png, codec *state, adv_png_status status, const char *text) {
  state->status = status;
  png_error(png, text);
}

static void read_bytes(png_structp png, png_bytep destination, size_t count) {
  codec *state = png_get_io_ptr(png);
  if (count > state->input_count - state->input_position)
    fail(png, state, ADV_PNG_TRUNCATED, "the file ends before the image does");
  memcpy(destination, state->input + state->input_position, count);
  state->input_position += count;
}

static void check_size(png_structp png, png_infop info, codec *state, uint64_t max_pixels) {
  uint64_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
  if (width * height > max_pixels) fail(png, state, ADV_PNG_TOO_LARGE, "the image has too many pixels");
  // Deflate expands at most 1032 to 1: a header that promises more is refused before memory is taken.
  uint64_t raw = (uint64_t)png_get_rowbytes(png, info) * height;
  if (raw / 1032 > state->input_count)
    fail(png, state, ADV_PNG_TRUNCATED, "the header promises more pixels than the file can hold");
}

static void request_8_bits(png_structp png, png_infop info) {
  int colour = png_get_color_type(png, info);
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  if (png_get_valid(png, info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(png);
  if (png_get_bit_depth(png, info) == 16) png_set_scale_16(png);
}

static void read_rows(png_structp png, png_infop info, codec *state, adv_png_image *image) {
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  image->width = png_get_image_width(png, info);
  image->height = png_get_image_height(png, info);
  image->channels = png_get_channels(png, info);
  size_t stride = png_get_rowbytes(png, info);
  if (stride != (size_t)image->width * image->channels)
    fail(png, state, ADV_PNG_MALFORMED, "the decoded rows are not 8 bits per sample");
  image->pixels = calloc(image->height, stride);
  if (!image->pixels) fail(png, state, ADV_PNG_OUT_OF_MEMORY, "not enough memory for the pixels");
  for (int pass = 0; pass < passes; pass++)
    for (uint32_t row = 0; row < image->height; row++) png_read_row(png, image->pixels + row * stride, NULL);
  png_read_end(png, NULL);
}

adv_png_status adv_png_decode(const uint8_t *bytes, size_t count, uint32_t max_side, uint64_t max_pixels,
                              adv_png_image *image) {
  memset(image, 0, sizeof *image);
  codec state = {.status = ADV_PNG_OK, .message = image->message, .input = bytes, .input_count = count};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    return ADV_PNG_OUT_OF_MEMORY;
  }
  if (setjmp(state.escape)) {
    png_destroy_read_struct(&png, &info, NULL);
    free(image->pixels);
    image->pixels = NULL;
    return state.status;
  }
  png_set_read_fn(png, &state, read_bytes);
  png_set_user_limits(png, max_side, max_side);
  png_set_chunk_malloc_max(png, 8u << 20);
  png_set_chunk_cache_max(png, 128);
  png_read_info(png, info);
  image->bit_depth = png_get_bit_depth(png, info);
  check_size(png, info, &state, max_pixels);
  request_8_bits(png, info);
  read_rows(png, info, &state, image);
  png_destroy_read_struct(&png, &info, NULL);
  return ADV_PNG_OK;
}

static void write_bytes(png_structp png, png_bytep source, size_t count) {
  codec *state = png_get_io_ptr(png);
  adv_png_file *file = state->output;
  if (count > state->output_capacity - file->count) {
    size_t capacity = 2 * (file->count + count);
    uint8_t *larger = realloc(file->bytes, capacity);
    if (!larger) fail(png, state, ADV_PNG_OUT_OF_MEMORY, "not enough memory for the file");
    file->bytes = larger;
    state->output_capacity = capacity;
  }
  memcpy(file->bytes + file->count, source, count);
  file->count += count;
}

static void flush_bytes(png_structp png) { (void)png; }

adv_png_status adv_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels,
                              adv_png_file *file) {
  memset(file, 0, sizeof *file);
  codec state = {.status = ADV_PNG_OK, .message = file->message, .output = file};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_write_struct(&png, NULL);
    return ADV_PNG_OUT_OF_MEMORY;
  }
  if (setjmp(state.escape)) {
    png_destroy_write_struct(&png, &info);
    free(file->bytes);
    file->bytes = NULL;
    return state.status;
  }
  png_set_write_fn(png, &state, write_bytes, flush_bytes);
  png_set_IHDR(png, info, width, height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(png, 6);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_ALL_FILTERS);
  png_write_info(png, info);
  size_t stride = (size_t)width * channels;
  for (uint32_t row = 0; row < height; row++) png_write_row(png, pixels + row * stride);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return ADV_PNG_OK;
}

void adv_png_free(void *memory) { free(memory); }
