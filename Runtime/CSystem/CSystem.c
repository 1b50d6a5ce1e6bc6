// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "CSystem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

_Static_assert(PIXEL_READABLE == EPOLLIN && PIXEL_WRITABLE == EPOLLOUT, "epoll's values");
_Static_assert(PIXEL_ERROR == EPOLLERR && PIXEL_HANGUP == EPOLLHUP, "epoll's values");
_Static_assert(PIXEL_ADD == EPOLL_CTL_ADD && PIXEL_REMOVE == EPOLL_CTL_DEL, "epoll's values");
_Static_assert(PIXEL_MODIFY == EPOLL_CTL_MOD, "epoll's values");

int pixel_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int pixel_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data = {.u64 = token}};
  return epoll_ctl(epoll, operation, fd, &event);
}

int pixel_epoll_wait(int epoll, pixel_event *reports, int room, int timeout_ms) {
  enum { MOST = 256 };
  struct epoll_event events[MOST];
  int count = epoll_wait(epoll, events, room < MOST ? room : MOST, timeout_ms);
  for (int i = 0; i < count; i++) {
    reports[i].token = events[i].data.u64;
    reports[i].events = events[i].events;
  }
  return count;
}

int pixel_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int pixel_signalfd(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) return -1;
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int pixel_next_signal(int fd) {
  struct signalfd_siginfo info;
  return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

static int close_failed(int fd) {
  int why = errno;
  close(fd);
  errno = why;
  return -1;
}

/// A socket bound to the address; -1 with errno.
static int bind_socket(const char *host, uint16_t port, int reuse_port) {
  struct in6_addr six;
  struct in_addr four;
  int wildcard = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
  int is_four = !wildcard && inet_pton(AF_INET, host, &four) == 1;
  if (!wildcard && !is_four && inet_pton(AF_INET6, host, &six) != 1) {
    errno = EINVAL;
    return -1;
  }
  int family = is_four ? AF_INET : AF_INET6;
  int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 && wildcard) {  // a kernel without IPv6
    family = AF_INET;
    four.s_addr = INADDR_ANY;
    fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  }
  if (fd < 0) return -1;
  int on = 1, off = 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (reuse_port) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  int bound;
  if (family == AF_INET) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = four};
    bound = bind(fd, (struct sockaddr *)&address, sizeof address);
  } else {
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    address.sin6_addr = wildcard ? in6addr_any : six;
    bound = bind(fd, (struct sockaddr *)&address, sizeof address);
  }
  return bound == 0 ? fd : close_failed(fd);
}

int pixel_listen(const char *host, uint16_t port, int reuse_port, int backlog) {
  int fd = bind_socket(host, port, reuse_port);
  if (fd < 0) return -1;
  return listen(fd, backlog) == 0 ? fd : close_failed(fd);
}

int pixel_claim_port(const char *host, uint16_t port) {
  // Without SO_REUSEPORT the test fails if any other process listens there. With SO_REUSEADDR, which every
  // socket of ours has, connections that have ended do not count.
  int probe = bind_socket(host, port, 0);
  if (probe < 0) return -1;
  close(probe);
  // Two processes may start together and both see the port free. Binding this abstract socket name is
  // exclusive; the kernel frees it with the descriptor. Its first byte is zero, so it is not a file.
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "pixel-pipeline:%s:%u", host, port);
  if (length < 0 || (size_t)length >= sizeof name.sun_path - 1) {
    errno = EINVAL;
    return -1;
  }
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
  return bind(fd, (struct sockaddr *)&name, size) == 0 ? fd : close_failed(fd);
}

uint16_t pixel_local_port(int fd) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) return 0;
  if (address.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&address)->sin_port);
  if (address.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
  return 0;
}

int pixel_accept(int listener) {
  int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  int on = 1;
  if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void pixel_peer_address(int fd, char *text, size_t room) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  text[0] = 0;
  if (getpeername(fd, (struct sockaddr *)&address, &length) != 0) return;
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &((struct sockaddr_in *)&address)->sin_addr, text, room);
  } else if (address.ss_family == AF_INET6) {
    const struct in6_addr *six = &((struct sockaddr_in6 *)&address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(six)) {
      inet_ntop(AF_INET, six->s6_addr + 12, text, room);
    } else {
      inet_ntop(AF_INET6, six, text, room);
    }
  }
}

ssize_t pixel_send(int fd, const void *bytes, size_t count) {
  return send(fd, bytes, count, MSG_NOSIGNAL);
}

struct start {
  void (*body)(void *);
  void *context;
};

// A stack for the crash handler: after a stack overflow the thread's own has no room.
enum { CRASH_STACK_BYTES = 64 * 1024 };

static void use_crash_stack(void *memory) {
  stack_t stack = {.ss_sp = memory, .ss_size = CRASH_STACK_BYTES};
  if (memory) sigaltstack(&stack, NULL);
}

static void *run(void *raw) {
  struct start start = *(struct start *)raw;
  free(raw);
  void *crash_stack = malloc(CRASH_STACK_BYTES);
  use_crash_stack(crash_stack);
  start.body(start.context);
  stack_t none = {.ss_flags = SS_DISABLE};
  sigaltstack(&none, NULL);
  free(crash_stack);
  return NULL;
}

int pixel_thread(void (*body)(void *), void *context) {
  struct start *start = malloc(sizeof *start);
  if (!start) return ENOMEM;
  *start = (struct start){body, context};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  int failed = pthread_create(&thread, &attributes, run, start);
  pthread_attr_destroy(&attributes);
  if (failed) free(start);
  return failed;
}

void pixel_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static char crash_line[512];
static size_t crash_length;

static void crashed(int signal_number) {
  // Only async-signal-safe calls; SA_RESETHAND has restored the default, so raising ends the process.
  ssize_t ignored = write(STDOUT_FILENO, crash_line, crash_length);
  (void)ignored;
  raise(signal_number);
}

void pixel_report_crashes(const char *line, size_t count) {
  crash_length = count < sizeof crash_line ? count : sizeof crash_line;
  memcpy(crash_line, line, crash_length);
  static char crash_stack[CRASH_STACK_BYTES];  // of the first thread
  use_crash_stack(crash_stack);
  struct sigaction action = {.sa_handler = crashed};
  action.sa_flags = SA_RESETHAND | SA_NODEFER | SA_ONSTACK;
  int signals[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    sigaction(signals[i], &action, NULL);
    sigaddset(&set, signals[i]);
  }
  // The parent process may have blocked them; a trap would then end the process without the handler.
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static int64_t nanoseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t pixel_monotonic_ns(void) { return nanoseconds(CLOCK_MONOTONIC); }
int64_t pixel_wall_ns(void) { return nanoseconds(CLOCK_REALTIME); }

int pixel_random(void *bytes, size_t count) {
  return getrandom(bytes, count, 0) == (ssize_t)count ? 0 : -1;
}
