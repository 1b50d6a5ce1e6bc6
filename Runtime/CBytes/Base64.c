// SPDX-License-Identifier: MIT
// Base64 by AVX2, 32 characters a step. Swift has no shuffle of bytes, without which a step costs three times
// as much; Runtime/Bytes/Base64.swift has the same for every processor, and decodes the rest.
#include "CBytes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define ALL(value) _mm256_set1_epi8((char)(value))

/// A table of sixteen bytes, in both halves.
#define TABLE(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))

__attribute__((target("avx2")))
static size_t decode(uint8_t *text, size_t count, bool *good) {
  // In each half the three bytes of four characters, the highest first, and four bytes of nothing.
  const __m256i order = _mm256_setr_epi8(
      2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1,
      2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  const __m256i halves = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
  // Of a character's two halves each has a bit for every kind of row in the ASCII table in which it is wrong:
  // 1 + /, 2 digits, 4 letters from A on, 8 letters up to Z, 16 nothing of ours. No bit in common: it is right.
  const __m256i wrong_by_low = TABLE(
      0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
  const __m256i wrong_by_high = TABLE(16, 16, 1, 2, 4, 8, 4, 8, 16, 16, 16, 16, 16, 16, 16, 16);
  // The number that turns a character into its value depends on the character's row; `/` has the place of the row
  // before its own.
  const __m256i added = TABLE(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
  __m256i strange = _mm256_setzero_si256();
  size_t at = 0, free = 0;
  for (; count - at >= 64; at += 32, free += 24) {
    const __m256i characters = _mm256_loadu_si256((const __m256i *)(text + at));
    const __m256i low = _mm256_and_si256(characters, ALL(15));
    const __m256i high = _mm256_and_si256(_mm256_srli_epi32(characters, 4), ALL(15));
    strange = _mm256_or_si256(
        strange, _mm256_and_si256(
            _mm256_shuffle_epi8(wrong_by_low, low), _mm256_shuffle_epi8(wrong_by_high, high)));
    const __m256i row = _mm256_add_epi8(high, _mm256_cmpeq_epi8(characters, ALL('/')));
    const __m256i values = _mm256_add_epi8(characters, _mm256_shuffle_epi8(added, row));
    // Neighbours are joined twice: 6 + 6 bits, then 12 + 12.
    const __m256i twelve = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
    const __m256i bits = _mm256_madd_epi16(twelve, _mm256_set1_epi32(0x00011000));
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(bits, order), halves);
    // 32 bytes are written for 24, all of them at characters that have been read.
    _mm256_storeu_si256((__m256i *)(text + free), bytes);
  }
  if (!_mm256_testz_si256(strange, strange)) *good = false;
  return at;
}

/// All bits of the bytes that are above `border`, as signed numbers.
#define ABOVE(bytes, border) _mm256_cmpgt_epi8((bytes), ALL(border))

__attribute__((target("avx2")))
static size_t encode(const uint8_t *bytes, size_t count, uint8_t *text) {
  // Each three bytes as b a c b, so that every group of six bits lies in one 16-bit number.
  const __m256i order = _mm256_setr_epi8(
      1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,
      1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  size_t at = 0;
  for (; count - at >= 32; at += 24, text += 32) {
    // Twelve bytes in each half; the last load reaches four bytes further than they do.
    const __m128i first = _mm_loadu_si128((const __m128i *)(bytes + at));
    const __m128i second = _mm_loadu_si128((const __m128i *)(bytes + at + 12));
    const __m256i threes = _mm256_shuffle_epi8(_mm256_set_m128i(second, first), order);
    // A multiplication by a power of two moves each 16-bit number by its own distance.
    const __m256i odd = _mm256_mulhi_epu16(
        _mm256_and_si256(threes, _mm256_set1_epi32(0x0fc0fc00)), _mm256_set1_epi32(0x04000040));
    const __m256i even = _mm256_mullo_epi16(
        _mm256_and_si256(threes, _mm256_set1_epi32(0x003f03f0)), _mm256_set1_epi32(0x01000010));
    const __m256i values = _mm256_or_si256(odd, even);
    __m256i sum = _mm256_add_epi8(values, ALL('A'));
    sum = _mm256_add_epi8(sum, _mm256_and_si256(ABOVE(values, 25), ALL(6)));
    sum = _mm256_add_epi8(sum, _mm256_and_si256(ABOVE(values, 51), ALL(-75)));
    sum = _mm256_add_epi8(sum, _mm256_and_si256(ABOVE(values, 61), ALL(-15)));
    sum = _mm256_add_epi8(sum, _mm256_and_si256(ABOVE(values, 62), ALL(3)));
    _mm256_storeu_si256((__m256i *)text, sum);
  }
  return at;
}

size_t bytes_decode_base64(uint8_t *text, size_t count, bool *good) {
  return count >= 64 && __builtin_cpu_supports("avx2") ? decode(text, count, good) : 0;
}

size_t bytes_encode_base64(const uint8_t *bytes, size_t count, uint8_t *text) {
  return count >= 32 && __builtin_cpu_supports("avx2") ? encode(bytes, count, text) : 0;
}

#else

size_t bytes_decode_base64(uint8_t *text, size_t count, bool *good) { return 0; }

size_t bytes_encode_base64(const uint8_t *bytes, size_t count, uint8_t *text) { return 0; }

#endif
