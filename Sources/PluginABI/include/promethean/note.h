// The ELF note by which a plugin's library carries its manifest, so that a host reads it without mapping any code.
//
//   #include <promethean/note.h>
//
//   enum { manifest_size = sizeof((const uint8_t[]){
//   #embed "plugin.yml"
//   }) };
//
//   PROMETHEAN_NOTE(manifest_size) = {PROMETHEAN_NOTE_HEAD(manifest_size), {
//   #embed "plugin.yml"
//   }};
//
// A compiler without #embed (C23) writes `PROMETHEAN_NOTE_FILE("plugin.yml")` instead, and the assembler fetches the
// file.
//
// Layout: an ELF note (section `.note.promethean`, owner "Promethean", type 1) whose description is the ABI version,
// major and minor, each a little-endian uint16, and then the manifest's bytes.

#ifndef PROMETHEAN_NOTE_H
#define PROMETHEAN_NOTE_H

#include <promethean/plugin.h>

#define PROMETHEAN_NOTE_SECTION ".note.promethean"
#define PROMETHEAN_NOTE_OWNER "Promethean"
#define PROMETHEAN_NOTE_TYPE 1
/// The largest manifest, in bytes: a person wrote it.
#define PROMETHEAN_NOTE_MAX 65536

/// Begins the definition of the note over a manifest of SIZE bytes.
#define PROMETHEAN_NOTE(SIZE)                                                                                          \
  __attribute__((used, retain, section(PROMETHEAN_NOTE_SECTION), aligned(4))) static const struct {                    \
    uint32_t owner_size, description_size, type;                                                                       \
    char owner[12];                                                                                                    \
    uint16_t abi_major, abi_minor;                                                                                     \
    uint8_t manifest[SIZE];                                                                                            \
  } promethean_note

/// What stands before the manifest's bytes in the note.
#define PROMETHEAN_NOTE_HEAD(SIZE)                                                                                     \
  sizeof(PROMETHEAN_NOTE_OWNER), 4 + (SIZE), PROMETHEAN_NOTE_TYPE, PROMETHEAN_NOTE_OWNER, PROMETHEAN_ABI_MAJOR,        \
      PROMETHEAN_ABI_MINOR

#define PROMETHEAN_NOTE_STRING_(x) #x
#define PROMETHEAN_NOTE_STRING(x) PROMETHEAN_NOTE_STRING_(x)

/// Puts the manifest in FILE, a path that the assembler finds, into the library being built.
#define PROMETHEAN_NOTE_FILE(FILE)                                                                                     \
  __asm__(".pushsection " PROMETHEAN_NOTE_SECTION ",\"a\",@note\n"                                                     \
          ".balign 4\n"                                                                                                \
          ".long 11, 9f - 8f, " PROMETHEAN_NOTE_STRING(PROMETHEAN_NOTE_TYPE) "\n"                                      \
          ".asciz \"" PROMETHEAN_NOTE_OWNER "\"\n"                                                                     \
          ".balign 4\n"                                                                                                \
          "8: .short " PROMETHEAN_NOTE_STRING(PROMETHEAN_ABI_MAJOR) ", " PROMETHEAN_NOTE_STRING(PROMETHEAN_ABI_MINOR)  \
          "\n.incbin \"" FILE "\"\n"                                                                                   \
          "9: .balign 4\n"                                                                                             \
          ".popsection\n");

#endif
