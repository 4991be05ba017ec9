#!/usr/bin/env bash
# What the ledger costs: the processor time that threads spend inside SQLite's calls (system calls included), as a
# share of an evaluation's; and the memory that 1,000 and 10,000 images take.
#
#   Scripts/ledger-cost.sh [ADVKIT]                 default: .build/release/advkit; needs cc and GNU time
set -euo pipefail
advkit=${1:-$(dirname "$0")/../.build/release/advkit}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Stands before SQLite's functions and adds up the thread's processor time within them.
cat >"$work/meter.c" <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
static atomic_long spent, calls;
static long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}
#define METER(name, parameters, arguments)                                  \
  int name parameters {                                                     \
    static int(*real) parameters;                                           \
    if (!real) real = (int(*) parameters)dlsym(RTLD_NEXT, #name);           \
    long start = now();                                                     \
    int status = real arguments;                                            \
    spent += now() - start;                                                 \
    calls++;                                                                \
    return status;                                                          \
  }
METER(sqlite3_step, (void *a), (a))
METER(sqlite3_exec, (void *a, const char *b, void *c, void *d, void *e), (a, b, c, d, e))
METER(sqlite3_prepare_v2, (void *a, const char *b, int c, void *d, void *e), (a, b, c, d, e))
METER(sqlite3_finalize, (void *a), (a))
METER(sqlite3_reset, (void *a), (a))
METER(sqlite3_open_v2, (const char *a, void *b, int c, const char *d), (a, b, c, d))
METER(sqlite3_close_v2, (void *a), (a))
METER(sqlite3_bind_blob64, (void *a, int b, const void *c, unsigned long d, void *e), (a, b, c, d, e))
METER(sqlite3_bind_text64, (void *a, int b, const char *c, unsigned long d, void *e, unsigned char f), (a, b, c, d, e, f))
METER(sqlite3_bind_text, (void *a, int b, const char *c, int d, void *e), (a, b, c, d, e))
METER(sqlite3_bind_blob, (void *a, int b, const void *c, int d, void *e), (a, b, c, d, e))
__attribute__((destructor)) static void report(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  double all = t.tv_sec + t.tv_nsec / 1e9, own = spent / 1e9;
  fprintf(stderr, "%ld calls of SQLite: %.3f s of %.2f s of processor time, %.2f %%\n", (long)calls, own, all,
          100 * own / all);
}
C
cc -O2 -shared -fPIC -o "$work/meter.so" "$work/meter.c" -ldl
measure() {
  local title=$1
  shift
  "$advkit" evaluate "$@" --out "$work/run" --overwrite --quiet >/dev/null 2>&1  # warms the page cache
  echo -n "$title: "
  LD_PRELOAD=$work/meter.so "$advkit" evaluate "$@" --out "$work/run" --overwrite --quiet 2>&1 >/dev/null | tail -1
}
measure "resnet, FGSM and PGD-40" --models resnet --attacks fgsm,pgd --eps 1px,4px --limit 60
measure "lenet5, FGSM and PGD-40" --models lenet5 --attacks fgsm,pgd --eps 1px,4px --limit 400
measure "lenet5, FGSM alone, no audit" --models lenet5 --attacks fgsm --eps 1px,4px --limit 400 --audit-images 0

if [ -x /usr/bin/time ]; then
  for images in 1000 10000; do
    /usr/bin/time -f "linear, 4 attacks × 5 radii, $images images: peak %M KiB, %U s of processor time" "$advkit" \
      evaluate --models linear --dataset shapes10:train --limit "$images" \
      --attacks fgsm,bim,mifgsm,pgd:steps=10 --eps 1px,2px,3px,4px,8px --every-attack --out "$work/run" --overwrite \
      --quiet 2>&1 >/dev/null
    echo "  $(stat -c %s "$work/run/run.sqlite") bytes of run.sqlite"
  done
else
  echo "skipped: memory (no /usr/bin/time)"
fi
