// SPDX-License-Identifier: MIT
#pragma once
#include <stddef.h>
#include <stdint.h>

/// SHA-256 of `length` bytes at `bytes` into the 32 bytes at `digest`, by OpenSSL.
void pixel_sha256(const uint8_t *bytes, size_t length, uint8_t *digest);
