// SPDX-License-Identifier: MIT
#include "CCrypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

void pixel_sha256(const uint8_t *bytes, size_t length, uint8_t *digest) {
  SHA256(bytes, length, digest);
}

int pixel_has_certificate(const uint8_t *pem, size_t count) {
  if (!pem || count > INT32_MAX) return 0;
  BIO *text = BIO_new_mem_buf(pem, (int)count);
  // As those read the file that use it: with trust settings or without.
  X509 *certificate = text ? PEM_read_bio_X509_AUX(text, NULL, NULL, NULL) : NULL;
  int found = certificate != NULL;
  X509_free(certificate);
  BIO_free(text);
  ERR_clear_error();
  return found;
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

static EVP_PKEY *signing(pixel_rsa_signer *signer) { return (EVP_PKEY *)signer; }

// Says that there is no password instead of asking a terminal for one.
static int no_password(char *buffer, int size, int writing, void *context) {
  (void)buffer, (void)size, (void)writing, (void)context;
  return -1;
}

pixel_rsa_signer *pixel_rsa_signer_new(const uint8_t *pem, size_t count) {
  if (count > 65536) return NULL;
  BIO *text = BIO_new_mem_buf(pem, (int)count);
  EVP_PKEY *key = text ? PEM_read_bio_PrivateKey(text, NULL, no_password, NULL) : NULL;
  BIO_free(text);
  if (key && (!EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) < 2048)) {
    EVP_PKEY_free(key);
    key = NULL;
  }
  ERR_clear_error();
  return (pixel_rsa_signer *)key;
}

void pixel_rsa_signer_free(pixel_rsa_signer *signer) { EVP_PKEY_free(signing(signer)); }

size_t pixel_rsa_signature_size(pixel_rsa_signer *signer) {
  return (size_t)EVP_PKEY_get_size(signing(signer));
}

int pixel_rsa_sign(pixel_rsa_signer *signer, const uint8_t *text, size_t text_count, uint8_t *signature) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  EVP_PKEY_CTX *padding = NULL;  // owned by `context`
  size_t size = pixel_rsa_signature_size(signer);
  int good = context &&
             EVP_DigestSignInit(context, &padding, EVP_sha256(), NULL, signing(signer)) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PADDING) == 1 &&
             EVP_DigestSign(context, signature, &size, text, text_count) == 1 &&
             size == pixel_rsa_signature_size(signer);
  EVP_MD_CTX_free(context);
  ERR_clear_error();
  return good;
}
