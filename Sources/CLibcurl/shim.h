#ifndef DEFENDER_BRIDGE_CLIBCURL_H
#define DEFENDER_BRIDGE_CLIBCURL_H
#include <curl/curl.h>

/* Swift cannot call variadic functions: each used argument type has its own function. */

static inline CURLcode CLibcurl_easy_setopt_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode CLibcurl_easy_setopt_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode CLibcurl_easy_setopt_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode CLibcurl_easy_setopt_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode CLibcurl_easy_set_copied_body(CURL *easy, const void *bytes, curl_off_t count) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, count);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, (const char *)bytes) : code;
}

static inline CURLcode CLibcurl_easy_set_error_buffer(CURL *easy, char *buffer) {
    return curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, buffer);
}

static inline CURLcode CLibcurl_easy_set_private(CURL *easy, void *context) {
    return curl_easy_setopt(easy, CURLOPT_PRIVATE, context);
}

static inline void *CLibcurl_easy_get_private(CURL *easy) {
    char *context = NULL;
    return curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context) == CURLE_OK ? context : NULL;
}

static inline long CLibcurl_easy_get_response_code(CURL *easy) {
    long status = 0;
    return curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? status : 0;
}

static inline CURLcode CLibcurl_easy_on_body(CURL *easy, curl_write_callback function, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, function) : code;
}

static inline CURLcode CLibcurl_easy_on_header(CURL *easy, curl_write_callback function, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, function) : code;
}

static inline CURLcode CLibcurl_easy_on_resolve(CURL *easy, curl_resolver_start_callback function, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, context);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, function) : code;
}

static inline CURLcode CLibcurl_easy_on_socket(CURL *easy, curl_sockopt_callback function, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, context);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, function) : code;
}

static inline CURLcode CLibcurl_easy_on_connection(CURL *easy, curl_prereq_callback function, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PREREQDATA, context);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, function) : code;
}

static inline CURLMcode CLibcurl_multi_setopt_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode CLibcurl_multi_on_socket(CURLM *multi, curl_socket_callback function, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    return code == CURLM_OK ? curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, function) : code;
}

static inline CURLMcode CLibcurl_multi_on_timer(CURLM *multi, curl_multi_timer_callback function, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
    return code == CURLM_OK ? curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, function) : code;
}

/* A union member, which Swift would import as an opaque pointer. */
static inline CURLcode CLibcurl_message_result(const CURLMsg *message) { return message->data.result; }

#endif
