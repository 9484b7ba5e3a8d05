// Rotary position embedding: the halves of a head are the two parts of a complex number.

static void rotate(long firstRow, long rows, long heads, long half, float *x, long xStride,
                   const float *cosines, const float *sines, long tableStride, long period,
                   int isInverse) {
  for (long r = 0; r < rows; r++, x += xStride) {
    const long position = (firstRow + r) % period;
    const float *cosine = cosines + position * tableStride;
    const float *sine = sines + position * tableStride;
    for (long h = 0; h < heads; h++) {
      float *first = x + 2 * h * half, *second = first + half;
      for (long j = 0; j < half; j += 16) {
        const long left = half - j;
        V16 a = load(first + j, left), b = load(second + j, left);
        V16 c = load(cosine + j, left), s = load(sine + j, left);
        if (isInverse) s = -s;
        store(first + j, fma16(-b, s, a * c), left);
        store(second + j, fma16(a, s, b * c), left);
      }
    }
  }
}
