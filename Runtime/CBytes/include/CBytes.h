// SPDX-License-Identifier: MIT
// Questions about bytes that Swift can answer only one byte at a time: a bit for every byte of a block, the first
// in the lowest.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// On x86-64 two SSE2 vectors or one of AVX2, elsewhere the compiler's own choice. A comparison is -1 where it
// holds.
typedef uint8_t bytes_block __attribute__((ext_vector_type(32), aligned(1), may_alias));
typedef int8_t bytes_signed_block __attribute__((ext_vector_type(32), aligned(1)));
typedef bool bytes_flags __attribute__((ext_vector_type(32)));

/// The comparison's bits as a number. The compiler may not look through it: it would rather search the vectors
/// than count the zeros of a number, in ten times as many instructions.
#define BYTES_BITS(comparison) \
  bytes_opaque(__builtin_bit_cast(uint32_t, __builtin_convertvector((comparison), bytes_flags)))

static inline uint64_t bytes_opaque(uint32_t number) {
  __asm__("" : "+r"(number));
  return number;
}

/// The 32 bytes at `at`.
#define BYTES_LOAD(at) (*(const bytes_block *)(at))

/// The bytes equal to `byte` among the 64 at `at`.
static inline uint64_t bytes_equal(const uint8_t *at, uint8_t byte) {
  return BYTES_BITS(BYTES_LOAD(at) == byte) | BYTES_BITS(BYTES_LOAD(at + 32) == byte) << 32;
}

/// The bytes that end or change the text of a JSON string among the 64 at `at`: quotes, backslashes, control
/// characters, and, if `is_ascii`, bytes above 127.
uint64_t bytes_json_special(const uint8_t *at, bool is_ascii);

/// Looks at blocks from `at` on until one has something special, or fewer than 64 of the `count` bytes are
/// left; returns where it stopped, and the block's special bytes in `special`.
size_t bytes_skip_json_plain(const uint8_t *bytes, size_t at, size_t count, bool is_ascii, uint64_t *special);

/// Where a query string is parted, and where its bytes are not their own text.
struct bytes_query_marks {
  uint64_t ampersands;
  uint64_t equals;
  /// `%`, `+`, and bytes that are not ASCII.
  uint64_t encoded;
};

/// The marks among the 64 bytes at `at`.
struct bytes_query_marks bytes_query_marks(const uint8_t *at);

/// Decodes blocks of 32 base64 characters from `text` on where they lie, as many as leave 32 of `count` behind
/// them. Returns how many characters were taken, three quarters as many bytes are at `text` then; none if
/// this processor cannot. Clears `good` at a character outside the alphabet.
size_t bytes_decode_base64(uint8_t *text, size_t count, bool *good);

/// Encodes blocks of 24 bytes as 32 characters, as many as leave 8 of `count` behind them. Returns how many
/// bytes were taken; none if this processor cannot.
size_t bytes_encode_base64(const uint8_t *bytes, size_t count, uint8_t *text);
