#ifndef DEFENDER_BRIDGE_CLIBPQ_H
#define DEFENDER_BRIDGE_CLIBPQ_H
#include <libpq-fe.h>
#endif
