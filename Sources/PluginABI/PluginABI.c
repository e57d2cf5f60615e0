#include <promethean/note.h>
#include <promethean/plugin.h>

#include <stddef.h>

// The layout of ABI 1.0, locked. A line here never changes; new fields get new lines, and where a struct has grown its
// size stands with them.
#define LOCK(type, field, offset) _Static_assert(offsetof(promethean_##type, field) == offset, #type "." #field)
#define SIZE(type, size) _Static_assert(sizeof(promethean_##type) == size, #type)

SIZE(bytes, 16);

LOCK(envelope, struct_size, 0);
LOCK(envelope, attempt, 4);
LOCK(envelope, hops, 8);
LOCK(envelope, origin, 12);
LOCK(envelope, flags, 13);
LOCK(envelope, ts, 16);
LOCK(envelope, deadline, 24);
LOCK(envelope, src, 32);
LOCK(envelope, provider, 48);
LOCK(envelope, tenant, 64);
LOCK(envelope, reply, 80);
LOCK(envelope, topic, 96);
LOCK(envelope, id, 112);
LOCK(envelope, intent, 128);
LOCK(envelope, key, 144);
LOCK(envelope, trace, 160);
LOCK(envelope, corr, 176);
LOCK(envelope, content_type, 192);
LOCK(envelope, resource, 208);
LOCK(envelope, build, 224);
LOCK(envelope, models, 240);
LOCK(envelope, config_rev, 256);
LOCK(envelope, payload, 272);
SIZE(envelope, 288);

LOCK(host, struct_size, 0);
LOCK(host, abi_major, 4);
LOCK(host, abi_minor, 6);
LOCK(host, context, 8);
LOCK(host, plugin_id, 16);
LOCK(host, instance_name, 32);
LOCK(host, provider, 48);
LOCK(host, tenant, 64);
LOCK(host, config, 80);
LOCK(host, config_rev, 96);
LOCK(host, extension, 112);
LOCK(host, error_set, 120);
LOCK(host, complete, 128);
LOCK(host, wake, 136);

LOCK(plugin, struct_size, 0);
LOCK(plugin, abi_major, 4);
LOCK(plugin, abi_minor, 6);
LOCK(plugin, id, 8);
LOCK(plugin, create, 24);
LOCK(plugin, start, 32);
LOCK(plugin, deliver, 40);
LOCK(plugin, completed, 48);
LOCK(plugin, poll, 56);
LOCK(plugin, stop, 64);
LOCK(plugin, destroy, 72);
LOCK(plugin, extension, 80);
SIZE(plugin, 88);

LOCK(log_v1, write, 8);
SIZE(log_v1, 16);
LOCK(clock_v1, realtime, 8);
LOCK(clock_v1, monotonic, 16);
LOCK(clock_v1, after, 24);
SIZE(clock_v1, 32);
LOCK(metrics_v1, record, 8);
SIZE(metrics_v1, 16);
LOCK(publish_v1, publish, 8);
SIZE(publish_v1, 16);
LOCK(request_v1, request, 8);
SIZE(request_v1, 16);
LOCK(subscribe_v1, subscribe, 8);
LOCK(subscribe_v1, settle, 16);
LOCK(subscribe_v1, respond, 24);
SIZE(subscribe_v1, 32);
LOCK(state_v1, get, 8);
LOCK(state_v1, put, 16);
LOCK(state_v1, remove, 24);
SIZE(state_v1, 32);
LOCK(buffer, bytes, 8);
SIZE(buffer, 24);
LOCK(buffer_v1, copy, 8);
LOCK(buffer_v1, retain, 16);
LOCK(buffer_v1, release, 24);
SIZE(buffer_v1, 32);

// What 1.1 added, locked likewise.
LOCK(host, binding, 144);
SIZE(host, 160);

LOCK(metrics_v2, struct_size, 0);
LOCK(metrics_v2, record, 8);
SIZE(metrics_v2, 16);

LOCK(health_v1, struct_size, 0);
LOCK(health_v1, check, 8);
SIZE(health_v1, 16);

LOCK(handover_v1, struct_size, 0);
LOCK(handover_v1, version, 4);
LOCK(handover_v1, give, 8);
LOCK(handover_v1, take, 16);
LOCK(handover_v1, resume, 24);
SIZE(handover_v1, 32);
