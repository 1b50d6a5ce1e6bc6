// SPDX-License-Identifier: MIT
#pragma once
#include <stddef.h>
#include <stdint.h>

// libFuzzer without its own main: it calls `one` with each input that it makes up.
int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*one)(const uint8_t *start, size_t size));
