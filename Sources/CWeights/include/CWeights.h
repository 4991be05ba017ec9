// Checkpoints that are part of the program, so that it works without any file beside it.
#ifndef ADVKIT_CWEIGHTS_H
#define ADVKIT_CWEIGHTS_H

#include <stddef.h>

// One built-in model: a safetensors file and its card, as bytes with the lifetime of the program.
typedef struct {
  const char *_Nonnull name;
  const unsigned char *_Nonnull weights;
  size_t weights_length;
  const unsigned char *_Nonnull card;
  size_t card_length;
} adv_embedded_model;

// The number of built-in models.
int adv_embedded_count(void);

// The model at a position below the count; its pointers stay valid for ever.
const adv_embedded_model *_Nonnull adv_embedded_at(int index);

#endif
