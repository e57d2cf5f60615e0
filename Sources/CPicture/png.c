// PNG by libpng, row by row: an interlaced one too, whose pixels are added wherever they belong as they come.
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "average.h"

// Bytes of a chunk beside the picture's own, and how many of these are kept: none is looked at.
enum { CHUNK_SIZE_MAX = 1 << 20, CHUNKS_MAX = 16 };

// What outlives a jump out of libpng.
struct png_reading {
  png_structp png;
  png_infop info;
  struct picture_bytes rest;
  struct average average;
  uint8_t *row;
  struct picture_why *why;
};

// Notes what cannot be allocated: libpng has several words for it.
static png_voidp allocate(png_structp png, png_alloc_size_t size) {
  struct png_reading *reading = png_get_mem_ptr(png);
  void *found = malloc(size);
  if (!found) reading->why->is_memory = true;
  return found;
}

static void release(png_structp png, png_voidp start) {
  (void)png;
  free(start);
}

static void read_bytes(png_structp png, png_bytep into, size_t count) {
  struct png_reading *reading = png_get_io_ptr(png);
  if (count > reading->rest.size) png_error(png, "expected more bytes, found the end");
  memcpy(into, reading->rest.start, count);
  reading->rest.start += count;
  reading->rest.size -= count;
}

static void give_up(png_structp png, png_const_charp words) {
  struct png_reading *reading = png_get_error_ptr(png);
  fail(reading->why, "%s", words);
  png_longjmp(png, 1);
}

// What is only doubtful is decoded as well as it can be.
static void ignore(png_structp png, png_const_charp words) {
  (void)png;
  (void)words;
}

static void read_pass(struct png_reading *reading, uint32_t width, uint32_t height, int pass) {
  uint32_t columns = PNG_PASS_COLS(width, pass), rows = PNG_PASS_ROWS(height, pass);
  if (!columns) return;
  for (uint32_t row = 0; row < rows; row += 1) {
    png_read_row(reading->png, reading->row, NULL);
    put_on_white(reading->row, reading->row, columns);
    average_add(
      &reading->average, reading->row, PNG_ROW_FROM_PASS_ROW(row, pass), PNG_PASS_START_COL(pass),
      1u << PNG_PASS_COL_SHIFT(pass), columns);
  }
}

static bool read_picture(struct png_reading *reading, struct picture_limits limits, struct picture_raster raster) {
  png_structp png = reading->png;
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_read_fn(png, reading, read_bytes);
  // Its own limits have no words; nothing that grows with the picture is allocated before ours are looked at.
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_chunk_malloc_max(png, CHUNK_SIZE_MAX);
  png_set_chunk_cache_max(png, CHUNKS_MAX);
  png_read_info(png, reading->info);
  uint32_t width = png_get_image_width(png, reading->info), height = png_get_image_height(png, reading->info);
  if (!is_allowed(width, height, limits, reading->why)) return false;
  // Whatever it is, rows of red, green, blue and alpha, a byte each.
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_gray_to_rgb(png);
  png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
  png_read_update_info(png, reading->info);
  reading->row = malloc(png_get_rowbytes(png, reading->info));
  if (!reading->row || !average_begin(&reading->average, width, height, raster))
    return fail_for_memory(reading->why, "a row");
  if (png_get_interlace_type(png, reading->info) == PNG_INTERLACE_NONE) {
    for (uint32_t row = 0; row < height; row += 1) {
      png_read_row(png, reading->row, NULL);
      put_on_white(reading->row, reading->row, width);
      average_add(&reading->average, reading->row, row, 0, 1, width);
    }
  } else {
    for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; pass += 1) read_pass(reading, width, height, pass);
  }
  // One that is cut behind its last row is cut.
  png_read_end(png, NULL);
  average_end(&reading->average);
  return true;
}

bool picture_decode_png(
  struct picture_bytes bytes, struct picture_limits limits, struct picture_raster raster, struct picture_why *why) {
  struct png_reading reading = {.rest = bytes, .why = why};
  reading.png = png_create_read_struct_2(
    PNG_LIBPNG_VER_STRING, &reading, give_up, ignore, &reading, allocate, release);
  if (!reading.png) return fail_for_memory(why, "libpng");
  reading.info = png_create_info_struct(reading.png);
  bool is_done = reading.info ? read_picture(&reading, limits, raster) : fail_for_memory(why, "libpng");
  png_destroy_read_struct(&reading.png, &reading.info, NULL);
  average_free(&reading.average);
  free(reading.row);
  return is_done;
}
