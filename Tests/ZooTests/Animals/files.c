// Attempts on files: rows 1 to 32, and some beyond.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "zoo.h"

/// More than the descriptors that anything here has.
#define DESCRIPTORS 64

void show_file(void) { show(open(fact("argument"), O_RDONLY)); }

void show_memory(void) {
  char bytes[128];
  int file = open(fact("argument"), O_RDONLY);
  ssize_t size = pread(file, bytes, sizeof bytes, number("address"));
  if (size > 0) show_bytes(bytes, (size_t)size);
}

/// From every descriptor that it has, in the hope that one is a directory: the runner's look at its own threads is.
void show_pinned(void) {
  char path[256];
  snprintf(path, sizeof path, fact("argument"), getpid());
  for (int file = 0; file < DESCRIPTORS; file++) show(openat(file, path, O_RDONLY));
}

void list_directory(void) {
  DIR *directory = opendir(fact("argument"));
  struct dirent *entry;
  while (directory && (entry = readdir(directory)))
    if (!strcmp(entry->d_name, fact("host"))) gain("the host among %s", fact("argument"));
}

void stat_file(void) {
  struct stat found;
  if (stat(fact("argument"), &found) == 0) said("saw: %ld bytes", (long)found.st_size);
}

void change_mode(void) {
  chmod(fact("argument"), 0666);
  int file = open(fact("argument"), O_RDONLY);
  fchmod(file, 0666);
  fchmodat(AT_FDCWD, fact("argument"), 0666, 0);
}

void change_times(void) {
  struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
  utimensat(AT_FDCWD, fact("argument"), times, 0);
}

void change_attributes(void) { setxattr(fact("argument"), "user.zoo", "1", 1, 0); }

void create_file(void) {
  int file = open(fact("argument"), O_CREAT | O_WRONLY, 0600);
  if (file >= 0) close(file);
  mkdir(below("outside", "made"), 0700);
}

void truncate_file(void) {
  truncate(fact("argument"), 0);
  open(fact("argument"), O_WRONLY | O_TRUNC);
}

void remove_file(void) {
  if (unlink(fact("argument")) != 0) unlinkat(AT_FDCWD, fact("argument"), 0);
}

void link_out(void) {
  if (symlink(fact("argument"), below("writable", "out")) == 0) show(open(below("writable", "out"), O_RDONLY));
}

void link_in(void) {
  if (link(fact("argument"), below("writable", "in")) == 0) show(open(below("writable", "in"), O_RDONLY));
}

void climb_from_descriptor(void) {
  char path[256];
  int directory = open(fact("readable"), O_PATH | O_DIRECTORY);
  snprintf(path, sizeof path, "/proc/self/fd/%d/../outside/secret", directory);
  show(open(path, O_RDONLY));
  show(openat(directory, "../outside/secret", O_RDONLY));
}

void rename_out(void) { rename(below("writable", "own"), below("outside", "renamed")); }

void rename_in(void) {
  if (rename(fact("argument"), below("writable", "stolen")) == 0) show(open(below("writable", "stolen"), O_RDONLY));
}

void write_readable(void) {
  int file = open(below("readable", "text"), O_WRONLY | O_APPEND);
  if (file >= 0 && write(file, "more", 4) == 4) close(file);
  close(open(below("readable", "made"), O_CREAT | O_WRONLY, 0600));
}

void show_environment(void) {
  for (char **entry = environ; *entry; entry++) said("saw: %s", *entry);
  show(open("/proc/self/environ", O_RDONLY));
}

void get_environment(void) {
  const char *token = getenv("TOKEN");
  if (token) said("saw: %s", token);
}

void make_device(void) {
  mknod(below("writable", "disk"), S_IFBLK | 0600, makedev(254, 0));
  mknod(below("writable", "null"), S_IFCHR | 0600, makedev(1, 3));
}

/// Who runs it later is its user, whatever was written to it.
void make_set_id(void) {
  umask(0);
  close(open(below("writable", "program"), O_CREAT | O_WRONLY, 06755));
  close((int)syscall(SYS_open, below("writable", "other"), O_CREAT | O_WRONLY, 04755));
  mkdir(below("writable", "directory"), 02777);
}

void open_devices(void) {
  static const char *const devices[] = {"/dev/mem",   "/dev/kmsg", "/dev/kvm",    "/dev/vda",
                                        "/dev/vsock", "/dev/fuse", "/dev/random", "/dev/ptmx"};
  for (unsigned i = 0; i < sizeof devices / sizeof *devices; i++) {
    if (open(devices[i], O_RDWR) >= 0 || open(devices[i], O_RDONLY) >= 0) gain("%s", devices[i]);
  }
}

void open_by_handle(void) {
  struct {
    struct file_handle head;
    unsigned char bytes[MAX_HANDLE_SZ];
  } handle = {.head.handle_bytes = MAX_HANDLE_SZ};
  int mount = 0;
  name_to_handle_at(AT_FDCWD, fact("argument"), &handle.head, &mount, 0);
  int directory = open(fact("readable"), O_RDONLY | O_DIRECTORY);
  show(open_by_handle_at(directory, &handle.head, O_RDONLY));
}

void watch_files(void) {
  int watch = inotify_init1(IN_CLOEXEC);
  if (watch >= 0 && inotify_add_watch(watch, fact("readable"), IN_ALL_EVENTS) >= 0) gain("who reads what is granted");
}
