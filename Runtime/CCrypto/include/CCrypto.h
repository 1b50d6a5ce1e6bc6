// SPDX-License-Identifier: MIT
#pragma once
#include <stddef.h>
#include <stdint.h>

/// SHA-256 of `length` bytes at `bytes` into the 32 bytes at `digest`, by OpenSSL.
void pixel_sha256(const uint8_t *bytes, size_t length, uint8_t *digest);

/// 1 if the text begins with a certificate in PEM, comments before it aside; else 0.
int pixel_has_certificate(const uint8_t *pem, size_t count);

/// An RSA public key; NULL if the numbers make none or the modulus has fewer than 2,048 or more than
/// 8,192 bits. Both numbers are big-endian.
typedef struct pixel_rsa_key pixel_rsa_key;
pixel_rsa_key *pixel_rsa_key_new(const uint8_t *modulus, size_t modulus_count,
                                 const uint8_t *exponent, size_t exponent_count);
void pixel_rsa_key_free(pixel_rsa_key *key);
/// 1 if `signature` is the RSA PKCS#1 v1.5 signature with SHA-256 of `text` by `key`, else 0.
int pixel_rsa_verify(pixel_rsa_key *key, const uint8_t *text, size_t text_count,
                     const uint8_t *signature, size_t signature_count);

/// An RSA private key for signing; NULL unless the PEM text has such a key of at least 2,048 bits without a
/// password.
typedef struct pixel_rsa_signer pixel_rsa_signer;
pixel_rsa_signer *pixel_rsa_signer_new(const uint8_t *pem, size_t count);
void pixel_rsa_signer_free(pixel_rsa_signer *signer);
/// How many bytes a signature has.
size_t pixel_rsa_signature_size(pixel_rsa_signer *signer);
/// Writes the RSA PKCS#1 v1.5 signature with SHA-256 of `text` to `signature`, which has room for
/// `pixel_rsa_signature_size` bytes; 1 if that worked, else 0.
int pixel_rsa_sign(pixel_rsa_signer *signer, const uint8_t *text, size_t text_count, uint8_t *signature);
