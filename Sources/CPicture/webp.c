// WebP by libwebp, which reduces while it decodes.
#include <stdlib.h>
#include <webp/decode.h>

#include "average.h"

// What libwebp calls a picture that is coded with loss.
enum { LOSSY = 1 };

static bool fail_with(VP8StatusCode status, struct picture_why *why) {
  switch (status) {
  case VP8_STATUS_OUT_OF_MEMORY: return fail_for_memory(why, "libwebp");
  case VP8_STATUS_UNSUPPORTED_FEATURE: return fail(why, "expected what libwebp decodes, found another feature");
  case VP8_STATUS_NOT_ENOUGH_DATA: return fail(why, "expected more bytes, found the end");
  default: return fail(why, "expected a bitstream of WebP's, found what is none");
  }
}

// Whether its memory has a bound: what is coded without loss, which transparency may be too, brings up to 65,536 groups of
// tables, some 20 kB each, however few its pixels are.
static bool is_bounded(const WebPBitstreamFeatures *found, struct picture_why *why) {
  const char *expected = "expected a WebP with loss and without transparency";
  if (found->has_animation) return fail(why, "%s, found an animation", expected);
  if (found->has_alpha) return fail(why, "%s, found one with transparency", expected);
  if (found->format != LOSSY) return fail(why, "%s, found one without loss", expected);
  return true;
}

static uint32_t less(uint32_t one, uint32_t other) { return one < other ? one : other; }

bool picture_decode_webp(
  struct picture_bytes bytes, struct picture_limits limits, struct picture_raster raster, struct picture_why *why) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return fail(why, "expected another version of libwebp");
  VP8StatusCode status = WebPGetFeatures(bytes.start, bytes.size, &config.input);
  if (status != VP8_STATUS_OK) return fail_with(status, why);
  uint32_t width = (uint32_t)config.input.width, height = (uint32_t)config.input.height;
  if (!is_allowed(width, height, limits, why)) return false;
  if (!is_bounded(&config.input, why)) return false;

  uint32_t columns = less(width, raster.width), rows = less(height, raster.height);
  config.options.use_scaling = columns < width || rows < height;
  config.options.scaled_width = (int)columns;
  config.options.scaled_height = (int)rows;
  size_t stride = (size_t)columns * 3;
  uint8_t *pixels = malloc(stride * rows);
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = (WebPRGBABuffer){.rgba = pixels, .stride = (int)stride, .size = stride * rows};
  struct average average = {0};
  bool is_done = false;
  if (!pixels || !average_begin(&average, columns, rows, raster)) {
    fail_for_memory(why, "the picture");
  } else if ((status = WebPDecode(bytes.start, bytes.size, &config)) != VP8_STATUS_OK) {
    fail_with(status, why);
  } else {
    for (uint32_t row = 0; row < rows; row += 1) average_add(&average, pixels + row * stride, row, 0, 1, columns);
    average_end(&average);
    is_done = true;
  }
  WebPFreeDecBuffer(&config.output);
  average_free(&average);
  free(pixels);
  return is_done;
}
