// GELU (tanh form), SiLU, and GELU as a gate, with their gradients.

static const float geluCubic = 0.044715f;
static const float geluCubicTimes3 = 0.134145f;
static const float geluSlope = 0x1.988454p-1f;  // sqrt(2 / pi)

/// tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))
CK_INLINE V16 geluTanh(V16 x) {
  V16 cubic = fma16(splat(geluCubic) * (x * x), x, x);
  return tanh16(splat(geluSlope) * cubic);
}

/// gelu(x), t being geluTanh(x).
CK_INLINE V16 geluOf(V16 x, V16 t) {
  V16 half = splat(0.5f) * x;
  return fma16(half, t, half);
}

/// The derivative of gelu at x, t being geluTanh(x).
CK_INLINE V16 geluSlopeOf(V16 x, V16 t) {
  V16 value = fma16(splat(0.5f), t, splat(0.5f));
  V16 slopeOfTanh = fma16(-t, t, splat(1.0f));
  V16 inner = splat(geluSlope) * fma16(splat(geluCubicTimes3), x * x, splat(1.0f));
  return fma16((splat(0.5f) * x) * slopeOfTanh, inner, value);
}

static void gelu(long rows, long columns, const float *x, long xStride, float *y, long yStride) {
  for (long r = 0; r < rows; r++, x += xStride, y += yStride) {
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      V16 v = load(x + j, left);
      store(y + j, geluOf(v, geluTanh(v)), left);
    }
  }
}

static void geluBackward(long rows, long columns, const float *x, long xStride, const float *dy,
                         long dyStride, float *dx, long dxStride) {
  for (long r = 0; r < rows; r++, x += xStride, dy += dyStride, dx += dxStride) {
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      V16 v = load(x + j, left);
      store(dx + j, load(dy + j, left) * geluSlopeOf(v, geluTanh(v)), left);
    }
  }
}

static void geglu(long rows, long columns, const float *gate, long gateStride, const float *up,
                  long upStride, float *y, long yStride) {
  for (long r = 0; r < rows; r++, gate += gateStride, up += upStride, y += yStride) {
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      V16 v = load(gate + j, left);
      store(y + j, geluOf(v, geluTanh(v)) * load(up + j, left), left);
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
      V16 t = geluTanh(v);
      store(dGate + j, (d * u) * geluSlopeOf(v, t), left);
      store(dUp + j, d * geluOf(v, t), left);
    }
  }
}

CK_INLINE V16 sigmoid16(V16 x) { return 1.0f / (exp16(-x) + 1.0f); }

static void silu(long rows, long columns, const float *x, long xStride, float *y, long yStride) {
  for (long r = 0; r < rows; r++, x += xStride, y += yStride) {
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      V16 v = load(x + j, left);
      store(y + j, v * sigmoid16(v), left);
    }
  }
}

static void siluBackward(long rows, long columns, const float *x, long xStride, const float *dy,
                         long dyStride, float *dx, long dxStride) {
  for (long r = 0; r < rows; r++, x += xStride, dy += dyStride, dx += dxStride) {
    for (long j = 0; j < columns; j += 16) {
      long left = columns - j;
      V16 v = load(x + j, left);
      V16 s = sigmoid16(v);
      V16 slope = s * fma16(v, 1.0f - s, splat(1.0f));
      store(dx + j, load(dy + j, left) * slope, left);
    }
  }
}
