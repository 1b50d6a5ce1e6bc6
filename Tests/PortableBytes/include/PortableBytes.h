// SPDX-License-Identifier: MIT
// What CBytes has for processors without AVX2, beside what it has for this one.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct portable_query_marks {
  uint64_t ampersands;
  uint64_t equals;
  uint64_t encoded;
};

uint64_t portable_json_special(const uint8_t *at, bool is_ascii);
size_t portable_skip_json_plain(const uint8_t *bytes, size_t at, size_t count, bool is_ascii, uint64_t *special);
struct portable_query_marks portable_query_marks(const uint8_t *at);
