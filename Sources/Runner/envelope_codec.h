// Between the envelope of the ABI, a struct of views, and the one in the rings, one piece of bytes.

#ifndef ENVELOPE_CODEC_H
#define ENVELOPE_CODEC_H

#include <promethean/plugin.h>

/// Copies an envelope of a plugin's, which may be of an older or newer header, into one of ours. Returns NULL, or what
/// is wrong with it.
const char *envelope_accept(const promethean_plugin_envelope *theirs, promethean_envelope *ours);
/// Bytes that an accepted envelope takes.
uint64_t envelope_size(const promethean_envelope *envelope);
/// Writes an accepted envelope.
void envelope_encode(const promethean_envelope *envelope, uint8_t *into);
/// Makes an envelope of views into `bytes`. Returns an ENVELOPE_ code.
int envelope_view(const uint8_t *bytes, uint64_t size, promethean_envelope *envelope);

#endif
