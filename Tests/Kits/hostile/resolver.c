// SPDX-License-Identifier: MIT
// getaddrinfo for names of googleapis.test, to be preloaded. The file that RESOLVER_FILE names has one line:
// "fail CODE -", "slow MILLISECONDS ADDRESS" or "address 0 ADDRESS".
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int Lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
  static Lookup *real;
  if (!real) real = (Lookup *)dlsym(RTLD_NEXT, "getaddrinfo");
  const char *path = getenv("RESOLVER_FILE");
  if (!name || !path || !strstr(name, "googleapis.test")) return real(name, service, hints, result);
  char word[16] = "", address[64] = "127.0.0.1";
  int number = 0;
  FILE *file = fopen(path, "r");
  if (file) {
    if (fscanf(file, "%15s %d %63s", word, &number, address) < 1) word[0] = 0;
    fclose(file);
  }
  if (!strcmp(word, "fail")) return number;
  if (!strcmp(word, "slow")) usleep((useconds_t)number * 1000);
  return real(address, service, hints, result);
}
