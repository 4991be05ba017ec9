#ifndef CCRYPTO_H
#define CCRYPTO_H

#include <stddef.h>
#include <stdint.h>

// The SHA-256 digest of a block of memory; 0 when libcrypto cannot compute it.
int adv_sha256(const uint8_t *bytes, size_t count, uint8_t digest[32]);

#endif
