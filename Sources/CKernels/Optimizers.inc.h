// Steps of optimizers on flat vectors, and what clipping needs. One element meets no other, so any
// range can be computed alone.

static void axpy(long count, float a, const float *x, float *y) {
  V16 factor = a;
  for (long i = 0; i < count; i += 16) {
    long left = count - i;
    store(y + i, fma16(factor, load(x + i, left), load(y + i, left)), left);
  }
}

static void scale(long count, float a, const float *x, float *y) {
  for (long i = 0; i < count; i += 16) {
    store(y + i, load(x + i, count - i) * a, count - i);
  }
}

static void subtract(long count, const float *x, const float *y, float *z) {
  for (long i = 0; i < count; i += 16) {
    long left = count - i;
    store(z + i, load(x + i, left) - load(y + i, left), left);
  }
}

static void momentumStep(long count, float rate, float factor, int isNesterov, const float *g,
                         float *m, float *w) {
  V16 minusRate = -rate, old = factor;
  for (long i = 0; i < count; i += 16) {
    long left = count - i;
    V16 gradient = load(g + i, left);
    V16 momentum = fma16(old, load(m + i, left), gradient);
    V16 direction = isNesterov ? fma16(old, momentum, gradient) : momentum;
    store(m + i, momentum, left);
    store(w + i, fma16(minusRate, direction, load(w + i, left)), left);
  }
}

static void adamWStep(long count, const CKAdamW *step, const float *g, float *m, float *v,
                      float *w) {
  V16 oldFirst = step->firstDecay, newFirst = step->firstShare;
  V16 oldSecond = step->secondDecay, newSecond = step->secondShare;
  V16 rootScale = step->rootScale, epsilon = step->epsilon;
  V16 keep = step->keep, minusRate = -step->rate;
  for (long i = 0; i < count; i += 16) {
    long left = count - i;
    V16 gradient = load(g + i, left);
    V16 first = fma16(newFirst, gradient, oldFirst * load(m + i, left));
    V16 second = fma16(newSecond * gradient, gradient, oldSecond * load(v + i, left));
    V16 root = fma16(__builtin_elementwise_sqrt(second), rootScale, epsilon);
    store(m + i, first, left);
    store(v + i, second, left);
    store(w + i, fma16(minusRate, first / root, keep * load(w + i, left)), left);
  }
}

/// Elements whose squares are added in one lane sum, before the lane sum of these sums.
enum { squaresInBlock = 4096 };

static void laneSquares(long count, const float *x, long firstLane, long endLane, float *lanes) {
  for (long l = firstLane; l < endLane; l++) lanes[l] = 0;
  for (long round = 0; round < count; round += 16 * squaresInBlock) {
    for (long l = firstLane; l < endLane; l++) {
      const long start = round + l * squaresInBlock;
      if (start >= count) break;
      const long length = count - start < squaresInBlock ? count - start : squaresInBlock;
      lanes[l] = lanes[l] + dotOf(length, x + start, x + start);
    }
  }
}
