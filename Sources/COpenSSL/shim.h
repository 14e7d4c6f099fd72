#ifndef DEFENDER_BRIDGE_COPENSSL_H
#define DEFENDER_BRIDGE_COPENSSL_H
#include <openssl/ssl.h>
#endif
