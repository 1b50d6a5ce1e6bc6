// SPDX-License-Identifier: MIT
// libcurl's multi interface, driven by somebody else's event loop.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { PIXEL_CURL_IN = 1, PIXEL_CURL_OUT = 2, PIXEL_CURL_GONE = 4, PIXEL_CURL_ERROR = 8 };

/// The calls that libcurl makes to the loop, with the context given to `pixel_curl_open`.
typedef struct {
  void *context;
  /// Watch `fd` for these conditions from now on; PIXEL_CURL_GONE: no longer.
  void (*watch)(void *context, int fd, int conditions);
  /// Call `pixel_curl_ready` with fd -1 after this many milliseconds; -1: not at all.
  void (*timer)(void *context, long milliseconds);
  /// Request `id` has ended. `problem` is NULL if there is an answer; the bytes are lent for the call.
  void (*done)(void *context, uint64_t id, const char *problem, long status,
               const uint8_t *head, size_t head_count, const uint8_t *body, size_t body_count);
} pixel_curl_loop;

typedef struct {
  uint64_t id;
  const char *method;
  const char *url;
  /// Fields as "Name: value", separated by line feeds, with a zero at the end.
  const char *fields;
  /// A line for CURLOPT_RESOLVE, or an empty text.
  const char *resolve;
  const uint8_t *body;
  size_t body_count;
  long connect_timeout_ms;
  long timeout_ms;
  /// The most bytes that an answer's body may have.
  size_t max_answer;
} pixel_curl_request;

typedef struct pixel_curl pixel_curl;

/// Loads libcurl once per process; NULL, or why it can't be loaded.
const char *pixel_curl_load(void);
/// Whether libcurl resolves names by itself, which never stops its caller: with c-ares, in a static build.
int pixel_curl_resolves(void);
/// The addresses of `host` as CURLOPT_RESOLVE takes them, with a zero at the end, into `room` bytes: as many
/// as fit. It stops the calling thread for as long as the name servers let it. NULL, or what is wrong.
const char *pixel_curl_addresses(const char *host, char *text, size_t room);
/// One set of connections. `ca_file` may be NULL for libcurl's own choice.
pixel_curl *pixel_curl_open(pixel_curl_loop loop, const char *ca_file, long max_connections);
/// Starts a request; everything is copied. 0 if it was started: then `done` is called once, later.
int pixel_curl_send(pixel_curl *curl, const pixel_curl_request *request);
/// A watched descriptor is ready, or with fd -1 the time has come.
void pixel_curl_ready(pixel_curl *curl, int fd, int conditions);
/// Requests on their way end without `done`.
void pixel_curl_close(pixel_curl *curl);
