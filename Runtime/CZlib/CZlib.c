// SPDX-License-Identifier: MIT
// zlib is loaded at run time, so that a laptop without it still runs all but compression. A static executable
// has no loader: there it is linked (PIXEL_ZLIB_LINKED).
#define _GNU_SOURCE
#include "CZlib.h"

#if __has_include(<zlib.h>)

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define EACH(X) X(deflateInit2_) X(deflate) X(deflateReset) X(deflateBound) X(deflateEnd)

#define FIELD(name) __typeof__(name) *name;
static struct {
  EACH(FIELD)
} api;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char load_problem[256];

static void load(void) {
#ifdef PIXEL_ZLIB_LINKED
#define TAKE(name) api.name = name;
  EACH(TAKE)
#else
  void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(load_problem, sizeof load_problem, "%s", dlerror());
    return;
  }
#define TAKE(name)                                                 \
  api.name = (__typeof__(api.name))dlsym(library, #name);          \
  if (!api.name) {                                                 \
    snprintf(load_problem, sizeof load_problem, "no " #name);      \
    return;                                                        \
  }
  EACH(TAKE)
#endif
}

const char *pixel_gzip_load(void) {
  pthread_once(&once, load);
  return load_problem[0] ? load_problem : NULL;
}

struct pixel_gzip {
  z_stream stream;
};

pixel_gzip *pixel_gzip_new(int level) {
  if (pixel_gzip_load()) return NULL;
  pixel_gzip *gzip = calloc(1, sizeof *gzip);
  if (!gzip) return NULL;
  // 15 bits of window, and 16 for gzip's frame.
  int result = api.deflateInit2_(&gzip->stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY,
                                 ZLIB_VERSION, (int)sizeof gzip->stream);
  if (result == Z_OK) return gzip;
  free(gzip);
  return NULL;
}

void pixel_gzip_free(pixel_gzip *gzip) {
  if (!gzip) return;
  api.deflateEnd(&gzip->stream);
  free(gzip);
}

size_t pixel_gzip_bound(pixel_gzip *gzip, size_t count) {
  // A stream that has ended forgets in its answer that it writes gzip's frame.
  if (api.deflateReset(&gzip->stream) != Z_OK) return 0;
  return api.deflateBound(&gzip->stream, count);
}

size_t pixel_gzip_compress(pixel_gzip *gzip, const uint8_t *bytes, size_t count, uint8_t *out, size_t room) {
  if (count > UINT_MAX || room > UINT_MAX || api.deflateReset(&gzip->stream) != Z_OK) return 0;
  gzip->stream.next_in = (Bytef *)bytes;
  gzip->stream.avail_in = (uInt)count;
  gzip->stream.next_out = out;
  gzip->stream.avail_out = (uInt)room;
  return api.deflate(&gzip->stream, Z_FINISH) == Z_STREAM_END ? gzip->stream.total_out : 0;
}

#else  // The build machine needs no zlib either.

const char *pixel_gzip_load(void) { return "it was built where there is no zlib.h (Debian: zlib1g-dev)"; }
pixel_gzip *pixel_gzip_new(int level) {
  (void)level;
  return NULL;
}
void pixel_gzip_free(pixel_gzip *gzip) { (void)gzip; }
size_t pixel_gzip_bound(pixel_gzip *gzip, size_t count) {
  (void)gzip, (void)count;
  return 0;
}
size_t pixel_gzip_compress(pixel_gzip *gzip, const uint8_t *bytes, size_t count, uint8_t *out, size_t room) {
  (void)gzip, (void)bytes, (void)count, (void)out, (void)room;
  return 0;
}

#endif
