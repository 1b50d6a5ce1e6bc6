// SPDX-License-Identifier: MIT
// The system's headers before: they have to know the processor.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#undef __x86_64__
#define bytes_json_special portable_json_special
#define bytes_skip_json_plain portable_skip_json_plain
#define bytes_query_marks portable_query_marks
#include "../../Runtime/CBytes/Blocks.c"
