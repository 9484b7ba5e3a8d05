// SHA-256 (FIPS 180-4) of two messages at once with the SHA extensions of x86.
//
// One message keeps the unit waiting: each of its steps needs the one before. The steps of a second,
// independent message fill the gaps. Equal to any SHA-256; callers fall back on OpenSSL where
// `ck_hasSHA256Pair` says no.

#include <string.h>

#include "Internal.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))

// Fractional parts of the cube roots of the first 64 primes.
static const uint32_t roundConstants[64] __attribute__((aligned(64))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

int ck_hasSHA256Pair(void) {
  // Not every clang's __builtin_cpu_supports knows the SHA extensions by name.
  unsigned a, b, c, d;
  __builtin_cpu_init();
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) &&
         __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3");
}

/// The state of one message, in the order of the instructions: ABEF and CDGH.
typedef struct {
  __m128i abef, cdgh;
} State;

SHA_TARGET static inline State loadState(const uint32_t *words) {
  __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)words), 0xb1);
  __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(words + 4)), 0x1b);
  State state = {_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xf0)};
  return state;
}

SHA_TARGET static inline void storeState(State state, uint32_t *words) {
  __m128i feba = _mm_shuffle_epi32(state.abef, 0x1b);
  __m128i dchg = _mm_shuffle_epi32(state.cdgh, 0xb1);
  _mm_storeu_si128((__m128i *)words, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128((__m128i *)(words + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/// Adds `count` blocks of 64 bytes to each of the two states.
SHA_TARGET static void compress(uint32_t states[2][8], const uint8_t *const data[2], size_t count) {
  const __m128i toBigEndian = _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll);
  State s[2] = {loadState(states[0]), loadState(states[1])};
  for (size_t block = 0; block < count; block++) {
    State before[2] = {s[0], s[1]};
    __m128i w[2][4];
#pragma clang loop unroll(full)
    for (int lane = 0; lane < 2; lane++) {
#pragma clang loop unroll(full)
      for (int j = 0; j < 4; j++) {
        const uint8_t *p = data[lane] + 64 * block + 16 * j;
        w[lane][j] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)p), toBigEndian);
      }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < 16; r++) {
      __m128i constants = _mm_load_si128((const __m128i *)(roundConstants + 4 * r));
#pragma clang loop unroll(full)
      for (int lane = 0; lane < 2; lane++) {
        __m128i *m = w[lane];
        __m128i sum = _mm_add_epi32(m[r & 3], constants);
        s[lane].cdgh = _mm_sha256rnds2_epu32(s[lane].cdgh, s[lane].abef, sum);
        if (r < 12) {
          // Words 4 r + 16 ... 4 r + 19 of the schedule.
          __m128i last = m[(r + 3) & 3];
          __m128i part = _mm_sha256msg1_epu32(m[r & 3], m[(r + 1) & 3]);
          part = _mm_add_epi32(part, _mm_alignr_epi8(last, m[(r + 2) & 3], 4));
          m[r & 3] = _mm_sha256msg2_epu32(part, last);
        }
        s[lane].abef =
            _mm_sha256rnds2_epu32(s[lane].abef, s[lane].cdgh, _mm_shuffle_epi32(sum, 0x0e));
      }
    }
    for (int lane = 0; lane < 2; lane++) {
      s[lane].abef = _mm_add_epi32(s[lane].abef, before[lane].abef);
      s[lane].cdgh = _mm_add_epi32(s[lane].cdgh, before[lane].cdgh);
    }
  }
  storeState(s[0], states[0]);
  storeState(s[1], states[1]);
}

#else

int ck_hasSHA256Pair(void) { return 0; }

static void compress(uint32_t states[2][8], const uint8_t *const data[2], size_t count) {
  (void)states, (void)data, (void)count;
  __builtin_trap();
}

#endif

void ck_startSHA256Pair(CKSHA256Pair *pair) {
  // Fractional parts of the square roots of the first 8 primes.
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(pair->states[0], start, sizeof start);
  memcpy(pair->states[1], start, sizeof start);
  pair->count = 0;
}

void ck_updateSHA256Pair(CKSHA256Pair *pair, const uint8_t *first, const uint8_t *second,
                         size_t count) {
  size_t waiting = (size_t)(pair->count % 64);
  pair->count += count;
  if (waiting > 0) {
    size_t taken = count < 64 - waiting ? count : 64 - waiting;
    memcpy(pair->waiting[0] + waiting, first, taken);
    memcpy(pair->waiting[1] + waiting, second, taken);
    if (waiting + taken < 64) return;
    const uint8_t *blocks[2] = {pair->waiting[0], pair->waiting[1]};
    compress(pair->states, blocks, 1);
    first += taken;
    second += taken;
    count -= taken;
  }
  if (count >= 64) {
    const uint8_t *blocks[2] = {first, second};
    compress(pair->states, blocks, count / 64);
  }
  size_t whole = count / 64 * 64;
  memcpy(pair->waiting[0], first + whole, count - whole);
  memcpy(pair->waiting[1], second + whole, count - whole);
}

void ck_finishSHA256Pair(CKSHA256Pair *pair, uint8_t *first, uint8_t *second) {
  size_t waiting = (size_t)(pair->count % 64);
  uint8_t *digests[2] = {first, second};
  // A one bit, zeros up to the last 8 bytes of a block, and the number of bits, big endian.
  size_t count = waiting < 56 ? 1 : 2;
  uint64_t bits = pair->count * 8;
  uint8_t ends[2][128];
  for (int lane = 0; lane < 2; lane++) {
    memset(ends[lane], 0, sizeof ends[lane]);
    memcpy(ends[lane], pair->waiting[lane], waiting);
    ends[lane][waiting] = 0x80;
    for (int i = 0; i < 8; i++) ends[lane][64 * count - 1 - i] = (uint8_t)(bits >> (8 * i));
  }
  const uint8_t *blocks[2] = {ends[0], ends[1]};
  compress(pair->states, blocks, count);
  for (int lane = 0; lane < 2; lane++) {
    for (int i = 0; i < 8; i++) {
      uint32_t word = pair->states[lane][i];
      for (int j = 0; j < 4; j++) digests[lane][4 * i + j] = (uint8_t)(word >> (24 - 8 * j));
    }
  }
}
