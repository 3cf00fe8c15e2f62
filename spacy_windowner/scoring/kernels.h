// The loops of scoring, written so that compilers keep sums in wide registers. Each sum has one
// fixed order, whatever else is computed at the same time.
#pragma once
#include <stdint.h>

#include "clones.h"

enum { LANES = 16, ROWS = 4, AHEAD = 4, LINE = 64 };

#if defined(__GNUC__)
typedef float Lanes __attribute__((vector_size(64), aligned(4), may_alias));
#define FETCH(address) __builtin_prefetch(address)
#else
struct Lanes {
  float at[LANES];
  void operator+=(const Lanes& other) { for (int i = 0; i < LANES; i++) at[i] += other.at[i]; }
};
static inline Lanes operator*(float x, const Lanes& w) {
  Lanes y;
  for (int i = 0; i < LANES; i++) y.at[i] = x * w.at[i];
  return y;
}
#define FETCH(address)
#endif
// Sum COUNT Lanes of the products of a window's words and, with `relu`, take max(sum, 0).
template <int COUNT>
static ALWAYS_INLINE void add_lanes(const float* const* words, int64_t size, int relu, float* out) {
  Lanes sum[COUNT] = {};
  for (int64_t j = 0; j < size; j++)
    for (int c = 0; c < COUNT; c++) sum[c] += ((const Lanes*)words[j])[c];
  for (int c = 0; c < COUNT; c++) ((Lanes*)out)[c] = sum[c];
  if (relu)
    for (int i = 0; i < COUNT * LANES; i++) out[i] = out[i] < 0.0f ? 0.0f : out[i];
}

// The summands of a document: table[rows[t + j - window]][j] for each token t and position j. Row 0
// is for positions outside of the document. With `shared`, all positions have the same products.
// The width is a multiple of LANES.
struct Sums {
  const float* table;
  const int32_t* rows;
  int64_t n, width;
  int window, shared, relu;
  const float** words;  // room for a window of pointers
};

static ALWAYS_INLINE void add_up_token(const Sums& of, int64_t t, float* out) {
  const int64_t size = 2 * of.window + 1, row_size = of.shared ? of.width : size * of.width;
  const int64_t far = t + of.window + AHEAD;
  if (far < of.n) {
    const char* next = (const char*)(of.table + of.rows[far] * row_size);
    for (int64_t at = 0; at < row_size * (int64_t)sizeof(float); at += LINE) FETCH(next + at);
  }
  for (int64_t j = 0, at = t - of.window; j < size; j++, at++)
    of.words[j] = of.table + (at < 0 || at >= of.n ? 0 : of.rows[at]) * row_size +
                  (of.shared ? 0 : j * of.width);
  for (int64_t left = of.width / LANES; left > 0;) {
    const int count = left >= 4 ? 4 : 1;
    if (count == 4)
      add_lanes<4>(of.words, size, of.relu, out);
    else
      add_lanes<1>(of.words, size, of.relu, out);
    for (int64_t j = 0; j < size; j++) of.words[j] += count * LANES;
    out += count * LANES;
    left -= count;
  }
}

// A linear layer, Y = X W^T + b. The columns of W^T, and b, are padded with zeros to a multiple of
// LANES.
struct Layer {
  const float *W, *b;
  int64_t n_in, n_out, n_filled;
};

// Multiply ROWS rows, and keep the first n results.
static ALWAYS_INLINE void multiply_rows(const Layer& by, const float* const* x, int64_t n,
                                        float* Y) {
  for (int64_t start = 0; start < by.n_filled; start += LANES) {
    Lanes y[ROWS];
    for (int r = 0; r < ROWS; r++) y[r] = *(const Lanes*)(by.b + start);
    const float* w = by.W + start;
    for (int64_t i = 0; i < by.n_in; i++, w += by.n_filled)
      for (int r = 0; r < ROWS; r++) y[r] += x[r][i] * *(const Lanes*)w;
    for (int64_t r = 0; r < n; r++)
      for (int64_t c = 0; c < LANES && start + c < by.n_out; c++)
        Y[r * by.n_out + start + c] = ((const float*)&y[r])[c];
  }
}

CLONES static void add_up(Sums of, float* out) {
  for (int64_t t = 0; t < of.n; t++) add_up_token(of, t, out + t * of.width);
}

CLONES static void multiply(Layer by, const float* X, int64_t n, float* Y) {
  for (int64_t t = 0; t < n; t += ROWS) {
    const float* x[ROWS];
    for (int r = 0; r < ROWS; r++) x[r] = X + (t + r < n ? t + r : n - 1) * by.n_in;
    multiply_rows(by, x, n - t < ROWS ? n - t : ROWS, Y + t * by.n_out);
  }
}

// Sum and multiply. `sums` has room for ROWS sums.
CLONES static void add_up_and_multiply(Sums of, Layer by, float* sums, float* Y) {
  const float* x[ROWS];
  for (int r = 0; r < ROWS; r++) x[r] = sums + r * of.width;
  for (int64_t t = 0; t < of.n; t += ROWS) {
    const int64_t n = of.n - t < ROWS ? of.n - t : ROWS;
    for (int64_t r = 0; r < n; r++) add_up_token(of, t + r, sums + r * of.width);
    multiply_rows(by, x, n, Y + t * by.n_out);
  }
}
