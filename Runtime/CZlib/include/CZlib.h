// SPDX-License-Identifier: MIT
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Loads zlib once per process; NULL, or why it can't be loaded.
const char *pixel_gzip_load(void);

/// A compressor of a level from 1, the fastest, to 9, that is used again and again; NULL without zlib or memory.
typedef struct pixel_gzip pixel_gzip;
pixel_gzip *pixel_gzip_new(int level);
void pixel_gzip_free(pixel_gzip *gzip);
/// How many bytes `count` bytes can become at most.
size_t pixel_gzip_bound(pixel_gzip *gzip, size_t count);
/// Compresses into the `room` bytes at `out` in the format of gzip; how many it became, 0 if they did not fit.
size_t pixel_gzip_compress(pixel_gzip *gzip, const uint8_t *bytes, size_t count, uint8_t *out, size_t room);
