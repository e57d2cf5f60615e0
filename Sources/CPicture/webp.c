// WebP by libwebp, which reduces while it decodes.
#include <stdlib.h>
#include <webp/decode.h>

#include "average.h"

// Bytes that are kept of each pixel of a picture without loss, and of one with alpha, which is coded like it.
enum { KEPT_EACH = 4 };

// What libwebp calls a picture that is coded without loss.
enum { LOSSLESS = 2 };

static const char *words(VP8StatusCode status) {
  switch (status) {
  case VP8_STATUS_OUT_OF_MEMORY: return "no memory for libwebp";
  case VP8_STATUS_UNSUPPORTED_FEATURE: return "expected what libwebp decodes, found another feature";
  case VP8_STATUS_NOT_ENOUGH_DATA: return "expected more bytes, found the end";
  default: return "expected a bitstream of WebP's, found what is none";
  }
}

static uint32_t less(uint32_t one, uint32_t other) { return one < other ? one : other; }

bool picture_decode_webp(
  struct picture_bytes bytes, struct picture_limits limits, struct picture_raster raster, char *why) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return fail(why, "expected another version of libwebp");
  VP8StatusCode status = WebPGetFeatures(bytes.start, bytes.size, &config.input);
  if (status != VP8_STATUS_OK) return fail(why, "%s", words(status));
  uint32_t width = (uint32_t)config.input.width, height = (uint32_t)config.input.height;
  if (!is_allowed(width, height, limits, why)) return false;
  if (config.input.has_animation) return fail(why, "expected a still picture, found an animation");
  bool is_kept = config.input.has_alpha || config.input.format == LOSSLESS;
  if (is_kept && !is_affordable((uint64_t)width * height * KEPT_EACH, limits, why)) return false;

  uint32_t columns = less(width, raster.width), rows = less(height, raster.height);
  config.options.use_scaling = columns < width || rows < height;
  config.options.scaled_width = (int)columns;
  config.options.scaled_height = (int)rows;
  size_t stride = (size_t)columns * 4;
  uint8_t *pixels = malloc(stride * rows);
  config.output.colorspace = MODE_RGBA;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = (WebPRGBABuffer){.rgba = pixels, .stride = (int)stride, .size = stride * rows};
  struct average average = {0};
  bool is_done = false;
  if (!pixels || !average_begin(&average, columns, rows, raster)) {
    fail(why, "no memory for the picture");
  } else if ((status = WebPDecode(bytes.start, bytes.size, &config)) != VP8_STATUS_OK) {
    fail(why, "%s", words(status));
  } else {
    for (uint32_t row = 0; row < rows; row += 1) {
      uint8_t *line = pixels + row * stride;
      put_on_white(line, line, columns);
      average_add(&average, line, row, 0, 1, columns);
    }
    average_end(&average);
    is_done = true;
  }
  WebPFreeDecBuffer(&config.output);
  average_free(&average);
  free(pixels);
  return is_done;
}
