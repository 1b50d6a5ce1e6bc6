// SPDX-License-Identifier: MIT
// The system calls that Swift's Glibc module does not import, over plain integers.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// One readiness report of epoll.
typedef struct {
  uint64_t token;
  uint32_t events;
} pixel_event;

enum {
  PIXEL_READABLE = 0x001,  // EPOLLIN
  PIXEL_WRITABLE = 0x004,  // EPOLLOUT
  PIXEL_ERROR = 0x008,     // EPOLLERR
  PIXEL_HANGUP = 0x010,    // EPOLLHUP
};

enum { PIXEL_ADD = 1, PIXEL_REMOVE = 2, PIXEL_MODIFY = 3 };

int pixel_epoll_create(void);
int pixel_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t token);
/// Waits up to `timeout_ms` (-1: for ever) and fills at most `room` reports.
int pixel_epoll_wait(int epoll, pixel_event *reports, int room, int timeout_ms);

int pixel_eventfd(void);
/// A descriptor that reads SIGTERM and SIGINT, which are blocked for the process from then on.
int pixel_signalfd(void);
/// The next signal of a signalfd; 0 if no signal waits.
int pixel_next_signal(int fd);

/// A listening TCP socket (IPv4 and IPv6 on the wildcard address), or -1 with errno.
int pixel_listen(const char *host, uint16_t port, int reuse_port, int backlog);
/// Makes sure that no other process listens on the address, or can while the returned descriptor is open,
/// with any socket options: for sockets that share a port. -1 with errno: EADDRINUSE.
int pixel_claim_port(const char *host, uint16_t port);
/// The port a socket is bound to, 0 if unknown.
uint16_t pixel_local_port(int fd);
/// A non-blocking connection with TCP_NODELAY, or -1 with errno.
int pixel_accept(int listener);
/// The peer's address as text, at least 46 bytes of room; empty if unknown. No port.
void pixel_peer_address(int fd, char *text, size_t room);
ssize_t pixel_send(int fd, const void *bytes, size_t count);

/// Runs `body(context)` on a new detached thread; 0, or an errno.
int pixel_thread(void (*body)(void *), void *context);
/// Raises the soft limit of open descriptors to the hard one.
void pixel_raise_descriptor_limit(void);
/// Writes one structured CRITICAL line before a trap or a bad access ends the process.
void pixel_report_crashes(const char *line, size_t count);
/// Nanoseconds of the monotonic clock, and of the wall clock since 1970.
int64_t pixel_monotonic_ns(void);
int64_t pixel_wall_ns(void);
/// Bytes of randomness from the kernel; 0 if it worked.
int pixel_random(void *bytes, size_t count);

// Scans of sixteen bytes at once: values in, a value out, no memory. In C, since Swift compares vectors
// byte by byte. The result has a bit for each byte that is looked for, the first byte's the lowest.
typedef uint8_t pixel_block __attribute__((ext_vector_type(16)));
typedef char pixel_marks __attribute__((ext_vector_type(16)));

static inline uint32_t pixel_bits(pixel_marks marks) {
#if defined(__SSE2__)
  return (uint32_t)__builtin_ia32_pmovmskb128(marks);
#else
  // A byte of a mark is 0 or 0xFF: one bit of each, and the product moves the eight to the top.
  typedef uint64_t halves __attribute__((ext_vector_type(2)));
  halves ones = (halves)marks & 0x0101010101010101;
  halves bits = ones * 0x0102040810204080 >> 56;
  return (uint32_t)(bits[0] | bits[1] << 8);
#endif
}

/// Bytes that are below `limit`, or DEL.
static inline uint32_t pixel_stops(pixel_block block, uint8_t limit) {
  return pixel_bits((pixel_marks)((block < limit) | (block == 0x7F)));
}

/// Bytes that are no hex digit.
static inline uint32_t pixel_not_hex(pixel_block block) {
  return pixel_bits((pixel_marks)((block - 0x30 < 10) | ((block | 0x20) - 0x61 < 6))) ^ 0xFFFF;
}

/// The number that sixteen hex digits write.
static inline uint64_t pixel_hex_number(pixel_block block) {
  // A letter's lower half is 1 to 6.
  pixel_block digits = (block & 15) + ((block >> 6) & 1) * 9;
  typedef uint8_t eight __attribute__((ext_vector_type(8)));
  eight bytes = (eight)(digits.even << 4) | (eight)digits.odd;
  uint64_t number;
  __builtin_memcpy(&number, &bytes, sizeof number);
  return __builtin_bswap64(number);
}

/// Bytes that are `one` or `other`.
static inline uint32_t pixel_either(pixel_block block, uint8_t one, uint8_t other) {
  return pixel_bits((pixel_marks)((block == one) | (block == other)));
}

/// Bytes that are neither a letter nor `-`.
static inline uint32_t pixel_not_letter_or_dash(pixel_block block) {
  pixel_block letter = (block | 0x20) - 0x61;
  return pixel_bits((pixel_marks)((letter < 26) | (block == 0x2D))) ^ 0xFFFF;
}

/// Bytes that are neither a letter, nor a digit, `-` or `.`.
static inline uint32_t pixel_not_name(pixel_block block) {
  pixel_block letter = (block | 0x20) - 0x61;
  return pixel_bits((pixel_marks)((letter < 26) | (block - 0x30 < 10) | (block - 0x2D < 2))) ^
         0xFFFF;
}
