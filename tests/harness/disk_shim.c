/* A disk that fails when a test says so: preloaded, it counts the calls with which one program writes
 * below a folder, notes them, and fails the one that it was told to, or kills the program there. What it is told, and what it has
 * seen, stands in the file that CAIRN_TEST_DISK names, mapped, so that a test arms it while the
 * program runs. harness/disk.py compiles it and knows the same layout. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { most_calls = 4000, name_size = 16, file_size = 112 };
enum manner { undone, done, half_done, killed, killed_behind, killed_within };

struct call {
    char name[name_size];
    char file[file_size]; /* below the folder; "." is the folder itself */
};

struct control {
    char folder[512];
    struct call wanted; /* an empty name or file is any */
    _Atomic int32_t is_armed;
    int32_t nth; /* of the wanted calls since it was armed; 0: none fails */
    int32_t error;
    int32_t manner;
    _Atomic int32_t matched;
    _Atomic int32_t failed;
    _Atomic int32_t seen;
    int32_t unused;
    struct call calls[most_calls];
};

static struct control *control;

__attribute__((constructor)) static void open_control(void) {
    const char *path = getenv("CAIRN_TEST_DISK");
    if (path == NULL) return;
    const int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) abort();
    void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) abort();
    control = mapped;
    close(file);
}

/* Notes the call; how it is to fail, or -1 if it is not. */
static int fate_of_path(const char *name, const char *path) {
    if (control == NULL || !control->is_armed || path == NULL) return -1;
    const size_t length = strlen(control->folder);
    if (strncmp(path, control->folder, length) != 0) return -1;
    path += length;
    if (path[0] != 0 && path[0] != '/') return -1;
    path = path[0] == 0 ? "." : path + 1;
    const int32_t place = control->seen++;
    if (place < most_calls) {
        snprintf(control->calls[place].name, name_size, "%s", name);
        snprintf(control->calls[place].file, file_size, "%s", path);
    }
    const struct call *wanted = &control->wanted;
    if (wanted->name[0] != 0 && strcmp(wanted->name, name) != 0) return -1;
    if (wanted->file[0] != 0 && strcmp(wanted->file, path) != 0) return -1;
    if (++control->matched != control->nth) return -1;
    control->failed++;
    return control->manner;
}

static int fate_of(const char *name, int file) {
    if (control == NULL || !control->is_armed) return -1;
    const int error = errno;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    errno = error;
    if (length < 0) return -1;
    path[length] = 0;
    return fate_of_path(name, path);
}

static long fail(void) {
    errno = control->error;
    return -1;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Dies here, if that is how it is to be; the call may have been carried out, or half of it. */
#define DIE_WITH_FATE(how, call, half)          \
    do {                                        \
        if ((how) < killed) break;              \
        if ((how) == killed_behind) (void)!(call); \
        if ((how) == killed_within) (void)!(half); \
        die();                                  \
    } while (0)

/* Carries the call out or not, and fails. */
#define WITH_FATE(fate, call)            \
    do {                                 \
        const int how = (fate);          \
        if (how < 0) return (call);      \
        DIE_WITH_FATE(how, call, 0);     \
        if (how == done) (void)!(call);  \
        return fail();                   \
    } while (0)

/* What changes a folder is done or it is not; it never fails after it was done. */
#define NAME_WITH_FATE(fate, call)          \
    do {                                    \
        const int how = (fate);             \
        if (how < 0) return (call);         \
        DIE_WITH_FATE(how, call, 0);        \
        return fail();                      \
    } while (0)

/* Half of it is written; the next call of the kind finds no room at all. */
#define WRITE_WITH_FATE(fate, call, half)  \
    do {                                   \
        const int how = (fate);            \
        if (how < 0) return (call);        \
        DIE_WITH_FATE(how, call, half);    \
        if (how == done) (void)!(call);    \
        if (how != half_done) return fail(); \
        control->manner = undone;          \
        control->nth++;                    \
        control->failed--;                 \
        return (half);                     \
    } while (0)

ssize_t write(int file, const void *octets, size_t count) {
    WRITE_WITH_FATE(fate_of("write", file), syscall(SYS_write, file, octets, count),
                    syscall(SYS_write, file, octets, (count + 1) / 2));
}

ssize_t pwrite64(int file, const void *octets, size_t count, off64_t offset) {
    WRITE_WITH_FATE(fate_of("pwrite", file), syscall(SYS_pwrite64, file, octets, count, offset),
                    syscall(SYS_pwrite64, file, octets, (count + 1) / 2, offset));
}

ssize_t pwrite(int file, const void *octets, size_t count, off_t offset) {
    return pwrite64(file, octets, count, offset);
}

int fsync(int file) {
    WITH_FATE(fate_of("fsync", file), syscall(SYS_fsync, file));
}

int fdatasync(int file) {
    WITH_FATE(fate_of("fdatasync", file), syscall(SYS_fdatasync, file));
}

int ftruncate64(int file, off64_t size) {
    WITH_FATE(fate_of("ftruncate", file), syscall(SYS_ftruncate, file, size));
}

int ftruncate(int file, off_t size) {
    return ftruncate64(file, size);
}

int rename(const char *from, const char *to) {
    NAME_WITH_FATE(fate_of_path("rename", to), syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int unlink(const char *path) {
    NAME_WITH_FATE(fate_of_path("unlink", path), syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int linkat(int from_folder, const char *from, int folder, const char *path, int flags) {
    NAME_WITH_FATE(fate_of_path("linkat", path),
                   syscall(SYS_linkat, from_folder, from, folder, path, flags));
}

int remove(const char *path) {
    const int error = errno;
    struct stat what;
    const int is_folder = lstat(path, &what) == 0 && S_ISDIR(what.st_mode);
    errno = error;
    NAME_WITH_FATE(fate_of_path("remove", path),
                   syscall(SYS_unlinkat, AT_FDCWD, path, is_folder ? AT_REMOVEDIR : 0));
}

int symlink(const char *target, const char *path) {
    NAME_WITH_FATE(fate_of_path("symlink", path), syscall(SYS_symlinkat, target, AT_FDCWD, path));
}

int mkdir(const char *path, mode_t mode) {
    NAME_WITH_FATE(fate_of_path("mkdir", path), syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

int fchmod(int file, mode_t mode) {
    NAME_WITH_FATE(fate_of("fchmod", file), syscall(SYS_fchmod, file, mode));
}

int fchmodat(int folder, const char *path, mode_t mode, int flags) {
    (void)flags;
    NAME_WITH_FATE(fate_of_path("fchmodat", path), syscall(SYS_fchmodat, folder, path, mode));
}

/* Only what makes a file. */
static int open_with_fate(int folder, const char *path, int flags, mode_t mode) {
    if ((flags & O_CREAT) == 0) return (int)syscall(SYS_openat, folder, path, flags, mode);
    NAME_WITH_FATE(fate_of_path("create", path), (int)syscall(SYS_openat, folder, path, flags, mode));
}

#define MODE_OF(flags)                                    \
    mode_t mode = 0;                                      \
    if (((flags) & (O_CREAT | O_TMPFILE)) != 0) {         \
        va_list rest;                                     \
        va_start(rest, flags);                            \
        mode = va_arg(rest, mode_t);                      \
        va_end(rest);                                     \
    }

int open(const char *path, int flags, ...) {
    MODE_OF(flags)
    return open_with_fate(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE_OF(flags)
    return open_with_fate(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

/* The same by folders that are open. */
static int fate_at(const char *name, int folder, const char *path) {
    if (control == NULL || !control->is_armed) return -1;
    if (path[0] == '/' || folder == AT_FDCWD) return fate_of_path(name, path);
    const int error = errno;
    char link[64], whole[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    const ssize_t length = readlink(link, whole, sizeof whole - 1);
    errno = error;
    if (length < 0) return -1;
    snprintf(whole + length, sizeof whole - (size_t)length, "/%s", path);
    return fate_of_path(name, whole);
}

int openat(int folder, const char *path, int flags, ...) {
    MODE_OF(flags)
    if ((flags & O_CREAT) == 0) return (int)syscall(SYS_openat, folder, path, flags, mode);
    NAME_WITH_FATE(fate_at("create", folder, path), (int)syscall(SYS_openat, folder, path, flags, mode));
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    NAME_WITH_FATE(fate_at("rename", to_folder, to),
                   syscall(SYS_renameat2, from_folder, from, to_folder, to, 0));
}

int unlinkat(int folder, const char *path, int flags) {
    NAME_WITH_FATE(fate_at("unlink", folder, path), syscall(SYS_unlinkat, folder, path, flags));
}
