/* The wall clock of one program, moved while it runs: preloaded, it adds an offset, in nanoseconds,
 * to CLOCK_REALTIME. The offset stands in the file that CAIRN_TEST_CLOCK names, 8 octets, mapped, so
 * that a move is seen at once. The clocks that nobody sets, CLOCK_MONOTONIC and CLOCK_BOOTTIME, are
 * left alone, as they are when the time of a machine is set. harness/clock.py compiles it. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *offset;

__attribute__((constructor)) static void open_offset(void) {
    const char *path = getenv("CAIRN_TEST_CLOCK");
    if (path == NULL) return;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) abort();
    void *mapped = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) abort();
    offset = mapped;
    close(file);
}

static int read_clock(clockid_t clock, struct timespec *time) {
    /* Not through the C library, which may be another preloaded one, such as a sanitizer's. */
    const long result = syscall(SYS_clock_gettime, clock, time);
    if (result != 0 || offset == NULL) return (int)result;
    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return 0;
    const int64_t second = 1000000000;
    const int64_t sum = (int64_t)time->tv_sec * second + time->tv_nsec + *offset;
    time->tv_sec = sum / second;
    time->tv_nsec = sum % second;
    return 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    return read_clock(clock, time);
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec precise;
    const int result = read_clock(CLOCK_REALTIME, &precise);
    time->tv_sec = precise.tv_sec;
    time->tv_usec = precise.tv_nsec / 1000;
    return result;
}

time_t time(time_t *target) {
    struct timespec precise;
    read_clock(CLOCK_REALTIME, &precise);
    if (target != NULL) *target = precise.tv_sec;
    return precise.tv_sec;
}
