#include "CWeights.h"

// `weights/NAME.safetensors` and `weights/NAME.card.json` become the built-in model NAME: four lines of arrays and
// one of the table. `Scripts/zoo.sh` trains them.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char linear_weights[] = {
#embed "weights/linear.safetensors"
};
static const unsigned char linear_card[] = {
#embed "weights/linear.card.json"
};

static const unsigned char logistic_weights[] = {
#embed "weights/logistic.safetensors"
};
static const unsigned char logistic_card[] = {
#embed "weights/logistic.card.json"
};

static const unsigned char mlp_weights[] = {
#embed "weights/mlp.safetensors"
};
static const unsigned char mlp_card[] = {
#embed "weights/mlp.card.json"
};

static const unsigned char lenet5_weights[] = {
#embed "weights/lenet5.safetensors"
};
static const unsigned char lenet5_card[] = {
#embed "weights/lenet5.card.json"
};

static const unsigned char alexnet_weights[] = {
#embed "weights/alexnet.safetensors"
};
static const unsigned char alexnet_card[] = {
#embed "weights/alexnet.card.json"
};

static const unsigned char zfnet_weights[] = {
#embed "weights/zfnet.safetensors"
};
static const unsigned char zfnet_card[] = {
#embed "weights/zfnet.card.json"
};

static const unsigned char nin_weights[] = {
#embed "weights/nin.safetensors"
};
static const unsigned char nin_card[] = {
#embed "weights/nin.card.json"
};

static const unsigned char vgg_weights[] = {
#embed "weights/vgg.safetensors"
};
static const unsigned char vgg_card[] = {
#embed "weights/vgg.card.json"
};

static const unsigned char googlenet_weights[] = {
#embed "weights/googlenet.safetensors"
};
static const unsigned char googlenet_card[] = {
#embed "weights/googlenet.card.json"
};

static const unsigned char preact_resnet_weights[] = {
#embed "weights/preact_resnet.safetensors"
};
static const unsigned char preact_resnet_card[] = {
#embed "weights/preact_resnet.card.json"
};

static const unsigned char densenet_weights[] = {
#embed "weights/densenet.safetensors"
};
static const unsigned char densenet_card[] = {
#embed "weights/densenet.card.json"
};

static const unsigned char binarynet_weights[] = {
#embed "weights/binarynet.safetensors"
};
static const unsigned char binarynet_card[] = {
#embed "weights/binarynet.card.json"
};

static const unsigned char resnet_weights[] = {
#embed "weights/resnet.safetensors"
};
static const unsigned char resnet_card[] = {
#embed "weights/resnet.card.json"
};

static const unsigned char resnet_plain_weights[] = {
#embed "weights/resnet-plain.safetensors"
};
static const unsigned char resnet_plain_card[] = {
#embed "weights/resnet-plain.card.json"
};

static const unsigned char resnet_pca_weights[] = {
#embed "weights/resnet-pca.safetensors"
};
static const unsigned char resnet_pca_card[] = {
#embed "weights/resnet-pca.card.json"
};

static const unsigned char resnet_cutout_weights[] = {
#embed "weights/resnet-cutout.safetensors"
};
static const unsigned char resnet_cutout_card[] = {
#embed "weights/resnet-cutout.card.json"
};

static const unsigned char resnet_mixup_weights[] = {
#embed "weights/resnet-mixup.safetensors"
};
static const unsigned char resnet_mixup_card[] = {
#embed "weights/resnet-mixup.card.json"
};

static const unsigned char resnet_augmix_weights[] = {
#embed "weights/resnet-augmix.safetensors"
};
static const unsigned char resnet_augmix_card[] = {
#embed "weights/resnet-augmix.card.json"
};

static const unsigned char resnet_gaussian_weights[] = {
#embed "weights/resnet-gaussian.safetensors"
};
static const unsigned char resnet_gaussian_card[] = {
#embed "weights/resnet-gaussian.card.json"
};

static const unsigned char resnet_fgsm_weights[] = {
#embed "weights/resnet-fgsm.safetensors"
};
static const unsigned char resnet_fgsm_card[] = {
#embed "weights/resnet-fgsm.card.json"
};

static const unsigned char resnet_fast_weights[] = {
#embed "weights/resnet-fast.safetensors"
};
static const unsigned char resnet_fast_card[] = {
#embed "weights/resnet-fast.card.json"
};

static const unsigned char resnet_pgd_weights[] = {
#embed "weights/resnet-pgd.safetensors"
};
static const unsigned char resnet_pgd_card[] = {
#embed "weights/resnet-pgd.card.json"
};

static const unsigned char resnet_trades_weights[] = {
#embed "weights/resnet-trades.safetensors"
};
static const unsigned char resnet_trades_card[] = {
#embed "weights/resnet-trades.card.json"
};

#define ADV_MODEL(title, name) {title, name##_weights, sizeof name##_weights, name##_card, sizeof name##_card}

static const adv_embedded_model models[] = {
    ADV_MODEL("linear", linear),
    ADV_MODEL("logistic", logistic),
    ADV_MODEL("mlp", mlp),
    ADV_MODEL("lenet5", lenet5),
    ADV_MODEL("alexnet", alexnet),
    ADV_MODEL("zfnet", zfnet),
    ADV_MODEL("nin", nin),
    ADV_MODEL("vgg", vgg),
    ADV_MODEL("googlenet", googlenet),
    ADV_MODEL("preact_resnet", preact_resnet),
    ADV_MODEL("densenet", densenet),
    ADV_MODEL("binarynet", binarynet),
    ADV_MODEL("resnet", resnet),
    ADV_MODEL("resnet-plain", resnet_plain),
    ADV_MODEL("resnet-pca", resnet_pca),
    ADV_MODEL("resnet-cutout", resnet_cutout),
    ADV_MODEL("resnet-mixup", resnet_mixup),
    ADV_MODEL("resnet-augmix", resnet_augmix),
    ADV_MODEL("resnet-gaussian", resnet_gaussian),
    ADV_MODEL("resnet-fgsm", resnet_fgsm),
    ADV_MODEL("resnet-fast", resnet_fast),
    ADV_MODEL("resnet-pgd", resnet_pgd),
    ADV_MODEL("resnet-trades", resnet_trades),
};

int adv_embedded_count(void) { return (int)(sizeof models / sizeof models[0]); }

const adv_embedded_model *adv_embedded_at(int index) { return &models[index]; }
