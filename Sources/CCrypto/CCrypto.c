#include "CCrypto.h"

#include <openssl/evp.h>

int adv_sha256(const uint8_t *bytes, size_t count, uint8_t digest[32]) {
  unsigned int length = 0;
  return EVP_Digest(bytes, count, digest, &length, EVP_sha256(), NULL) == 1 && length == 32;
}
