#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

// The library's tables of one decoding, and where to jump when it fails.
typedef struct {
  struct jpeg_error_mgr errors;  // first, so that the library's pointer to it is one to this
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  adv_jpeg_status status;
  adv_jpeg_image *image;
} decoding;

// A progressive file may repeat scans over a large image without end.
enum { MAXIMUM_SCANS = 256 };

static void fail(j_common_ptr common, adv_jpeg_status status, const char *text) {
  decoding *state = (decoding *)common->err;
  state->status = status;
  if (text)
    snprintf(state->image->message, ADV_JPEG_MESSAGE_SIZE, "%s", text);
  else {
    char message[JMSG_LENGTH_MAX];
    common->err->format_message(common, message);
    snprintf(state->image->message, ADV_JPEG_MESSAGE_SIZE, "%s", message);
  }
  longjmp(state->escape, 1);
}

static void on_error(j_common_ptr common) {
  switch (common->err->msg_code) {
    case JERR_INPUT_EOF:
    case JERR_INPUT_EMPTY: fail(common, ADV_JPEG_TRUNCATED, NULL); break;
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE: fail(common, ADV_JPEG_OUT_OF_MEMORY, NULL); break;
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CONVERSION_NOTIMPL: fail(common, ADV_JPEG_UNSUPPORTED, NULL); break;
    default: fail(common, ADV_JPEG_MALFORMED, NULL);
  }
}

// Warnings (level -1) mean that pixels are invented, except for these, which do not touch them.
static void on_message(j_common_ptr common, int level) {
  if (level >= 0) return;
  switch (common->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_BOGUS_ICC:
    case JWRN_ADOBE_XFORM: return;
    case JWRN_JPEG_EOF: fail(common, ADV_JPEG_TRUNCATED, NULL); break;
    default: fail(common, ADV_JPEG_MALFORMED, NULL);
  }
}

static void on_progress(j_common_ptr common) {
  if (((j_decompress_ptr)common)->input_scan_number > MAXIMUM_SCANS)
    fail(common, ADV_JPEG_TOO_LARGE, "the file has too many scans");
}

static void check_header(j_decompress_ptr jpeg, uint32_t max_side, uint64_t max_pixels) {
  j_common_ptr common = (j_common_ptr)jpeg;
  if (jpeg->image_width > max_side || jpeg->image_height > max_side ||
      (uint64_t)jpeg->image_width * jpeg->image_height > max_pixels)
    fail(common, ADV_JPEG_TOO_LARGE, "the image has too many pixels");
  if (jpeg->data_precision != 8) fail(common, ADV_JPEG_UNSUPPORTED, "the samples are not of 8 bits");
  switch (jpeg->num_components) {
    case 1: jpeg->out_color_space = JCS_GRAYSCALE; break;
    case 3: jpeg->out_color_space = JCS_RGB; break;
    case 4: jpeg->out_color_space = JCS_CMYK; break;
    default: fail(common, ADV_JPEG_UNSUPPORTED, "the image has neither 1 nor 3 nor 4 components");
  }
}

static void read_rows(j_decompress_ptr jpeg, adv_jpeg_image *image) {
  j_common_ptr common = (j_common_ptr)jpeg;
  jpeg->dct_method = JDCT_ISLOW;
  jpeg->do_fancy_upsampling = TRUE;
  jpeg_start_decompress(jpeg);
  image->width = jpeg->output_width;
  image->height = jpeg->output_height;
  image->channels = jpeg->output_components;
  image->inks_are_inverted = jpeg->saw_Adobe_marker;
  size_t stride = (size_t)image->width * image->channels;
  image->pixels = calloc(image->height, stride);
  if (!image->pixels) fail(common, ADV_JPEG_OUT_OF_MEMORY, "not enough memory for the pixels");
  while (jpeg->output_scanline < jpeg->output_height) {
    JSAMPROW row = image->pixels + jpeg->output_scanline * stride;
    jpeg_read_scanlines(jpeg, &row, 1);
  }
  jpeg_finish_decompress(jpeg);
}

adv_jpeg_status adv_jpeg_decode(const uint8_t *bytes, size_t count, uint32_t max_side, uint64_t max_pixels,
                                adv_jpeg_image *image) {
  memset(image, 0, sizeof *image);
  struct jpeg_decompress_struct jpeg;
  decoding state;
  memset(&jpeg, 0, sizeof jpeg);
  memset(&state, 0, sizeof state);
  state.image = image;
  jpeg.err = jpeg_std_error(&state.errors);
  state.errors.error_exit = on_error;
  state.errors.emit_message = on_message;
  if (setjmp(state.escape)) {
    jpeg_destroy_decompress(&jpeg);
    free(image->pixels);
    image->pixels = NULL;
    return state.status;
  }
  jpeg_create_decompress(&jpeg);
  state.progress.progress_monitor = on_progress;
  jpeg.progress = &state.progress;
  jpeg_mem_src(&jpeg, bytes, count);
  jpeg_read_header(&jpeg, TRUE);
  check_header(&jpeg, max_side, max_pixels);
  read_rows(&jpeg, image);
  jpeg_destroy_decompress(&jpeg);
  return ADV_JPEG_OK;
}

adv_jpeg_status adv_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels,
                                int quality, uint8_t **bytes, size_t *count,
                                char message[ADV_JPEG_MESSAGE_SIZE]) {
  struct jpeg_compress_struct jpeg;
  decoding state;
  adv_jpeg_image place;  // only for its message
  unsigned char *volatile buffer = NULL;
  unsigned char *written = NULL;
  unsigned long size = 0;
  memset(&jpeg, 0, sizeof jpeg);
  memset(&state, 0, sizeof state);
  memset(&place, 0, sizeof place);
  state.image = &place;
  *bytes = NULL;
  *count = 0;
  jpeg.err = jpeg_std_error(&state.errors);
  state.errors.error_exit = on_error;
  state.errors.emit_message = on_message;
  if (setjmp(state.escape)) {
    jpeg_destroy_compress(&jpeg);
    free(buffer);
    memcpy(message, place.message, ADV_JPEG_MESSAGE_SIZE);
    return state.status;
  }
  jpeg_create_compress(&jpeg);
  jpeg_mem_dest(&jpeg, &written, &size);
  buffer = written;
  jpeg.image_width = width;
  jpeg.image_height = height;
  jpeg.input_components = (int)channels;
  jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg.dct_method = JDCT_ISLOW;
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < height) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)jpeg.next_scanline * width * channels);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  *bytes = written;
  *count = size;
  return ADV_JPEG_OK;
}

void adv_jpeg_free(void *memory) { free(memory); }
