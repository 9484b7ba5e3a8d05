// GELU (tanh form), SiLU, and GELU as a gate, with their gradients.

CK_INLINE V16 sigmoid16(V16 x) { return 1.0f / (exp16(-x) + 1.0f); }

// gelu(x) = x / 2 * (1 + tanh(z / 2)) = x * sigmoid(z), z = 2 * sqrt(2 / pi) * (x + 0.044715 * x^3).
static const float geluLinear = 0x1.988454p+0f;       // 2 * sqrt(2 / pi)
static const float geluCubic = 0x1.2444f2p-4f;        // geluLinear * 0.044715
static const float geluCubicTimes3 = 0x1.b6676cp-3f;  // the same, times 3

/// The share of x that gelu(x) is.
CK_INLINE V16 geluShare(V16 x) {
  return sigmoid16(x * fma16(x * x, splat(geluCubic), splat(geluLinear)));
}

/// The derivative of gelu at x, `share` being geluShare(x).
CK_INLINE V16 geluSlope(V16 x, V16 share) {
  V16 slopeOfZ = fma16(x * x, splat(geluCubicTimes3), splat(geluLinear));
  return fma16(x * (share * (1.0f - share)), slopeOfZ, share);
}

CK_INLINE V16 gelu16(V16 x) { return x * geluShare(x); }
CK_INLINE V16 geluSlope16(V16 x) { return geluSlope(x, geluShare(x)); }

CK_INLINE V16 silu16(V16 x) { return x * sigmoid16(x); }
CK_INLINE V16 siluSlope16(V16 x) {
  V16 s = sigmoid16(x);
  return s * fma16(x, 1.0f - s, splat(1.0f));
}

/// y = function(x), and dx = dy * slope(x).
#define CK_ACTIVATION(name, function, slope)                                                      \
  static void name(long rows, long columns, const float *x, long xStride, float *y,              \
                   long yStride) {                                                                \
    for (long r = 0; r < rows; r++, x += xStride, y += yStride) {                                 \
      for (long j = 0; j < columns; j += 16) {                                                    \
        long left = columns - j;                                                                  \
        store(y + j, function(load(x + j, left)), left);                                          \
      }                                                                                           \
    }                                                                                             \
  }                                                                                               \
  static void name##Backward(long rows, long columns, const float *x, long xStride,              \
                             const float *dy, long dyStride, float *dx, long dxStride) {          \
    for (long r = 0; r < rows; r++, x += xStride, dy += dyStride, dx += dxStride) {               \
      for (long j = 0; j < columns; j += 16) {                                                    \
        long left = columns - j;                                                                  \
        store(dx + j, load(dy + j, left) * slope(load(x + j, left)), left);                       \
      }                                                                                           \
    }                                                                                             \
  }

CK_ACTIVATION(gelu, gelu16, geluSlope16)
CK_ACTIVATION(silu, silu16, siluSlope16)

static void biasGelu(long rows, long columns, const float *bias, float *x, long xStride, float *y,
                     long yStride) {
  for (long r = 0; r < rows; r++, x += xStride, y += yStride) {
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      V16 v = load(x + j, left) + load(bias + j, left);
      store(x + j, v, left);
      store(y + j, gelu16(v), left);
    }
  }
}

static void biasGeluBackward(long rows, long columns, const float *x, long xStride,
                             const float *dy, long dyStride, float *dx, long dxStride,
                             float *dBias) {
  for (long first = 0; first < rows; first += rowsTogether) {
    const long last = rows - first < rowsTogether ? rows : first + rowsTogether;
    for (long j = 0; j < columns; j += 16) {
      const long left = columns - j;
      V16 sum = load(dBias + j, left);
      for (long r = first; r < last; r++) {
        V16 v = load(x + r * xStride + j, left);
        V16 d = load(dy + r * dyStride + j, left) * geluSlope16(v);
        store(dx + r * dxStride + j, d, left);
        sum += d;
      }
      store(dBias + j, sum, left);
    }
  }
}

static void geglu(long rows, long columns, const float *gate, long gateStride, const float *up,
                  long upStride, float *y, long yStride) {
  for (long r = 0; r < rows; r++, gate += gateStride, up += upStride, y += yStride) {
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      V16 v = load(gate + j, left);
      store(y + j, gelu16(v) * load(up + j, left), left);
    }
  }
}

static void gegluBackward(long rows, long columns, const float *gate, long gateStride,
                          const float *up, long upStride, const float *dy, long dyStride,
                          float *dGate, long dGateStride, float *dUp, long dUpStride) {
  for (long r = 0; r < rows; r++, gate += gateStride, up += upStride, dy += dyStride,
            dGate += dGateStride, dUp += dUpStride) {
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      V16 v = load(gate + j, left), u = load(up + j, left), d = load(dy + j, left);
      V16 share = geluShare(v);
      store(dGate + j, (d * u) * geluSlope(v, share), left);
      store(dUp + j, d * (v * share), left);
    }
  }
}
