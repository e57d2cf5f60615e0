// JPEG by libjpeg-turbo, row by row, of which it decodes no more than an eighth, a quarter and so on where the raster is
// so much smaller.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jerror.h>
#include <jpeglib.h>

#include "average.h"

enum {
  // Scans of a progressive one, of which each goes over the whole picture; encoders write ten or so.
  SCANS_MAX = 64,
  // The parts of a block that are decoded, of eight.
  BLOCK = 8,
};

// What outlives a jump out of libjpeg.
struct jpeg_reading {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf back;
  struct average average;
  uint8_t *row;
  struct picture_why *why;
};

_Noreturn static void give_up(j_common_ptr jpeg) {
  struct jpeg_reading *reading = jpeg->client_data;
  if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY) reading->why->is_memory = true;
  char words[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, words);
  fail(reading->why, "%s", words);
  longjmp(reading->back, 1);
}

// Tells what is damaged from what is only unusual: what has no level is a warning, after which libjpeg makes something up.
static void hear(j_common_ptr jpeg, int level) {
  if (level >= 0) return;
  switch (jpeg->err->msg_code) {
  case JWRN_EXTRANEOUS_DATA:
  case JWRN_ADOBE_XFORM:
  case JWRN_JFIF_MAJOR: return;
  default: give_up(jpeg);
  }
}

static void count_scans(j_common_ptr jpeg) {
  struct jpeg_reading *reading = jpeg->client_data;
  if (reading->jpeg.input_scan_number <= SCANS_MAX) return;
  fail(reading->why, "expected at most %d scans, found more", SCANS_MAX);
  longjmp(reading->back, 1);
}

// Bytes of the coefficients, which are kept of the whole picture if it comes in several scans.
static uint64_t coefficients(struct jpeg_decompress_struct *jpeg) {
  if (!jpeg_has_multiple_scans(jpeg)) return 0;
  uint64_t blocks = 0;
  for (int index = 0; index < jpeg->num_components; index += 1)
    blocks += (uint64_t)jpeg->comp_info[index].width_in_blocks * jpeg->comp_info[index].height_in_blocks;
  return blocks * sizeof(JBLOCK);
}

// The least scale at which the picture has as many pixels as the raster, both ways.
static unsigned scale(struct jpeg_decompress_struct *jpeg, struct picture_raster raster) {
  unsigned scale = 1;
  while (scale < BLOCK && ((uint64_t)jpeg->image_width * scale < (uint64_t)raster.width * BLOCK ||
                           (uint64_t)jpeg->image_height * scale < (uint64_t)raster.height * BLOCK))
    scale += 1;
  return scale;
}

// Turns inks into light, in place: Adobe's are stored inverted, which everybody's are.
static void mix_inks(uint8_t *row, uint32_t count, bool is_inverted) {
  const uint8_t *inks = row;
  for (uint32_t index = 0; index < count; index += 1, row += 3, inks += 4)
    for (int colour = 0; colour < 3; colour += 1) {
      uint32_t ink = inks[colour], black = inks[3];
      row[colour] = (uint8_t)((is_inverted ? ink * black : (255 - ink) * (255 - black)) / 255);
    }
}

static bool read_picture(
  struct jpeg_reading *reading, struct picture_bytes bytes, struct picture_limits limits, struct picture_raster raster) {
  struct jpeg_decompress_struct *jpeg = &reading->jpeg;
  if (setjmp(reading->back)) return false;
  jpeg_create_decompress(jpeg);
  jpeg->progress = &reading->progress;
  jpeg_mem_src(jpeg, bytes.start, bytes.size);
  jpeg_read_header(jpeg, TRUE);
  if (!is_allowed(jpeg->image_width, jpeg->image_height, limits, reading->why)) return false;
  // Hardly anybody writes it, browsers do not read it, and a few bytes of it can keep a decoder busy for long.
  if (jpeg->arith_code) return fail(reading->why, "expected Huffman coding, found arithmetic");
  if (!is_affordable(coefficients(jpeg), limits, reading->why)) return false;
  bool has_inks = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
  jpeg->out_color_space = has_inks ? JCS_CMYK : JCS_RGB;
  jpeg->dct_method = JDCT_ISLOW;
  jpeg->scale_num = scale(jpeg, raster);
  jpeg->scale_denom = BLOCK;
  jpeg_start_decompress(jpeg);
  reading->row = malloc((size_t)jpeg->output_width * jpeg->output_components);
  if (!reading->row || !average_begin(&reading->average, jpeg->output_width, jpeg->output_height, raster))
    return fail_for_memory(reading->why, "a row");
  while (jpeg->output_scanline < jpeg->output_height) {
    uint32_t y = jpeg->output_scanline;
    jpeg_read_scanlines(jpeg, &reading->row, 1);
    if (has_inks) mix_inks(reading->row, jpeg->output_width, jpeg->saw_Adobe_marker);
    average_add(&reading->average, reading->row, y, 0, 1, jpeg->output_width);
  }
  jpeg_finish_decompress(jpeg);
  average_end(&reading->average);
  return true;
}

bool picture_decode_jpeg(
  struct picture_bytes bytes, struct picture_limits limits, struct picture_raster raster, struct picture_why *why) {
  struct jpeg_reading reading = {.why = why};
  reading.jpeg.err = jpeg_std_error(&reading.errors);
  reading.jpeg.client_data = &reading;
  reading.errors.error_exit = give_up;
  reading.errors.emit_message = hear;
  reading.progress.progress_monitor = count_scans;
  bool is_done = read_picture(&reading, bytes, limits, raster);
  jpeg_destroy_decompress(&reading.jpeg);
  average_free(&reading.average);
  free(reading.row);
  return is_done;
}
