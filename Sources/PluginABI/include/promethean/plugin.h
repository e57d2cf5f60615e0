// The plugin ABI of Promethean, version 1.
//
// A plugin is a shared library that exports one function, `promethean_plugin_entry_v1`, and carries its manifest
// in an ELF note (promethean/note.h). Nothing else of it is called before that function, and the host's runner calls
// it in a sandboxed process that belongs to this instance alone.
//
// How this header evolves. These rules are part of the contract.
//
//  1. Every struct begins with `struct_size`, which its writer sets to sizeof. A reader uses no more than the smaller of
//     that and its own sizeof; what lies beyond the writer's size is absent (zero). Structs only grow, at the end.
//  2. What is published never changes in place: neither layout nor meaning. Ownership, lifetime, thread, and which pointers
//     may be NULL are meaning. A function that must change gets a new name.
//  3. Everything optional is an extension: a struct asked for by id, `"promethean.name/REVISION"`. An id is immutable once
//     published, drafts included. NULL means: not known to this host, or not granted to this plugin.
//  4. A host runs a plugin when the major versions are equal and the plugin's minor is not above the host's; anything else
//     is refused with a message. A minor version adds fields, functions and extensions, and removes none. What a plugin runs
//     on is in `promethean_host`: its version, its size, and what `extension` finds.
//     1.1 added `binding` to `promethean_host`, "promethean.handover/1", "promethean.health/1" and "promethean.metrics/2";
//     all else is of 1.0.
//  5. Integers have a fixed width. No C enum, bool, long, bit-field or union stands in a public struct. New status codes
//     and constants may appear from the host to the plugin; a plugin treats one it does not know as PROMETHEAN_FAILED. A bit
//     that is not defined here must be zero, and the reader refuses one that is not.
//  6. The envelope's own schema has a version of its own (`docs/envelope.md`); it is not the ABI's.
//
// Ownership is written in the type. `promethean_host_bytes` and `promethean_host_envelope` are lent by the host until
// the call returns; `promethean_plugin_bytes` and `promethean_plugin_envelope` are lent by the plugin until the call
// returns: the host has copied what it needs by then. Neither side frees what the other allocated. What a plugin wants
// to keep longer than the call it copies, or holds through "promethean.buffer/1".
//
// Threads. [main] means: never entered concurrently, on the one thread that the runner gives the instance; the host
// calls a plugin only there, and a plugin may call back from inside such a call. [any] means: callable from any thread
// of the plugin's, from `create` until `stop` has completed; then all threads of the plugin must be gone.

#ifndef PROMETHEAN_PLUGIN_H
#define PROMETHEAN_PLUGIN_H

#include <stdint.h>

#define PROMETHEAN_ABI_MAJOR 1
#define PROMETHEAN_ABI_MINOR 1

#if defined(__clang__)
#define PROMETHEAN_NULLABLE _Nullable
#define PROMETHEAN_NONNULL _Nonnull
#define PROMETHEAN_ASSUME_NONNULL_BEGIN _Pragma("clang assume_nonnull begin")
#define PROMETHEAN_ASSUME_NONNULL_END _Pragma("clang assume_nonnull end")
#else
#define PROMETHEAN_NULLABLE
#define PROMETHEAN_NONNULL
#define PROMETHEAN_ASSUME_NONNULL_BEGIN
#define PROMETHEAN_ASSUME_NONNULL_END
#endif

PROMETHEAN_ASSUME_NONNULL_BEGIN

#ifdef __cplusplus
extern "C" {
#endif

// MARK: - Status

/// How a call, or an operation that a call began, ended.
typedef int32_t promethean_status;

/// Done.
#define PROMETHEAN_OK 0
/// Begun: the answer follows by `completed` (host) or by `complete`, `settle`, `respond` (plugin).
#define PROMETHEAN_PENDING 1
/// No room now. Nothing was taken; try again in the next `poll`.
#define PROMETHEAN_AGAIN 2
/// It did not work; the text says why.
#define PROMETHEAN_FAILED -1
/// Refused by the plugin's grants. The refusal stands in the host's audit log.
#define PROMETHEAN_DENIED -2
/// An argument is malformed or too large; the text says which.
#define PROMETHEAN_INVALID -3
/// The deadline passed before an answer came. The effect may or may not have happened.
#define PROMETHEAN_TIMEOUT -4
/// Nobody serves what was asked for.
#define PROMETHEAN_UNAVAILABLE -5
/// There is no such thing (state key, document).
#define PROMETHEAN_NOT_FOUND -6
/// The instance is stopping.
#define PROMETHEAN_CANCELLED -7
/// The other side writes a version that does not match (a state document changed meanwhile, an ABI is too new).
#define PROMETHEAN_CONFLICT -8

// MARK: - Bytes

/// Some bytes that somebody owns: text is UTF-8 and is not NUL-terminated. `data` may be NULL when `size` is 0.
typedef struct promethean_bytes {
  const uint8_t *PROMETHEAN_NULLABLE data;
  uint64_t size;
} promethean_bytes;

/// Bytes of the host's, valid until the call returns.
typedef promethean_bytes promethean_host_bytes;
/// Bytes of the plugin's, valid until the call returns.
typedef promethean_bytes promethean_plugin_bytes;

// MARK: - Envelope

/// The envelope is happening now.
#define PROMETHEAN_ORIGIN_LIVE 0
/// The envelope was fetched from a provider's history.
#define PROMETHEAN_ORIGIN_BACKFILL 1
/// The envelope was replayed from the journal.
#define PROMETHEAN_ORIGIN_REPLAY 2

/// Somebody waits for exactly one response.
#define PROMETHEAN_FLAG_REQUEST 1
/// This answers the request whose `corr` it bears.
#define PROMETHEAN_FLAG_RESPONSE 2
/// With RESPONSE: the answer is an error, and the payload says which.
#define PROMETHEAN_FLAG_ERROR 4

/// The largest payload that travels in an envelope, in bytes; CloudEvents obliges intermediaries to forward 64 KiB.
#define PROMETHEAN_PAYLOAD_MAX 65536

/// What all plugins say to each other: a topic, an intent, and a payload that the host does not read.
///
/// Fields marked (host) are stamped by the host. In an envelope that a plugin sends they are empty or zero; one that
/// claims anything but what the host would stamp is refused and audited.
typedef struct promethean_envelope {
  uint32_t struct_size;
  /// Which delivery of this envelope to this consumer this is, from 1. (host)
  uint32_t attempt;
  /// How many plugins it or what caused it has passed. (host)
  uint32_t hops;
  /// PROMETHEAN_ORIGIN_…
  uint8_t origin;
  /// PROMETHEAN_FLAG_… (host)
  uint8_t flags;
  uint16_t reserved;
  /// When the host took it, in nanoseconds since 1970-01-01 UTC. (host)
  int64_t ts;
  /// When the sender gives up, in the same clock; 0 = never.
  int64_t deadline;
  /// Who sent it: a plugin's id, or `client:<id>`. (host)
  promethean_bytes src;
  /// (host) The tenant it belongs to, read from the topic and checked against the sender's binding; empty on the host's
  /// own topics.
  promethean_bytes provider;
  promethean_bytes tenant;
  /// Where an answer to this message may go: an opaque handle. (host) On topics of the area `social` a plugin shows it:
  /// the handle of the message that it answers, which allows to write in that message's space, and only there.
  promethean_bytes reply;
  /// `promethean.p.<provider>.t.<tenant>.<area>.<name>`, or `promethean.sys.<area>.<name>`.
  promethean_bytes topic;
  /// Unique per sender. Derived from the provider's own id where there is one, so that every copy of an event has the
  /// same; empty: the host makes one.
  promethean_bytes id;
  /// What is meant, e.g. `SocialMessageCreated`.
  promethean_bytes intent;
  /// Envelopes of one key keep their order and are handled one at a time. Empty: each on its own.
  promethean_bytes key;
  /// W3C traceparent. Empty: the host begins a trace.
  promethean_bytes trace;
  /// What pairs a response with its request.
  promethean_bytes corr;
  /// Media type of the payload; empty: application/json.
  promethean_bytes content_type;
  /// What an effect acts on, e.g. a collection, or the URN of the space to write in; checked against the sender's
  /// grants.
  promethean_bytes resource;
  /// What made this output: the build, the models (a JSON list of {name, version, checksum}), the revision of the
  /// configuration.
  promethean_bytes build;
  promethean_bytes models;
  promethean_bytes config_rev;
  /// At most PROMETHEAN_PAYLOAD_MAX bytes.
  promethean_bytes payload;
} promethean_envelope;

/// An envelope of the host's, valid until the call returns, bytes and all.
typedef promethean_envelope promethean_host_envelope;
/// An envelope of the plugin's, valid until the call returns, bytes and all.
typedef promethean_envelope promethean_plugin_envelope;

// MARK: - What the host gives a plugin

/// The host as one instance sees it. It lives as long as the instance.
typedef struct promethean_host {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  /// First argument of every function of the host's.
  void *context;
  /// The plugin's id, and the name of this instance of it, unique in the deployment. Both live as long as the instance.
  promethean_bytes plugin_id;
  promethean_bytes instance_name;
  /// The tenant that an access instance is bound to; both empty for one that serves several.
  promethean_bytes provider;
  promethean_bytes tenant;
  /// The configuration from the operator's manifest, defaults filled in: a JSON object. Lives as long as the instance.
  promethean_bytes config;
  /// Digest of that configuration, and of the binding where there is one, for `config_rev`.
  promethean_bytes config_rev;

  /// Finds an extension by id. NULL: this host does not have it, or the plugin was not granted it. [any]
  const void *PROMETHEAN_NULLABLE (*PROMETHEAN_NONNULL extension)(void *context, promethean_plugin_bytes id);
  /// Says why the call that the plugin is about to return from with an error status failed. [main]
  void (*error_set)(void *context, promethean_plugin_bytes message);
  /// Ends a `start` or `stop` that returned PROMETHEAN_PENDING. [any]
  void (*complete)(void *context, uint64_t operation, promethean_status status, promethean_plugin_bytes message);
  /// Asks for a `poll` soon. Cheap when one is already due. [any]
  void (*wake)(void *context);

  /// Since 1.1: what the operator lets an access instance do with its tenant; empty for one that serves several. A JSON
  /// object of three, `{"allow": {…}, "rate": {…}, "grants": {…}}`: the tenant's `allow` (lists of texts by name; a list
  /// that is not there leaves nothing out) and `rate`, and of each granted capability on the provider, such as
  /// `provider.rest.call`, the patterns of its routes, in which `*` stands for any run of characters; a capability that
  /// is granted whole has none, and one that is not granted is not there. Lives as long as the instance.
  promethean_bytes binding;
} promethean_host;

/// The longest binding, in bytes.
#define PROMETHEAN_BINDING_MAX 65536

// MARK: - What a plugin gives the host

/// A plugin's functions. The table lives as long as the library is mapped, which is for good.
typedef struct promethean_plugin {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  /// The same id as in the manifest.
  promethean_bytes id;

  /// Makes the instance: reads its configuration, touches nothing outside. [main, once, first]
  promethean_status (*create)(const promethean_host *host, void *PROMETHEAN_NULLABLE *PROMETHEAN_NULLABLE instance);
  /// Acquires what the instance needs. OK: ready. PENDING: ready when `complete` says so. [main, once]
  promethean_status (*start)(void *instance, uint64_t operation);
  /// Takes one envelope. OK: handled, its effects done. PENDING: `settle` or `respond` follows. An error: to be
  /// delivered again, or, if it is a request, answered with that error. [main, after start has succeeded]
  promethean_status (*deliver)(void *instance, uint64_t delivery, const promethean_host_envelope *envelope);
  /// Hears how something that the plugin began under `token` ended; a `result` comes with some of them. [main]
  void (*completed)(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                    const promethean_host_envelope *PROMETHEAN_NULLABLE result);
  /// Does work of its own that is due. Called after `wake`, after a batch of deliveries, and when room has come back
  /// after PROMETHEAN_AGAIN. [main]
  void (*poll)(void *instance);
  /// Finishes: no delivery comes any more. OK or, after PENDING, `complete`: every thread of the instance is gone and
  /// nothing of the host's is called any more. [main, once]
  promethean_status (*stop)(void *instance, uint64_t operation);
  /// Frees the instance. [main, once, last]
  void (*destroy)(void *instance);
  /// Finds an extension of the plugin's by id; may itself be NULL. [main]
  const void *PROMETHEAN_NULLABLE (*PROMETHEAN_NULLABLE extension)(void *instance, promethean_host_bytes id);
} promethean_plugin;

/// The one symbol that a plugin exports. NULL: the plugin cannot run here.
const promethean_plugin *PROMETHEAN_NULLABLE promethean_plugin_entry_v1(void);
/// A pointer to it, as the loader finds it.
typedef const promethean_plugin *PROMETHEAN_NULLABLE (*promethean_plugin_entry)(void);
#define PROMETHEAN_PLUGIN_ENTRY "promethean_plugin_entry_v1"

/// How long `stop` may take, in seconds, until its completion is said; then the host ends the process.
#define PROMETHEAN_STOP_SECONDS 10

// MARK: - Extensions of the host. The first argument of each function is `promethean_host.context`.

/// Severity of a log line, in the numbers of OpenTelemetry.
#define PROMETHEAN_LOG_DEBUG 5
#define PROMETHEAN_LOG_INFO 9
#define PROMETHEAN_LOG_WARN 13
#define PROMETHEAN_LOG_ERROR 17

/// "promethean.log/1", by the grant `log`.
#define PROMETHEAN_LOG_V1 "promethean.log/1"
typedef struct promethean_log_v1 {
  uint32_t struct_size;
  /// Writes a line; `fields` is a JSON object or empty. A line that finds no room is dropped and counted. [any]
  void (*write)(void *context, int32_t severity, promethean_plugin_bytes message, promethean_plugin_bytes fields);
} promethean_log_v1;

/// "promethean.clock/1", by the grant `clock`.
#define PROMETHEAN_CLOCK_V1 "promethean.clock/1"
typedef struct promethean_clock_v1 {
  uint32_t struct_size;
  /// Nanoseconds since 1970-01-01 UTC. [any]
  int64_t (*realtime)(void *context);
  /// Nanoseconds that never run backwards. [any]
  int64_t (*monotonic)(void *context);
  /// `completed(token, OK)` comes after that many nanoseconds; AGAIN: too many timers. [any]
  promethean_status (*after)(void *context, int64_t nanoseconds, uint64_t token);
} promethean_clock_v1;

/// Kinds of metric, as Prometheus knows them.
#define PROMETHEAN_METRIC_COUNTER 0
#define PROMETHEAN_METRIC_GAUGE 1
#define PROMETHEAN_METRIC_HISTOGRAM 2

/// "promethean.metrics/1", by the grant `metrics`.
#define PROMETHEAN_METRICS_V1 "promethean.metrics/1"
typedef struct promethean_metrics_v1 {
  uint32_t struct_size;
  /// Adds to a counter, sets a gauge, or observes a value. `name` is lower-case snake case without the prefix that the
  /// host puts before it; a counter's ends in `_total`. At most PROMETHEAN_METRICS_MAX names per plugin are kept. [any]
  void (*record)(void *context, int32_t kind, promethean_plugin_bytes name, double value);
} promethean_metrics_v1;
#define PROMETHEAN_METRICS_MAX 64

/// "promethean.metrics/2", since 1.1, by the grant `metrics`.
#define PROMETHEAN_METRICS_V2 "promethean.metrics/2"
typedef struct promethean_metrics_v2 {
  uint32_t struct_size;
  /// The same for one series of a name, which is told from the others by its labels: `name=value` and a line feed for
  /// each, at most PROMETHEAN_LABELS_MAX and PROMETHEAN_LABELS_SIZE bytes together. Label names are lower-case snake
  /// case, the same ones whenever the metric is recorded, and neither `plugin`, `instance` nor `le`. A value is UTF-8 of
  /// up to PROMETHEAN_LABEL_VALUE_MAX bytes, and cut if it is longer; control characters in it are replaced. At most
  /// PROMETHEAN_SERIES_MAX series with labels are kept of a plugin: what comes for more counts under labels whose values
  /// are all `other`. [any]
  void (*record)(void *context, int32_t kind, promethean_plugin_bytes name, promethean_plugin_bytes labels, double value);
} promethean_metrics_v2;
#define PROMETHEAN_LABELS_MAX 8
#define PROMETHEAN_LABELS_SIZE 4096
#define PROMETHEAN_LABEL_VALUE_MAX 128
#define PROMETHEAN_SERIES_MAX 1024

/// "promethean.publish/1", by the grant `publish`.
#define PROMETHEAN_PUBLISH_V1 "promethean.publish/1"
typedef struct promethean_publish_v1 {
  uint32_t struct_size;
  /// Sends an envelope to whoever subscribes to its topic. With a token other than 0, `completed(token, …)` comes once:
  /// OK when it is recorded (durable areas) or routed (ephemeral ones), DENIED when refused. PENDING, AGAIN or INVALID.
  /// [any]
  promethean_status (*publish)(void *context, const promethean_plugin_envelope *envelope, uint64_t token);
} promethean_publish_v1;

/// "promethean.request/1": always there; what may be asked for is by the grant of the capability.
#define PROMETHEAN_REQUEST_V1 "promethean.request/1"
typedef struct promethean_request_v1 {
  uint32_t struct_size;
  /// Sends a request. `completed(token, …)` comes exactly once, with the response as its result, or an error status and
  /// a text, at the envelope's deadline at the latest (0: the host's default of 30 s). PENDING, AGAIN or INVALID. [any]
  promethean_status (*request)(void *context, const promethean_plugin_envelope *envelope, uint64_t token);
} promethean_request_v1;

/// How a delivery is settled.
#define PROMETHEAN_SETTLE_ACK 0
/// Not handled: deliver it again, or put it to the dead letters after too many attempts.
#define PROMETHEAN_SETTLE_RETRY 1
/// Given back untried, e.g. while stopping: deliver it again, counting no attempt.
#define PROMETHEAN_SETTLE_RELEASE 2
/// It can never be handled: to the dead letters at once.
#define PROMETHEAN_SETTLE_REJECT 3

/// "promethean.subscribe/1", by the grant `subscribe`.
#define PROMETHEAN_SUBSCRIBE_V1 "promethean.subscribe/1"
typedef struct promethean_subscribe_v1 {
  uint32_t struct_size;
  /// Subscribes to a pattern beyond the `inputs` of the manifest, which are subscribed by themselves. `completed(token,
  /// …)` says OK or DENIED. PENDING, AGAIN or INVALID. [any]
  promethean_status (*subscribe)(void *context, promethean_plugin_bytes pattern, uint64_t token);
  /// Settles a delivery that `deliver` left PENDING: PROMETHEAN_SETTLE_…, and why if it is not ACK. OK or AGAIN. [any]
  promethean_status (*settle)(void *context, uint64_t delivery, int32_t how, promethean_plugin_bytes reason);
  /// Answers a request, which settles it: payload, content_type, intent and flags' ERROR of `envelope` are used, the
  /// rest is the host's. OK, AGAIN or INVALID. [any]
  promethean_status (*respond)(void *context, uint64_t delivery, const promethean_plugin_envelope *envelope);
} promethean_subscribe_v1;

/// "promethean.state/1", by the grant `state`: small documents that the host keeps for the plugin across restarts.
#define PROMETHEAN_STATE_V1 "promethean.state/1"
/// The largest state document, in bytes.
#define PROMETHEAN_STATE_MAX 32768
typedef struct promethean_state_v1 {
  uint32_t struct_size;
  /// Reads a document. `completed` brings its bytes as the result's payload and its version, in decimal, as the
  /// result's `config_rev`; NOT_FOUND if there is none. `provider` and `tenant` must be within the instance's tenants.
  /// PENDING, AGAIN or INVALID. [any]
  promethean_status (*get)(void *context, promethean_plugin_bytes provider, promethean_plugin_bytes tenant,
                           promethean_plugin_bytes key, uint64_t token);
  /// Writes a document durably. `expected` is the version it replaces: 0 for none yet, UINT64_MAX for whichever.
  /// CONFLICT if another is there. [any]
  promethean_status (*put)(void *context, promethean_plugin_bytes provider, promethean_plugin_bytes tenant,
                           promethean_plugin_bytes key, uint64_t expected, promethean_plugin_bytes document, uint64_t token);
  /// Removes a document; OK also if there was none. [any]
  promethean_status (*remove)(void *context, promethean_plugin_bytes provider, promethean_plugin_bytes tenant,
                              promethean_plugin_bytes key, uint64_t token);
} promethean_state_v1;

/// What a plugin dials.
#define PROMETHEAN_DIAL_TCP 0
#define PROMETHEAN_DIAL_UDP 1

/// "promethean.dial/1", by the grant `net.dial`: connections that the host makes, since a plugin can make none itself.
#define PROMETHEAN_DIAL_V1 "promethean.dial/1"
typedef struct promethean_dial_v1 {
  uint32_t struct_size;
  /// Asks for a connection to a host, by name or address, and a port. `completed(token, …)` comes once: OK with the
  /// address that was reached as its message; DENIED if no grant covers it, or the name leads to an address that only a
  /// grant of this very name opens; UNAVAILABLE if there is no such name; TIMEOUT; or FAILED. PENDING, AGAIN (too many
  /// are open) or INVALID. [any]
  promethean_status (*dial)(void *context, int32_t network, promethean_plugin_bytes host, uint16_t port,
                            uint64_t token);
  /// Takes the connection of the dial that completes now, within `completed`: a connected socket, nonblocking and
  /// close-on-exec, which is the plugin's to close. -1 if there is none. What is not taken is closed. [main]
  int32_t (*take)(void *context, uint64_t token);
} promethean_dial_v1;

/// "promethean.secrets/1", by the grant `secrets.read`: credentials of the instance's own tenant.
#define PROMETHEAN_SECRETS_V1 "promethean.secrets/1"
typedef struct promethean_secrets_v1 {
  uint32_t struct_size;
  /// Finds a credential by name; from `start` on. The bytes lie in memory of this process that others cannot read;
  /// copies of them do not, so make none that is not needed. They are valid until the call that tells of newer ones has
  /// returned. OK, or NOT_FOUND. [main]
  promethean_status (*find)(void *context, promethean_plugin_bytes name, promethean_host_bytes *value);
} promethean_secrets_v1;

/// An extension of the plugin's: it hears of newer credentials.
#define PROMETHEAN_SECRETS_CHANGED_V1 "promethean.secrets_changed/1"
typedef struct promethean_secrets_changed_v1 {
  uint32_t struct_size;
  /// The credentials have been replaced: `find` gives the new ones, and the old are wiped when this returns. [main]
  void (*changed)(void *instance);
} promethean_secrets_changed_v1;

/// An extension of the plugin's, since 1.1: it says whether it is well.
#define PROMETHEAN_HEALTH_V1 "promethean.health/1"
typedef struct promethean_health_v1 {
  uint32_t struct_size;
  /// Says how the instance is: OK, or an error status and, in `reason`, why, in bytes that stay until the next call. It
  /// is asked once `start` has ended, and then at the interval of the manifest's `health`. An instance that is not well
  /// is shown as degraded; one of a new generation does not take the place of the one before. [main]
  promethean_status (*check)(void *instance, promethean_plugin_bytes *reason);
} promethean_health_v1;

/// The most that an instance hands over, in bytes.
#define PROMETHEAN_HANDOVER_MAX 65536

/// An extension of the plugin's, since 1.1: what it keeps in memory outlives the process when its code or configuration is
/// replaced. Without it, the next generation begins with nothing but what the host keeps ("promethean.state/1").
#define PROMETHEAN_HANDOVER_V1 "promethean.handover/1"
typedef struct promethean_handover_v1 {
  uint32_t struct_size;
  /// The version of what `give` writes, which is also the newest that `take` reads.
  uint32_t version;
  /// Gives what the next generation is to go on with, in bytes that stay until the next call; every delivery has been
  /// settled by then. From here on the instance does nothing of its own, until `resume` or `stop`. An error keeps it
  /// running, and the next generation from being. [main]
  promethean_status (*give)(void *instance, promethean_plugin_bytes *state);
  /// Takes what an earlier generation gave, as `version` of the code that wrote it, which may be an older one; between
  /// `create` and `start`. An error keeps this generation from being, and the earlier one goes on. [main]
  promethean_status (*take)(void *instance, uint32_t version, promethean_host_bytes state);
  /// The next generation did not come to be: goes on where `give` was called. [main]
  void (*resume)(void *instance);
} promethean_handover_v1;

/// A piece of memory of the host's that outlives the call.
typedef struct promethean_buffer {
  uint32_t struct_size;
  promethean_bytes bytes;
} promethean_buffer;

/// "promethean.buffer/1": always there.
#define PROMETHEAN_BUFFER_V1 "promethean.buffer/1"
typedef struct promethean_buffer_v1 {
  uint32_t struct_size;
  /// Keeps a copy of `bytes`, counted once; NULL if memory is short. [any]
  const promethean_buffer *PROMETHEAN_NULLABLE (*PROMETHEAN_NONNULL copy)(void *context, promethean_bytes bytes);
  /// Counts one more. [any]
  void (*retain)(void *context, const promethean_buffer *buffer);
  /// Counts one less; at none the bytes are gone. [any]
  void (*release)(void *context, const promethean_buffer *buffer);
} promethean_buffer_v1;

#ifdef __cplusplus
}
#endif

PROMETHEAN_ASSUME_NONNULL_END

#endif
