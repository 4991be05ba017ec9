#!/usr/bin/env bash
# Trains the built-in models on shapes10 from nothing and puts them where the program embeds them.
#
#   Scripts/zoo.sh [--resume] [NAME…]      all models, or those named; --resume goes on after an interruption
#
# The weights do not depend on threads, so the same sources give the same bytes; each line says whether they are those
# of the repository. A model whose weights are new needs its lines in CWeights.c before the program holds it.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${ADVKIT:-.build/release/advkit}
runs=${ADVKIT_ZOO:-.build/zoo}
weights=Sources/CWeights/weights
resume=()
if [ "${1:-}" = --resume ]; then resume=(--resume); shift; fi
wanted=" $* "

# model NAME NETWORK OPTION… : one network, trained with these options on top of those common to all.
model() {
  local name=$1 network=$2
  shift 2
  case "$wanted" in "  " | *" $name "*) ;; *) return 0 ;; esac
  [ ${#resume[@]} -gt 0 ] || rm -rf "${runs:?}/$name"
  if [ ! -e "$runs/$name/$name.safetensors" ]; then
    local go_on=()
    [ ! -e "$runs/$name/checkpoint.safetensors" ] || go_on=(--resume)
    "$program" train --model "$network" --name "$name" --dataset shapes10 --half --seed 0 \
      --out "$runs/$name" --quiet "$@" "${go_on[@]}"
  fi
  local verdict="differs from the repository's, replaced"
  if [ ! -e "$weights/$name.safetensors" ]; then
    verdict="new"
  elif cmp -s "$runs/$name/$name.safetensors" "$weights/$name.safetensors"; then
    verdict="the same bytes"
  fi
  cp "$runs/$name/$name.safetensors" "$runs/$name/$name.card.json" "$weights/"
  echo "$name: $verdict"
}

augmented=(--augment flip,crop)
# For networks without batch norm, which are cheap too: Adam needs no other rate for each.
adam=("${augmented[@]}" --epochs 16 --optimizer adam --rate 0.001 --schedule one-cycle --weight-decay 0)
sgd=("${augmented[@]}" --epochs 6 --rate 0.1 --schedule one-cycle)

# Architectures, all trained in the same way as far as they can be.
model linear linear "${adam[@]}"
model mlp mlp:hidden=128 "${adam[@]}" --epochs 30
model lenet5 lenet5 "${adam[@]}" --epochs 30
model alexnet alexnet:stride=1,width=16,hidden=128 "${adam[@]}"
model zfnet zfnet:stride=1,width=24,hidden=128 "${adam[@]}"
model nin nin:width=48 "${adam[@]}" --epochs 8
model vgg vgg11_bn:width=12,hidden=64 "${sgd[@]}" --rate 0.05
model googlenet googlenet:stride=1,width=16 "${sgd[@]}" --rate 0.05
model preact_resnet preact_resnet:depth=14 "${sgd[@]}"
model densenet densenet_bc_100_12:layers=2 "${sgd[@]}"
model binarynet binarynet:width=24,hidden=96 "${adam[@]}" --epochs 24 --rate 0.003

# One architecture that differs in one thing only: how it is trained.
model resnet resnet "${sgd[@]}"
model resnet-plain resnet --epochs 6 --rate 0.1 --schedule one-cycle
model resnet-pca resnet "${sgd[@]}" --augment flip,crop,pca
model resnet-cutout resnet "${sgd[@]}" --augment flip,crop,cutout
model resnet-mixup resnet "${sgd[@]}" --augment flip,crop,mixup
model resnet-augmix resnet "${sgd[@]}" --augment flip,crop,augmix
model resnet-gaussian resnet "${sgd[@]}" --recipe gaussian:sigma=0.1
model resnet-fgsm resnet "${sgd[@]}" --recipe fgsm:eps=4/255
model resnet-fast resnet "${sgd[@]}" --recipe fast:eps=4/255
model resnet-pgd resnet "${sgd[@]}" --recipe pgd:eps=4/255,steps=2,relative-step=0.75
model resnet-trades resnet "${sgd[@]}" --recipe trades:eps=4/255,steps=2,relative-step=0.75
