// SPDX-License-Identifier: MIT
#include "CBytes.h"

#define INSIDE static inline __attribute__((always_inline))

// On x86-64 twice: for all processors and for those with AVX2, which take half as many instructions.
#if defined(__x86_64__)
#define DEFINE(type, name, parameters, arguments) \
  __attribute__((target("avx2"))) static type name##_avx2 parameters { return name##_inside arguments; } \
  type name parameters { \
    return __builtin_cpu_supports("avx2") ? name##_avx2 arguments : name##_inside arguments; \
  }
#else
#define DEFINE(type, name, parameters, arguments) \
  type name parameters { return name##_inside arguments; }
#endif

INSIDE uint64_t special(const uint8_t *at, bool is_ascii) {
  const bytes_block block = BYTES_LOAD(at);
  // As signed numbers the bytes above 127 are below 32 too.
  return is_ascii ? BYTES_BITS((block == '"') | (block == '\\') | ((bytes_signed_block)block < 0x20))
                  : BYTES_BITS((block == '"') | (block == '\\') | (block < 0x20));
}

INSIDE uint64_t bytes_json_special_inside(const uint8_t *at, bool is_ascii) {
  return special(at, is_ascii) | special(at + 32, is_ascii) << 32;
}

INSIDE size_t bytes_skip_json_plain_inside(
    const uint8_t *bytes, size_t at, size_t count, bool is_ascii, uint64_t *special) {
  for (; count - at >= 64; at += 64) {
    *special = bytes_json_special_inside(bytes + at, is_ascii);
    if (*special != 0) break;
  }
  return at;
}

INSIDE uint64_t encoded(const uint8_t *at) {
  const bytes_block block = BYTES_LOAD(at);
  return BYTES_BITS((block == '%') | (block == '+') | ((bytes_signed_block)block < 0));
}

INSIDE struct bytes_query_marks bytes_query_marks_inside(const uint8_t *at) {
  const bytes_block first = BYTES_LOAD(at), second = BYTES_LOAD(at + 32);
  return (struct bytes_query_marks){
      .ampersands = BYTES_BITS(first == '&') | BYTES_BITS(second == '&') << 32,
      .equals = BYTES_BITS(first == '=') | BYTES_BITS(second == '=') << 32,
      .encoded = encoded(at) | encoded(at + 32) << 32,
  };
}

DEFINE(uint64_t, bytes_json_special, (const uint8_t *at, bool is_ascii), (at, is_ascii))
DEFINE(size_t, bytes_skip_json_plain,
       (const uint8_t *bytes, size_t at, size_t count, bool is_ascii, uint64_t *special),
       (bytes, at, count, is_ascii, special))
DEFINE(struct bytes_query_marks, bytes_query_marks, (const uint8_t *at), (at))
