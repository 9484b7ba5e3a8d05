// What Proofs uses of OpenSSL 3 (libcrypto): hashing, Ed25519, and the P-256 arithmetic of the VRF.
// The accessors below give Swift the values that OpenSSL defines as macros. No logic lives here.
#ifndef POGO_COPENSSL_SHIM_H
#define POGO_COPENSSL_SHIM_H

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>
#include <openssl/opensslv.h>

#if OPENSSL_VERSION_MAJOR < 3
#error "PoGO needs OpenSSL 3.0 or later (Debian: libssl-dev)"
#endif

/// Key type for EVP_PKEY_new_raw_private_key and EVP_PKEY_new_raw_public_key.
static inline int pogo_evp_pkey_ed25519(void) { return EVP_PKEY_ED25519; }

/// Curve name of NIST P-256 for EC_GROUP_new_by_curve_name.
static inline int pogo_nid_p256(void) { return NID_X9_62_prime256v1; }

/// Flag that keeps secret numbers on OpenSSL's constant-time paths, for BN_set_flags.
static inline int pogo_bn_flag_constant_time(void) { return BN_FLG_CONSTTIME; }

/// Version of the headers this was compiled with, as 0xMNN00PP0.
static inline unsigned long pogo_openssl_header_version(void) { return OPENSSL_VERSION_NUMBER; }

#endif
