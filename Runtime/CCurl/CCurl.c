// SPDX-License-Identifier: MIT
// libcurl is loaded at run time, after the program listens: linking it would add 7 ms to every start,
// for the 31 libraries that Debian's build brings. With PIXEL_CURL_LINKED it is linked all the same,
// which is for static executables.
#define _GNU_SOURCE
#include "CCurl.h"

#include <curl/curl.h>
#include <arpa/inet.h>
#include <dlfcn.h>
#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt
#undef curl_share_setopt

#define EACH(X)                                                                              \
  X(global_init) X(easy_init) X(easy_setopt) X(easy_getinfo) X(easy_reset) X(easy_cleanup)    \
  X(easy_strerror) X(slist_append) X(slist_free_all) X(multi_init) X(multi_setopt)            \
  X(multi_add_handle) X(multi_remove_handle) X(multi_socket_action) X(multi_info_read)        \
  X(multi_cleanup) X(share_init) X(share_setopt) X(share_cleanup)

#define FIELD(name) __typeof__(curl_##name) *name;
static struct {
  EACH(FIELD)
} api;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char load_problem[256];

static void load(void) {
#ifdef PIXEL_CURL_LINKED
#define TAKE(name) api.name = curl_##name;
  EACH(TAKE)
#else
  void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(load_problem, sizeof load_problem, "%s", dlerror());
    return;
  }
#define TAKE(name)                                                       \
  api.name = (__typeof__(api.name))dlsym(library, "curl_" #name);        \
  if (!api.name) {                                                       \
    snprintf(load_problem, sizeof load_problem, "no curl_" #name);       \
    return;                                                              \
  }
  EACH(TAKE)
#endif
  if (api.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    snprintf(load_problem, sizeof load_problem, "curl_global_init failed");
}

const char *pixel_curl_load(void) {
  pthread_once(&once, load);
  return load_problem[0] ? load_problem : NULL;
}

int pixel_curl_resolves(void) {
#ifdef PIXEL_CURL_LINKED
  return 1;
#else
  return 0;
#endif
}

const char *pixel_curl_addresses(const char *host, char *text, size_t room) {
#ifdef PIXEL_CURL_LINKED  // there is no getaddrinfo in a static executable
  (void)host, (void)text, (void)room;
  return "names are resolved by libcurl";
#else
  struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
  int problem = getaddrinfo(host, NULL, &wanted, &found);
  if (problem) return gai_strerror(problem);
  size_t count = 0;
  text[0] = 0;
  for (struct addrinfo *each = found; each; each = each->ai_next) {
    char address[INET6_ADDRSTRLEN];
    int is6 = each->ai_family == AF_INET6;
    const void *bytes = is6 ? (void *)&((struct sockaddr_in6 *)(void *)each->ai_addr)->sin6_addr
                            : (void *)&((struct sockaddr_in *)(void *)each->ai_addr)->sin_addr;
    if (!inet_ntop(each->ai_family, bytes, address, sizeof address)) continue;
    int written = snprintf(text + count, room - count, is6 ? "%s[%s]" : "%s%s", count ? "," : "", address);
    if (written < 0 || (size_t)written >= room - count) {
      text[count] = 0;
      break;
    }
    count += (size_t)written;
  }
  freeaddrinfo(found);
  return count ? NULL : "it has no address";
#endif
}

struct bytes {
  uint8_t *at;
  size_t count, room, limit;
};

static size_t append(struct bytes *bytes, const char *from, size_t count) {
  if (count > bytes->limit - bytes->count) return 0;  // libcurl takes a short count for a failure
  if (count > bytes->room - bytes->count) {
    size_t room = bytes->room * 2 > bytes->count + count ? bytes->room * 2 : bytes->count + count;
    if (room < 1024) room = 1024;
    uint8_t *grown = realloc(bytes->at, room);
    if (!grown) return 0;
    bytes->at = grown;
    bytes->room = room;
  }
  memcpy(bytes->at + bytes->count, from, count);
  bytes->count += count;
  return count;
}

/// A request on its way, or a spare one with its memory kept.
struct transfer {
  CURL *easy;
  struct curl_slist *fields;
  /// What it tells libcurl about a name; libcurl takes it when the transfer begins.
  struct curl_slist *resolve;
  struct bytes answer_head, answer_body;
  /// How far the answer's head has come; the head of an interim answer is forgotten when the next begins.
  enum { PARTIAL, INTERIM, COMPLETE } state;
  uint64_t id;
  /// It was a POST and has all that another one needs: setting it anew takes longer than all the rest.
  int is_prepared;
  struct transfer *next, *previous;
};

struct pixel_curl {
  CURLM *multi;
  CURLSH *share;
  pixel_curl_loop loop;
  char *ca_file;
  struct transfer *active, *spare;
  int spares;
};

static size_t on_body(char *from, size_t size, size_t count, void *context) {
  struct transfer *transfer = context;
  return append(&transfer->answer_body, from, size * count);
}

static size_t on_head(char *from, size_t size, size_t count, void *context) {
  struct transfer *transfer = context;
  size_t bytes = size * count;
  if (transfer->state == COMPLETE) return bytes;  // a trailer
  if (transfer->state == INTERIM) transfer->answer_head.count = 0;
  transfer->state = PARTIAL;
  if (bytes == 2 && memcmp(from, "\r\n", 2) == 0) {
    long status = 0;
    api.easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->state = status < 200 ? INTERIM : COMPLETE;
  }
  return append(&transfer->answer_head, from, bytes);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *unused) {
  (void)easy, (void)unused;
  pixel_curl *curl = context;
  int conditions = what == CURL_POLL_REMOVE ? PIXEL_CURL_GONE
                   : what == CURL_POLL_IN   ? PIXEL_CURL_IN
                   : what == CURL_POLL_OUT  ? PIXEL_CURL_OUT
                   : what == CURL_POLL_INOUT ? PIXEL_CURL_IN | PIXEL_CURL_OUT
                                             : 0;
  curl->loop.watch(curl->loop.context, fd, conditions);
  return 0;
}

static int on_timer(CURLM *multi, long milliseconds, void *context) {
  (void)multi;
  pixel_curl *curl = context;
  curl->loop.timer(curl->loop.context, milliseconds);
  return 0;
}

/// Bodies of a hundred kilobytes come and go with each request. Without these their pages would go back to the
/// kernel each time, and come again one fault at a time.
static void keep_freed_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
  mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
}

pixel_curl *pixel_curl_open(pixel_curl_loop loop, const char *ca_file, long max_connections) {
  if (pixel_curl_load()) return NULL;
  keep_freed_memory();
  pixel_curl *curl = calloc(1, sizeof *curl);
  if (!curl) return NULL;
  curl->loop = loop;
  curl->ca_file = ca_file ? strdup(ca_file) : NULL;
  curl->multi = api.multi_init();
  curl->share = api.share_init();
  if (!curl->multi || !curl->share) {
    pixel_curl_close(curl);
    return NULL;
  }
  // One loop is one thread, so the share needs no locks. It lets new connections resume TLS sessions.
  api.share_setopt(curl->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  api.multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  api.multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl);
  api.multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  api.multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl);
  api.multi_setopt(curl->multi, CURLMOPT_MAXCONNECTS, max_connections);
  api.multi_setopt(curl->multi, CURLMOPT_MAX_HOST_CONNECTIONS, max_connections);
  return curl;
}

static struct transfer *take(pixel_curl *curl) {
  struct transfer *transfer = curl->spare;
  if (transfer) {
    curl->spare = transfer->next;
    curl->spares--;
    return transfer;
  }
  transfer = calloc(1, sizeof *transfer);
  if (!transfer) return NULL;
  transfer->easy = api.easy_init();
  if (transfer->easy) return transfer;
  free(transfer);
  return NULL;
}

static void destroy(struct transfer *transfer) {
  api.slist_free_all(transfer->fields);
  api.easy_cleanup(transfer->easy);
  api.slist_free_all(transfer->resolve);
  free(transfer->answer_head.at);
  free(transfer->answer_body.at);
  free(transfer);
}

static void activate(pixel_curl *curl, struct transfer *transfer) {
  transfer->previous = NULL;
  transfer->next = curl->active;
  if (curl->active) curl->active->previous = transfer;
  curl->active = transfer;
}

static void deactivate(pixel_curl *curl, struct transfer *transfer) {
  if (transfer->previous) transfer->previous->next = transfer->next;
  if (transfer->next) transfer->next->previous = transfer->previous;
  if (curl->active == transfer) curl->active = transfer->next;
}

static void give_back(pixel_curl *curl, struct transfer *transfer) {
  api.slist_free_all(transfer->fields);
  transfer->fields = NULL;
  if (transfer->resolve) {
    api.easy_setopt(transfer->easy, CURLOPT_RESOLVE, NULL);
    api.slist_free_all(transfer->resolve);
    transfer->resolve = NULL;
  }
  if (curl->spares >= 32 || transfer->answer_body.room > 256 * 1024) return destroy(transfer);
  if (transfer->is_prepared) {
    api.easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
    api.easy_setopt(transfer->easy, CURLOPT_COPYPOSTFIELDS, NULL);
  } else {
    api.easy_reset(transfer->easy);  // also lets go of the copied request body
  }
  transfer->next = curl->spare;
  curl->spare = transfer;
  curl->spares++;
}

static int add_fields(struct transfer *transfer, const char *fields) {
  while (*fields) {
    size_t count = strcspn(fields, "\n");
    char *field = strndup(fields, count);
    if (!field) return -1;
    struct curl_slist *longer = api.slist_append(transfer->fields, field);
    free(field);
    if (!longer) return -1;
    transfer->fields = longer;
    fields += count + (fields[count] == '\n');
  }
  return 0;
}

#define SET(option, value) api.easy_setopt(easy, option, value)

/// Sets the options that are the same for all requests.
static void prepare(pixel_curl *curl, struct transfer *transfer) {
  CURL *easy = transfer->easy;
  api.easy_reset(easy);
  SET(CURLOPT_PRIVATE, transfer);
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_WRITEDATA, transfer);
  SET(CURLOPT_HEADERFUNCTION, on_head);
  SET(CURLOPT_HEADERDATA, transfer);
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_PROXY, "");  // no proxy, whatever the environment says
#if LIBCURL_VERSION_NUM >= 0x075500
  SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
  SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(CURLOPT_SHARE, curl->share);
  // For a resolver of libcurl's own; what CURLOPT_RESOLVE says stays until it says something else.
  SET(CURLOPT_DNS_CACHE_TIMEOUT, 30L);
  // Debian's default CA directory switches libcurl's CA cache off: 42 ms for each new connection.
  SET(CURLOPT_CAPATH, NULL);
  if (curl->ca_file) SET(CURLOPT_CAINFO, curl->ca_file);
}

int pixel_curl_send(pixel_curl *curl, const pixel_curl_request *request) {
  struct transfer *transfer = take(curl);
  if (!transfer) return -1;
  transfer->id = request->id;
  transfer->answer_head.count = transfer->answer_body.count = 0;
  transfer->state = PARTIAL;
  transfer->answer_head.limit = 64 * 1024;
  transfer->answer_body.limit = request->max_answer;
  // Without "Expect:" libcurl waits for a 100 before it sends a large body.
  if (add_fields(transfer, request->fields) != 0 || add_fields(transfer, "Expect:") != 0) {
    give_back(curl, transfer);
    return -1;
  }
  CURL *easy = transfer->easy;
  int is_post = strcmp(request->method, "POST") == 0;
  if (!transfer->is_prepared || !is_post) prepare(curl, transfer);
  SET(CURLOPT_URL, request->url);
  SET(CURLOPT_HTTPHEADER, transfer->fields);
  if (request->resolve[0]) {
    transfer->resolve = api.slist_append(NULL, request->resolve);
    SET(CURLOPT_RESOLVE, transfer->resolve);
  }
  SET(CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout_ms);
  SET(CURLOPT_TIMEOUT_MS, request->timeout_ms);
  if (request->body_count > 0 || is_post) {
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_count);
    SET(CURLOPT_COPYPOSTFIELDS, request->body_count > 0 ? (const char *)request->body : "");
  }
  if (strcmp(request->method, "HEAD") == 0) {
    SET(CURLOPT_NOBODY, 1L);
  } else {  // a body alone would make libcurl send POST
    SET(CURLOPT_CUSTOMREQUEST, request->method);
  }
  transfer->is_prepared = is_post;
  if (api.multi_add_handle(curl->multi, easy) == CURLM_OK) {
    activate(curl, transfer);
    return 0;
  }
  give_back(curl, transfer);
  return -1;
}

void pixel_curl_ready(pixel_curl *curl, int fd, int conditions) {
  int running, left;
  int bits = (conditions & PIXEL_CURL_IN ? CURL_CSELECT_IN : 0) |
             (conditions & PIXEL_CURL_OUT ? CURL_CSELECT_OUT : 0) |
             (conditions & PIXEL_CURL_ERROR ? CURL_CSELECT_ERR : 0);
  api.multi_socket_action(curl->multi, fd < 0 ? CURL_SOCKET_TIMEOUT : fd, bits, &running);
  for (CURLMsg *message; (message = api.multi_info_read(curl->multi, &left));) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL *easy = message->easy_handle;
    CURLcode result = message->data.result;
    char *private = NULL;
    long status = 0;
    api.easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    api.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    struct transfer *transfer = (struct transfer *)private;
    const char *problem = result == CURLE_OK ? NULL : api.easy_strerror(result);
    // libcurl takes an answer that ends in its head for one without a body.
    if (!problem && transfer->state != COMPLETE) problem = "The answer ended in its head";
    api.multi_remove_handle(curl->multi, easy);
    deactivate(curl, transfer);
    curl->loop.done(curl->loop.context, transfer->id, problem, status, transfer->answer_head.at,
                    transfer->answer_head.count, transfer->answer_body.at, transfer->answer_body.count);
    give_back(curl, transfer);
  }
}

void pixel_curl_close(pixel_curl *curl) {
  while (curl->active) {
    struct transfer *transfer = curl->active;
    curl->active = transfer->next;
    api.multi_remove_handle(curl->multi, transfer->easy);
    destroy(transfer);
  }
  while (curl->spare) {
    struct transfer *transfer = curl->spare;
    curl->spare = transfer->next;
    destroy(transfer);
  }
  if (curl->multi) api.multi_cleanup(curl->multi);
  if (curl->share) api.share_cleanup(curl->share);
  free(curl->ca_file);
  free(curl);
}
