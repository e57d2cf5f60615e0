#include <promethean/note.h>

enum { manifest_size = sizeof((const uint8_t[]){
#embed "../plugin.yml"
}) };

PROMETHEAN_NOTE(manifest_size) = {PROMETHEAN_NOTE_HEAD(manifest_size), {
#embed "../plugin.yml"
}};
