#ifndef DEFENDER_BRIDGE_CZSTD_H
#define DEFENDER_BRIDGE_CZSTD_H
#include <zstd.h>
#endif
