// What host and runner say to each other. Private to this version of the two: they are built together, and the runner's
// first message proves it (WIRE_PROTOCOL).
//
// The data plane: two rings in one sealed memfd (ring.h), frames of a `wire_frame` head and a body.
// The control plane: a SEQPACKET socket, messages of a `wire_control` head and a body.

#ifndef WIRE_H
#define WIRE_H

#include <stdint.h>

/// Changes whenever anything in this file, ring.h or envelope_layout.h does.
#define WIRE_PROTOCOL 4

// MARK: - Descriptors that a runner is spawned with

#define WIRE_FD_CONTROL 3
#define WIRE_FD_RINGS 4
/// The host writes it, the runner waits on it.
#define WIRE_FD_TO_PLUGIN 5
/// The runner writes it, the host waits on it.
#define WIRE_FD_TO_HOST 6
/// The plugin's library: the very file that was hashed.
#define WIRE_FD_LIBRARY 7
#define WIRE_FD_FIRST_FREE 8

// MARK: - Frames in the rings

typedef struct wire_frame {
  /// What the frame is, WIRE_…
  uint16_t op;
  /// A small argument of the op.
  int16_t argument;
  /// Bytes of the body after this head.
  uint32_t size;
  /// Which request, publish or delivery is meant.
  uint64_t token;
} wire_frame;

// From plugin to host.

/// Body: an envelope, its host fields empty. token: answer with WIRE_RESULT under it, unless 0.
#define WIRE_PUBLISH 1
/// Body: an envelope, its host fields empty.
#define WIRE_REQUEST 2
/// Body: a topic pattern.
#define WIRE_SUBSCRIBE 3
/// token: the delivery; argument: PROMETHEAN_SETTLE_…; body: the reason.
#define WIRE_SETTLE 4
/// token: the delivery; argument: status (OK or an error); body: an envelope of which intent, content_type and payload
/// count.
#define WIRE_RESPOND 5
/// argument: WIRE_STATE_GET…; body: `wire_state`, provider, tenant, key, document.
#define WIRE_STATE 6
/// argument: severity; body: u32 length of the message, message, fields.
#define WIRE_LOG 7
/// argument: kind; token: the bits of the double; body: u16 length of the name, name, labels as a plugin gives them.
#define WIRE_METRIC 8
/// argument: PROMETHEAN_DIAL_…; body: u16 port, the host's name or address. Answered by WIRE_DIALED on the control
/// socket, or, if there is no connection, by WIRE_RESULT.
#define WIRE_DIAL 9

// From host to plugin.

/// token: the delivery; body: an envelope.
#define WIRE_DELIVER 32
/// token: whose answer; argument: status; body: a text, or, with WIRE_RESULT_ENVELOPE, an envelope.
#define WIRE_RESULT 33
#define WIRE_RESULT_ENVELOPE 34

#define WIRE_STATE_GET 0
#define WIRE_STATE_PUT 1
#define WIRE_STATE_REMOVE 2

typedef struct wire_state {
  uint64_t expected;
  uint32_t document;
  uint16_t provider;
  uint16_t tenant;
  uint16_t key;
  uint16_t reserved0;
  uint32_t reserved1;
} wire_state;

// MARK: - Messages on the control socket

typedef struct wire_control {
  uint32_t kind;
  int32_t status;
  uint64_t token;
} wire_control;

/// The longest control message, in bytes, head included; well under the default SO_SNDBUF.
#define WIRE_CONTROL_MAX 131072

// From host to runner.

/// First. Body: `wire_setup` and what it counts.
#define WIRE_SETUP 1
/// Begin `start`.
#define WIRE_START 2
/// Begin `stop`.
#define WIRE_STOP 3
/// The connection asked for by WIRE_DIAL under that token: its descriptor is attached. Body: the address it leads to.
#define WIRE_DIALED 4
/// The credentials of the instance's tenant, all of them. Body: for each, u16 length and name, u16 length and value.
#define WIRE_SECRETS 5
/// Give what the next generation is to go on with. Answered by WIRE_GAVE.
#define WIRE_GIVE 6
/// Take what an earlier generation gave, ahead of WIRE_START. token: its version; body: what it gave. Answered by
/// WIRE_TOOK.
#define WIRE_TAKE 7
/// The next generation did not come to be: go on.
#define WIRE_RESUME 8

/// The most that all credentials of a tenant come to, in bytes of WIRE_SECRETS's body.
#define WIRE_SECRETS_MAX 16384

// From runner to host.

/// The sandbox is closed and has tested itself. token: WIRE_LEVEL_…; status: WIRE_VAULT_…; body: what is missing and
/// why, if anything.
#define WIRE_SANDBOXED 32
/// The library is mapped and its table accepted.
#define WIRE_LOADED 33
/// `create` has returned OK. token: bits WIRE_HAS_….
#define WIRE_CREATED 34
/// `start` has ended; status, and a text if it failed.
#define WIRE_STARTED 35
/// `stop` has ended and `destroy` returned; the runner exits now.
#define WIRE_STOPPED 36
/// The runner gives up. token: the WIRE_STAGE_… it was in; body: why, for people.
#define WIRE_FAILED 37
/// The answer to WIRE_GIVE. status; token: the version; body: what is given, or, with an error, a text.
#define WIRE_GAVE 38
/// The answer to WIRE_TAKE. status, and a text if it failed.
#define WIRE_TOOK 39
/// How the plugin says that it is, ahead of WIRE_STARTED and whenever that changes. status; body: why.
#define WIRE_HEALTH 40

/// The plugin can hand over.
#define WIRE_HAS_HANDOVER 1

/// Namespaces, private root, Landlock, seccomp, limits.
#define WIRE_LEVEL_FULL 3
/// Landlock, seccomp, limits; no namespaces.
#define WIRE_LEVEL_LANDLOCK 2
/// seccomp and limits only.
#define WIRE_LEVEL_NONE 1

/// Where credentials are kept: nowhere, in memory that not even root can read (memfd_secret), in memory that is kept
/// off the swap and out of core files.
#define WIRE_VAULT_NONE 0
#define WIRE_VAULT_SECRET 1
#define WIRE_VAULT_LOCKED 2

/// Stages, for the words of an error. A failure in NAMESPACES or LANDLOCK lets the host try again with less, if its
/// policy allows.
#define WIRE_STAGE_SETUP 1
#define WIRE_STAGE_LIMITS 2
#define WIRE_STAGE_NAMESPACES 3
#define WIRE_STAGE_IDENTITY 4
#define WIRE_STAGE_LANDLOCK 5
#define WIRE_STAGE_SECCOMP 6
#define WIRE_STAGE_SELF_TEST 7
#define WIRE_STAGE_LOAD 8
#define WIRE_STAGE_CREATE 9

// MARK: - Set-up

/// Which extensions the plugin was granted; bit n of `wire_setup.extensions`.
#define WIRE_EXTENSION_LOG 0
#define WIRE_EXTENSION_CLOCK 1
#define WIRE_EXTENSION_METRICS 2
#define WIRE_EXTENSION_PUBLISH 3
#define WIRE_EXTENSION_SUBSCRIBE 4
#define WIRE_EXTENSION_STATE 5
#define WIRE_EXTENSION_DIAL 6
#define WIRE_EXTENSION_SECRETS 7

/// Do not try namespaces: they failed before on this machine.
#define WIRE_SETUP_NO_NAMESPACES 1
/// Do not try Landlock: the kernel has none.
#define WIRE_SETUP_NO_LANDLOCK 2

/// How a path is granted.
#define WIRE_PATH_LIBRARIES 'l'
#define WIRE_PATH_READ 'r'
#define WIRE_PATH_WRITE 'w'

/// What a runner is to do. Texts follow, each NUL-terminated, in this order: library's name (for messages), plugin id,
/// instance name, provider, tenant, config, config_rev, binding; then `paths` times a letter (WIRE_PATH_…) and an absolute,
/// resolved path.
typedef struct wire_setup {
  uint32_t protocol;
  uint32_t flags;
  uint32_t extensions;
  uint32_t paths;
  /// Who the plugin is to be, when the runner starts as root; 0: stay.
  uint32_t uid;
  uint32_t gid;
  int32_t nice;
  /// How often the plugin is asked how it is, in milliseconds.
  uint32_t health;
  /// Limits: bytes of address space, bytes of data, bytes of one file, descriptors, threads.
  uint64_t address_space;
  uint64_t data;
  uint64_t file_size;
  uint64_t descriptors;
  uint64_t threads;
} wire_setup;

#endif
