#include "envelope_layout.h"

int envelope_is_utf8(const uint8_t *bytes, uint64_t size) {
  uint64_t i = 0;
  while (i < size) {
    if (i + 8 <= size) {
      uint64_t word;
      memcpy(&word, bytes + i, 8);
      if (!(word & 0x8080808080808080)) {
        i += 8;
        continue;
      }
    }
    uint8_t lead = bytes[i++];
    if (lead < 0x80) continue;
    int more = lead >= 0xC2 && lead <= 0xDF ? 1 : (lead & 0xF0) == 0xE0 ? 2 : lead >= 0xF0 && lead <= 0xF4 ? 3 : 0;
    if (!more || i + more > size) return 0;
    uint8_t first = bytes[i];
    // The second byte's range is what rules out overlong forms, surrogates and what lies past U+10FFFF.
    if (first < (lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80)) return 0;
    if (first > (lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF)) return 0;
    for (int n = 1; n < more; n++)
      if ((bytes[i + n] & 0xC0) != 0x80) return 0;
    i += more;
  }
  return 1;
}
