#ifndef DEFENDER_BRIDGE_CLIBUV_H
#define DEFENDER_BRIDGE_CLIBUV_H
#include <uv.h>
#endif
