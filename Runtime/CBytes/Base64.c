// SPDX-License-Identifier: MIT
// Base64 by AVX2, 32 characters a step. Swift has no shuffle of bytes, without which a step costs three times
// as much; Runtime/Bytes/Base64.swift has the same for every processor, and decodes what is left over.
#include "CBytes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define ALL(value) _mm256_set1_epi8((char)(value))

/// All bits of the bytes that are above `border`, as signed numbers.
#define ABOVE(bytes, border) _mm256_cmpgt_epi8((bytes), ALL(border))

__attribute__((target("avx2")))
static size_t decode(uint8_t *text, size_t count, bool *good) {
  // In each half the three bytes of four characters, the highest first, and four bytes of nothing.
  const __m256i order = _mm256_setr_epi8(
      2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1,
      2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  const __m256i halves = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
  __m256i strange = _mm256_setzero_si256();
  size_t at = 0, free = 0;
  for (; count - at >= 64; at += 32, free += 24) {
    const __m256i characters = _mm256_loadu_si256((const __m256i *)(text + at));
    // What is added to a byte changes at the borders of + / 0-9 A-Z a-z, as those follow each other.
    const __m256i plus = _mm256_cmpeq_epi8(characters, ALL('+'));
    const __m256i digits = ABOVE(characters, '/'), upper = ABOVE(characters, '9'), lower = ABOVE(characters, 'Z');
    __m256i values = _mm256_add_epi8(characters, ALL(16));
    values = _mm256_add_epi8(values, _mm256_and_si256(plus, ALL(3)));
    values = _mm256_add_epi8(values, _mm256_and_si256(digits, ALL(-12)));
    values = _mm256_add_epi8(values, _mm256_and_si256(upper, ALL(-69)));
    values = _mm256_add_epi8(values, _mm256_and_si256(lower, ALL(-6)));
    // Inside the alphabet: a letter in either case, `/` to `9`, or `+`.
    const __m256i letter = _mm256_sub_epi8(_mm256_or_si256(characters, ALL(0x20)), ALL('a'));
    const __m256i slash_or_digit = _mm256_sub_epi8(characters, ALL('/'));
    const __m256i is_letter = _mm256_cmpeq_epi8(_mm256_min_epu8(letter, ALL(25)), letter);
    const __m256i is_digit = _mm256_cmpeq_epi8(_mm256_min_epu8(slash_or_digit, ALL(10)), slash_or_digit);
    const __m256i known = _mm256_or_si256(_mm256_or_si256(is_letter, is_digit), plus);
    strange = _mm256_or_si256(strange, _mm256_xor_si256(known, ALL(-1)));
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
