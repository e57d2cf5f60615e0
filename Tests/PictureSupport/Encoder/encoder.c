#include "PictureEncoder.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>

static void append(png_structp png, png_bytep bytes, size_t count) {
  volatile struct encoded *encoded = png_get_io_ptr(png);
  uint8_t *grown = realloc(encoded->start, encoded->size + count);
  if (!grown) png_error(png, "no memory");
  memcpy(grown + encoded->size, bytes, count);
  encoded->start = grown;
  encoded->size += count;
}

static void flush(png_structp png) { (void)png; }

struct encoded encode_png(const uint8_t *pixels, uint32_t width, uint32_t height, int channels, bool is_interlaced) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct(png);
  // Volatile, since it changes behind setjmp; each call has its own, since tests run side by side.
  volatile struct encoded encoded = {0};
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    free(encoded.start);
    return (struct encoded){0};
  }
  png_set_write_fn(png, (void *)&encoded, append, flush);
  int type = channels == 1 ? PNG_COLOR_TYPE_GRAY : channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGBA;
  int interlace = is_interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE;
  png_set_IHDR(png, info, width, height, 8, type, interlace, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
  png_write_info(png, info);
  int passes = png_set_interlace_handling(png);
  for (int pass = 0; pass < passes; pass += 1)
    for (uint32_t y = 0; y < height; y += 1) png_write_row(png, pixels + (size_t)y * width * channels);
  png_write_end(png, NULL);
  png_destroy_write_struct(&png, &info);
  return (struct encoded){.start = encoded.start, .size = encoded.size};
}

struct encoded encode_jpeg(
  const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int quality, bool is_progressive,
  bool is_arithmetic) {
  struct jpeg_compress_struct jpeg = {0};
  struct jpeg_error_mgr errors;
  unsigned char *bytes = NULL;
  unsigned long size = 0;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = width;
  jpeg.image_height = height;
  jpeg.input_components = channels;
  jpeg.in_color_space = channels == 4 ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg.arith_code = is_arithmetic;
  if (is_progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < height) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)jpeg.next_scanline * width * channels);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  return (struct encoded){.start = bytes, .size = size};
}

struct encoded encode_webp(const uint8_t *pixels, uint32_t width, uint32_t height, int quality, bool is_lossless) {
  uint8_t *bytes = NULL;
  int stride = (int)width * 4;
  size_t size = is_lossless ? WebPEncodeLosslessRGBA(pixels, (int)width, (int)height, stride, &bytes)
                            : WebPEncodeRGBA(pixels, (int)width, (int)height, stride, (float)quality, &bytes);
  // libwebp has a function of its own to free what it gives.
  uint8_t *start = size ? malloc(size) : NULL;
  if (start) memcpy(start, bytes, size);
  WebPFree(bytes);
  return (struct encoded){.start = start, .size = start ? size : 0};
}
