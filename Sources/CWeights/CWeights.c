#include "CWeights.h"

// `weights/NAME.safetensors` and `weights/NAME.card.json` become the built-in model NAME. A model is four lines
// of arrays and one of the table, all conditional on its file, so that the package builds without it. After a file
// was added where none was, touch this one: a compiler does not watch files that did not exist.
#pragma clang diagnostic ignored "-Wc23-extensions"

#if __has_embed("weights/logistic.safetensors")
static const unsigned char logistic_weights[] = {
#embed "weights/logistic.safetensors"
};
static const unsigned char logistic_card[] = {
#embed "weights/logistic.card.json"
};
#endif

#if __has_embed("weights/resnet.safetensors")
static const unsigned char resnet_weights[] = {
#embed "weights/resnet.safetensors"
};
static const unsigned char resnet_card[] = {
#embed "weights/resnet.card.json"
};
#endif

#if __has_embed("weights/lenet5.safetensors")
static const unsigned char lenet5_weights[] = {
#embed "weights/lenet5.safetensors"
};
static const unsigned char lenet5_card[] = {
#embed "weights/lenet5.card.json"
};
#endif

#define ADV_MODEL(name) {#name, name##_weights, sizeof name##_weights, name##_card, sizeof name##_card}

static const adv_embedded_model models[] = {
#if __has_embed("weights/logistic.safetensors")
    ADV_MODEL(logistic),
#endif
#if __has_embed("weights/resnet.safetensors")
    ADV_MODEL(resnet),
#endif
#if __has_embed("weights/lenet5.safetensors")
    ADV_MODEL(lenet5),
#endif
};

int adv_embedded_count(void) { return (int)(sizeof models / sizeof models[0]); }

const adv_embedded_model *adv_embedded_at(int index) { return &models[index]; }
