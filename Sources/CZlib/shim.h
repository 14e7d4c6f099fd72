#ifndef DEFENDER_BRIDGE_CZLIB_H
#define DEFENDER_BRIDGE_CZLIB_H
#include <zlib.h>

/* Swift cannot call function-like macros: each used one has a wrapper function. */

static inline int CZlib_deflateInit2(z_stream *stream, int level, int window, int memory) {
    return deflateInit2(stream, level, Z_DEFLATED, -window, memory, Z_DEFAULT_STRATEGY);
}

static inline int CZlib_inflateInit2(z_stream *stream, int window) { return inflateInit2(stream, -window); }

#endif
