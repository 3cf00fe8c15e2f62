// The loops over the tags of a token. The tags are O, then B of every label, every I, L and U.
// With SOFT they are sums of products over all paths, otherwise maxima of sums.
#pragma once
#include <math.h>
#include <stdint.h>

#include "clones.h"

enum { WIDE = 8, BREAK = 1, TAKEN = 2 };

template <bool SOFT>
static ALWAYS_INLINE double plus(double a, double b) { return SOFT ? a + b : (b > a ? b : a); }

template <bool SOFT>
static ALWAYS_INLINE double times(double a, double b) { return SOFT ? a * b : a + b; }

// The sum of p, times the transitions A if there are any.
template <bool SOFT>
static ALWAYS_INLINE double add_up(double sum, const double* p, const double* A, int64_t step,
                                   int n) {
  int l = 0;
  if (!A && n >= WIDE) {
    double wide[WIDE];
    for (int c = 0; c < WIDE; c++) wide[c] = p[c];
    for (l = WIDE; l + WIDE <= n; l += WIDE)
      for (int c = 0; c < WIDE; c++) wide[c] = plus<SOFT>(wide[c], p[l + c]);
    for (int c = 0; c < WIDE; c++) sum = plus<SOFT>(sum, wide[c]);
  }
  for (; l < n; l++) sum = plus<SOFT>(sum, A ? times<SOFT>(p[l], A[l * step]) : p[l]);
  return sum;
}

// Multiply f[y] by the sum of p[z] times the transition from z to y, over all z that y may follow.
// Backward, z follows y, and B and L swap places: a sequence that is read backward is valid, too.
template <bool BACK, bool SOFT>
static ALWAYS_INLINE void step(int n, const double* A, const double* RESTRICT p,
                               double* RESTRICT f) {
  const int W = 1 + 4 * n, I = 1 + n, U = 1 + 3 * n;
  const int first = BACK ? 1 + 2 * n : 1, last = BACK ? 1 : 1 + 2 * n;
  if (!A) {
    const double outer =
        add_up<SOFT>(add_up<SOFT>(p[0], p + last, A, 0, n), p + U, A, 0, n);
    f[0] = times<SOFT>(f[0], outer);
    for (int l = 0; l < n; l++) {
      const double inner = plus<SOFT>(p[first + l], p[I + l]);
      f[first + l] = times<SOFT>(f[first + l], outer);
      f[U + l] = times<SOFT>(f[U + l], outer);
      f[I + l] = times<SOFT>(f[I + l], inner);
      f[last + l] = times<SOFT>(f[last + l], inner);
    }
    return;
  }
  const int64_t of_z = BACK ? 1 : W, of_y = BACK ? W : 1;
  for (int y = 0; y < W; y++) {
    const double* to_y = A + y * of_y;
    const int l = y ? (y - 1) % n : 0;
    double sum;
    if (y == 0 || y == first + l || y == U + l) {
      sum = add_up<SOFT>(times<SOFT>(p[0], to_y[0]), p + last, to_y + last * of_z, of_z, n);
      sum = add_up<SOFT>(sum, p + U, to_y + U * of_z, of_z, n);
    } else {
      sum = plus<SOFT>(times<SOFT>(p[first + l], to_y[(first + l) * of_z]),
                       times<SOFT>(p[I + l], to_y[(I + l) * of_z]));
    }
    f[y] = times<SOFT>(f[y], sum);
  }
}

CLONES static void best_forward(int n, const double* A, const double* p, double* f) {
  step<false, false>(n, A, p, f);
}
CLONES static void best_backward(int n, const double* A, const double* p, double* f) {
  step<true, false>(n, A, p, f);
}
CLONES static void soft_forward(int n, const double* A, const double* p, double* f) {
  step<false, true>(n, A, p, f);
}
CLONES static void soft_backward(int n, const double* A, const double* p, double* f) {
  step<true, true>(n, A, p, f);
}

// The scores of a word's tags, with biases added, and minus infinity for tags that it can't have. A
// label has `size` tags: B, I, L and U, or B and I, which also stand for U and L.
CLONES static void fill(int n, int size, const float* s, const float* biases, int place,
                        double* RESTRICT x) {
  const float* b = biases;
  x[0] = s[0] + b[0];
  if (size == 4) {
    for (int l = 0; l < n; l++) {
      x[1 + l] = s[1 + 4 * l] + b[1 + 4 * l];
      x[1 + n + l] = s[2 + 4 * l] + b[2 + 4 * l];
      x[1 + 2 * n + l] = s[3 + 4 * l] + b[3 + 4 * l];
      x[1 + 3 * n + l] = s[4 + 4 * l] + b[4 + 4 * l];
    }
  } else {
    for (int l = 0; l < n; l++) {
      x[1 + l] = x[1 + 3 * n + l] = s[1 + 2 * l] + b[1 + 2 * l];
      x[1 + n + l] = x[1 + 2 * n + l] = s[2 + 2 * l] + b[2 + 2 * l];
    }
  }
  const int first = place & TAKEN ? 1 : 1 + n, end = 1 + (place & TAKEN ? 4 : 3) * n;
  for (int y = first; place && y < end; y++) x[y] = -INFINITY;
}

// The best tag before O, B, U or the end of the document. Of equal ones the first.
CLONES static int best_close(int n, const double* p) {
  const int L = 1 + 2 * n, W = 1 + 4 * n;
  const double best = add_up<false>(p[0], p + L, 0, 0, 2 * n);
  for (int z = L; z < W && p[0] < best; z++)
    if (p[z] == best) return z;
  return 0;
}

// The best sum of the two passes over all tags except one.
CLONES static double best_other(int W, const double* f, const double* b, int tag) {
  double wide[WIDE], best = -INFINITY;
  int y = 0;
  for (int c = 0; c < WIDE; c++) wide[c] = -INFINITY;
  for (; y + WIDE <= W; y += WIDE)
    for (int c = 0; c < WIDE; c++) {
      const double m = y + c == tag ? -INFINITY : f[y + c] + b[y + c];
      wide[c] = m > wide[c] ? m : wide[c];
    }
  for (int c = 0; c < WIDE; c++) best = wide[c] > best ? wide[c] : best;
  for (; y < W; y++)
    if (y != tag && f[y] + b[y] > best) best = f[y] + b[y];
  return best;
}

// Whether the best sequence in which some entity begins here, with B or U, scores `cut` or more.
CLONES static int may_begin(int n, const double* f, const double* b, double cut) {
  double best = -INFINITY;
  for (int l = 1; l <= n; l++) {
    const double begins = f[l] + b[l], only = f[3 * n + l] + b[3 * n + l];
    best = begins > best ? begins : best;
    best = only > best ? only : best;
  }
  return best >= cut;
}
