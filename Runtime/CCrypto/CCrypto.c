// SPDX-License-Identifier: MIT
#include "CCrypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

void pixel_sha256(const uint8_t *bytes, size_t length, uint8_t *digest) {
  SHA256(bytes, length, digest);
}

// The key type that the header promises is OpenSSL's own.
static EVP_PKEY *of(pixel_rsa_key *key) { return (EVP_PKEY *)key; }

static EVP_PKEY *from_numbers(const BIGNUM *n, const BIGNUM *e) {
  EVP_PKEY *key = NULL;
  OSSL_PARAM *parameters = NULL;
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
  if (builder && context && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
      OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) &&
      (parameters = OSSL_PARAM_BLD_to_param(builder)) && EVP_PKEY_fromdata_init(context) == 1) {
    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters);
  }
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  EVP_PKEY_CTX_free(context);
  return key;
}

pixel_rsa_key *pixel_rsa_key_new(const uint8_t *modulus, size_t modulus_count,
                                 const uint8_t *exponent, size_t exponent_count) {
  if (modulus_count > 1024 || exponent_count > 8) return NULL;
  BIGNUM *n = BN_bin2bn(modulus, (int)modulus_count, NULL);
  BIGNUM *e = BN_bin2bn(exponent, (int)exponent_count, NULL);
  EVP_PKEY *key = NULL;
  if (n && e && BN_num_bits(n) >= 2048 && BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e))
    key = from_numbers(n, e);
  BN_free(n);
  BN_free(e);
  ERR_clear_error();
  return (pixel_rsa_key *)key;
}

void pixel_rsa_key_free(pixel_rsa_key *key) { EVP_PKEY_free(of(key)); }

int pixel_rsa_verify(pixel_rsa_key *key, const uint8_t *text, size_t text_count,
                     const uint8_t *signature, size_t signature_count) {
  if (signature_count != (size_t)EVP_PKEY_get_size(of(key))) return 0;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  EVP_PKEY_CTX *padding = NULL;  // owned by `context`
  int good = context && EVP_DigestVerifyInit(context, &padding, EVP_sha256(), NULL, of(key)) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PADDING) == 1 &&
             EVP_DigestVerify(context, signature, signature_count, text, text_count) == 1;
  EVP_MD_CTX_free(context);
  ERR_clear_error();
  return good;
}
