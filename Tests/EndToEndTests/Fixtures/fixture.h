// What the plugins of these tests have in common: their manifest, which the test has written.

#ifndef FIXTURE_H
#define FIXTURE_H

#include <promethean/note.h>

#include "../../Fixtures/plain_plugin.h"

PROMETHEAN_NOTE_FILE(MANIFEST)

#endif
