#ifndef DEFENDER_BRIDGE_CLIBUV_H
#define DEFENDER_BRIDGE_CLIBUV_H
#include <fcntl.h>
#include <sys/prctl.h>
#include <uv.h>

/// Names the calling thread; `prctl` is variadic, which Swift cannot call.
static inline void bridge_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

/// Duplicates a descriptor with close-on-exec; `fcntl` is variadic, too.
static inline int bridge_duplicate_descriptor(int descriptor) {
    return fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
}
#endif
