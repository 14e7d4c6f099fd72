#ifndef DEFENDER_BRIDGE_COPENSSL_H
#define DEFENDER_BRIDGE_COPENSSL_H
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#endif
