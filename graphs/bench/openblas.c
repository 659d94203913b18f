// Times OpenBLAS' product C = A B in f32 on one thread: what products.py sets beside fragua's.
//
//     cc -O2 -o openblas graphs/bench/openblas.c -lopenblas -lm
//     ./openblas 0.3 512 512 512 1000 10 784
//
// The first argument is how many seconds to measure; M N K follow for each shape. A shape gives a line of JSON with the
// best and the median time of a product over blocks of 20 ms after a warm-up, as 'fragua bench' measures a step, and
// the GFLOP/s of both. What OpenBLAS copies to pack A and B is part of each product. The routine is cblas_sgemm; where
// A is a row or B a column, cblas_sgemv can do it too, and the line is of the faster one.

#define _POSIX_C_SOURCE 200809L
#include <cblas.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// Memory for `count` numbers, at the beginning of a cache line.
static void *allocate(size_t count, size_t size) {
  void *memory = aligned_alloc(64, (count * size + 63) / 64 * 64);
  if (!memory) {
    fprintf(stderr, "there is no memory for %zu numbers\n", count);
    exit(1);
  }
  return memory;
}

// Numbers from -1 to 1, by Marsaglia's xorshift.
static float *random_matrix(size_t count) {
  static uint64_t state = 88172645463325252;
  float *matrix = allocate(count, sizeof *matrix);
  for (size_t i = 0; i < count; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    matrix[i] = (float)(int32_t)(state >> 32) * 0x1p-31f;
  }
  return matrix;
}

// A product to measure: C of m rows and n columns, from A of k columns and B of k rows, all row by row.
struct product {
  size_t m, n, k;
  const float *a, *b;
  float *c;
};

// What OpenBLAS offers to multiply.
enum routine { gemm, gemv };

static void multiply(const struct product *p, enum routine routine) {
  blasint m = (blasint)p->m, n = (blasint)p->n, k = (blasint)p->k;
  if (routine == gemm) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0f, p->a, k, p->b, n, 0.0f, p->c, n);
  } else if (n == 1) {
    cblas_sgemv(CblasRowMajor, CblasNoTrans, m, k, 1.0f, p->a, k, p->b, 1, 0.0f, p->c, 1);
  } else {
    cblas_sgemv(CblasRowMajor, CblasTrans, k, n, 1.0f, p->b, n, p->a, 1, 0.0f, p->c, 1);
  }
}

// The seconds that `count` products take.
static double seconds_of(const struct product *p, enum routine routine, long count) {
  double begin = seconds_now();
  for (long i = 0; i < count; i++) multiply(p, routine);
  return seconds_now() - begin;
}

// Whether the last element of C is what it has to be: that the product is the one that is meant.
static int is_right(const struct product *p) {
  double sum = 0, magnitude = 0;
  for (size_t i = 0; i < p->k; i++) {
    double term = (double)p->a[(p->m - 1) * p->k + i] * p->b[i * p->n + p->n - 1];
    sum += term;
    magnitude += fabs(term);
  }
  return fabs(p->c[p->m * p->n - 1] - sum) <= (double)p->k * 0x1p-23 * magnitude;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// The seconds of one product.
struct times {
  double best, median;
};

// Measures the product for `seconds`, at least five blocks.
static struct times measure(const struct product *p, enum routine routine, double seconds) {
  enum { most = 100000 };
  static double samples[most];
  seconds_of(p, routine, 10);
  double one = fmax(seconds_of(p, routine, 1), 1e-7);
  long block = (long)fmax(1, fmin(20000, 0.02 / one));
  int count = 0;
  double begin = seconds_now();
  while (count < 5 || (count < most && seconds_now() - begin < seconds)) {
    samples[count++] = seconds_of(p, routine, block) / (double)block;
  }
  qsort(samples, (size_t)count, sizeof *samples, compare);
  return (struct times){.best = samples[0], .median = samples[count / 2]};
}

// Checks both routines, measures those that can do the product and prints the line of the faster one.
static void report(const struct product *p, double seconds) {
  enum routine last = p->m == 1 || p->n == 1 ? gemv : gemm, fastest = gemm;
  struct times times = {0};
  for (enum routine routine = gemm; routine <= last; routine++) {
    p->c[p->m * p->n - 1] = NAN;
    multiply(p, routine);
    if (!is_right(p)) {
      fprintf(stderr, "the product of %zu x %zu x %zu is wrong\n", p->m, p->n, p->k);
      exit(1);
    }
    struct times measured = measure(p, routine, seconds);
    if (routine > gemm && measured.median >= times.median) continue;
    times = measured;
    fastest = routine;
  }
  double flops = 2.0 * (double)(p->m * p->n * p->k);
  printf(
      "{\"m\": %zu, \"n\": %zu, \"k\": %zu, \"routine\": \"%s\", \"min_us\": %.3f, \"median_us\": %.3f, "
      "\"best_gflops\": %.2f, \"median_gflops\": %.2f, \"library\": \"%s\", \"core\": \"%s\"}\n",
      p->m, p->n, p->k, fastest == gemm ? "sgemm" : "sgemv", times.best * 1e6, times.median * 1e6,
      flops / times.best / 1e9, flops / times.median / 1e9, openblas_get_config(), openblas_get_corename());
  fflush(stdout);
}

// Lets OpenBLAS write its buffers for packed operands once, by a product that needs much of them.
//
// Without it, small products stay slow however long they are warmed up: 256 x 256 x 256 ran at 9.5 GFLOP/s for all of
// 3 s on Zen 1 in a virtual machine, without a page fault, and at 35 after a larger product. The likely cause are
// pages of the buffers that were never written: each prefetch from them looks for an address that is not there.
static void prepare(void) {
  struct product p = {.m = 1024, .n = 1024, .k = 1024};
  float *a = random_matrix(p.m * p.k), *b = random_matrix(p.k * p.n);
  p.a = a;
  p.b = b;
  p.c = allocate(p.m * p.n, sizeof *p.c);
  multiply(&p, gemm);
  free(a);
  free(b);
  free(p.c);
}

// An extent from its text; ends the program where it is none.
static size_t extent(const char *text) {
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (errno || end == text || *end || value < 1 || value > 65536) {
    fprintf(stderr, "'%s' is no extent: it must be from 1 to 65536\n", text);
    exit(2);
  }
  return (size_t)value;
}

int main(int count, char **arguments) {
  char *end = "";
  double seconds = count > 1 ? strtod(arguments[1], &end) : -1;
  if (count < 5 || (count - 2) % 3 != 0 || *end || !(seconds >= 0 && seconds <= 86400)) {
    fprintf(stderr, "usage: %s SECONDS M N K [M N K ...]\n", arguments[0]);
    return 2;
  }
  openblas_set_num_threads(1);
  prepare();
  for (int i = 2; i < count; i += 3) {
    struct product p = {.m = extent(arguments[i]), .n = extent(arguments[i + 1]), .k = extent(arguments[i + 2])};
    float *a = random_matrix(p.m * p.k), *b = random_matrix(p.k * p.n);
    p.a = a;
    p.b = b;
    p.c = allocate(p.m * p.n, sizeof *p.c);
    report(&p, seconds);
    free(a);
    free(b);
    free(p.c);
  }
  return 0;
}
