// The zoo: everything a hostile plugin tries, one function an attempt.
//
// The same functions run in a plugin (plugin.c) and in a plain process (program.c), which shows that they would work if
// nothing stopped them. None of them judges itself: it does its deed, and says what it has seen and what it was given.
// The tests look at the world before and after, and search what was said for what nobody told the animal.

#ifndef ZOO_H
#define ZOO_H

#include <stddef.h>

/// Says a line to the test.
void said(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// Says that the kernel gave something that it should not have: where no trace of that is to be seen from outside.
void gain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// Says the first bytes of a descriptor, and closes it. Does nothing with -1.
void show(int file);
/// Says some bytes, one line, unprintable ones as dots.
void show_bytes(const void *bytes, size_t size);

/// What the test told of the world, "" or 0 if it said nothing of that name. "argument" is the row's own.
const char *fact(const char *name);
long number(const char *name);
/// A path below the directory that `name` is a fact of, in one of a few buffers that are used in turn.
const char *below(const char *name, const char *file);

/// Runs the attempt that a message is about: its name, and a fact a line. Returns whether there is one of that name.
int attempt(const char *message);

#define ATTEMPTS(DO)                                                                                                  \
  /* files.c */                                                                                                       \
  DO(show_file) DO(show_memory) DO(show_pinned) DO(list_directory) DO(stat_file) DO(change_mode) DO(change_times)     \
  DO(change_attributes) DO(create_file) DO(truncate_file) DO(remove_file) DO(link_out) DO(link_in)                    \
  DO(climb_from_descriptor) DO(rename_out) DO(rename_in) DO(write_readable) DO(show_environment) DO(get_environment)  \
  DO(make_device) DO(make_set_id) DO(open_devices) DO(open_by_handle) DO(watch_files)                                                 \
  /* network.c */                                                                                                     \
  DO(connect_tcp) DO(listen_tcp) DO(connect_fast_open) DO(connect_mptcp) DO(send_udp) DO(ask_netlink) DO(open_vsock)  \
  DO(open_raw) DO(connect_unix) DO(connect_abstract) DO(connect_inherited) DO(pass_descriptors)                       \
  /* processes.c */                                                                                                   \
  DO(exec_shell) DO(exec_memory) DO(fork_once) DO(clone_raw) DO(fork_bomb) DO(trace_host) DO(read_host) DO(take_file) \
  DO(kill_host) DO(kill_thread) DO(queue_signal) DO(own_signals) DO(own_signals_nonblocking) DO(signal_by_pidfd)      \
  DO(signal_everybody) DO(renice_host) DO(pin_host) DO(limit_host) DO(raise_limit) DO(raise_core) DO(be_dumpable)     \
  DO(outlive_host) DO(spare_oneself) DO(be_realtime) DO(schedule_host)                                                \
  /* memory.c */                                                                                                      \
  DO(run_written) DO(run_protected) DO(run_pkey) DO(run_anonymous) DO(run_rings) DO(load_dropped) DO(load_outside)    \
  DO(reserve) DO(touch_private) DO(touch_shared) DO(fill_memfd) DO(fill_pipes) DO(start_threads)                      \
  DO(open_descriptors) DO(fill_disk) DO(shrink_rings) DO(grow_rings) DO(splice_memory)                                \
  /* kernel.c */                                                                                                      \
  DO(become_root) DO(take_capabilities) DO(make_user_namespace) DO(mount_) DO(enter_namespace) DO(change_root)        \
  DO(load_bpf) DO(count_events) DO(handle_faults) DO(make_ring) DO(add_key) DO(attach_segment) DO(receive_queue)      \
  DO(call_int80) DO(call_x32) DO(change_personality) DO(type_terminal) DO(set_clock) DO(name_machine) DO(read_log)    \
  DO(leave_cgroup) DO(install_filter) DO(watch_queue) DO(call)                                                        \
  /* controls.c */                                                                                                    \
  DO(read_granted) DO(write_granted) DO(use_threads) DO(use_timers) DO(load_system_library)

#define DECLARE(name) void name(void);
ATTEMPTS(DECLARE)
#undef DECLARE

#endif
