// SPDX-License-Identifier: MIT
#pragma once
#include <stddef.h>
#include <stdint.h>

/// SHA-256 of `length` bytes at `bytes` into the 32 bytes at `digest`, by OpenSSL.
void pixel_sha256(const uint8_t *bytes, size_t length, uint8_t *digest);

/// An RSA public key; NULL if the numbers make none or the modulus has fewer than 2,048 or more than
/// 8,192 bits. Both numbers are big-endian.
typedef struct pixel_rsa_key pixel_rsa_key;
pixel_rsa_key *pixel_rsa_key_new(const uint8_t *modulus, size_t modulus_count,
                                 const uint8_t *exponent, size_t exponent_count);
void pixel_rsa_key_free(pixel_rsa_key *key);
/// 1 if `signature` is the RSA PKCS#1 v1.5 signature with SHA-256 of `text` by `key`, else 0.
int pixel_rsa_verify(pixel_rsa_key *key, const uint8_t *text, size_t text_count,
                     const uint8_t *signature, size_t signature_count);
