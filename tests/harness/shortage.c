// Makes socket() and connect() fail as they do when a process or machine has run out of something,
// while the file that SHORTAGE names says so: lines of a call ("socket" or "connect"), "udp" or "tcp",
// and the number of the error.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int error_of(const char* call, int family, int type) {
    if (family != AF_INET && family != AF_INET6) return 0;
    const char* name = getenv("SHORTAGE");
    FILE* file = name ? fopen(name, "re") : NULL;
    if (!file) return 0;
    const char* transport = (type & 0xf) == SOCK_DGRAM ? "udp" : "tcp";
    char wanted_call[16], wanted_transport[16];
    int number, error = 0;
    while (fscanf(file, "%15s %15s %d", wanted_call, wanted_transport, &number) == 3)
        if (!strcmp(wanted_call, call) && !strcmp(wanted_transport, transport)) error = number;
    fclose(file);
    return error;
}

int socket(int family, int type, int protocol) {
    static int (*real)(int, int, int);
    if (!real) real = dlsym(RTLD_NEXT, "socket");
    const int error = error_of("socket", family, type);
    if (!error) return real(family, type, protocol);
    errno = error;
    return -1;
}

int connect(int descriptor, const struct sockaddr* address, socklen_t size) {
    static int (*real)(int, const struct sockaddr*, socklen_t);
    if (!real) real = dlsym(RTLD_NEXT, "connect");
    int type = 0;
    socklen_t length = sizeof type;
    getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length);
    const int error = error_of("connect", address->sa_family, type);
    if (!error) return real(descriptor, address, size);
    errno = error;
    return -1;
}
