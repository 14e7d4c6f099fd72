#ifndef DEFENDER_BRIDGE_CLIBCURL_H
#define DEFENDER_BRIDGE_CLIBCURL_H
#include <curl/curl.h>
#endif
