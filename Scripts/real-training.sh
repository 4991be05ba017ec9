#!/usr/bin/env bash
# Trains LeNet-5 on MNIST and ResNet-20 on CIFAR-10, plainly and against an attack, and attacks all four on test images
# that none of them has seen. Prints what each reaches, and how long it took.
#
#   Scripts/real-training.sh [mnist] [mnist-pgd] [cifar] [cifar-fast]      default: all
#
# Images come from $ADVKIT_DATA: mnist/ with the official IDX files, cifar10/ with the two archives of JPEGs. Weights and
# reports land in $ADVKIT_RUNS, default .build/real. A finished training is not repeated; an interrupted one goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${ADVKIT:-.build/release/advkit}
data=${ADVKIT_DATA:-../shared/data}
runs=${ADVKIT_RUNS:-.build/real}
wanted=" ${*:-mnist mnist-pgd cifar cifar-fast} "
mkdir -p "$runs"

# experiment NAME TEST ATTACK EPS TRAINING-OPTION… : trains, then attacks the test images.
experiment() {
  local name=$1 test=$2 attack=$3 eps=$4 folder=$runs/$1
  shift 4
  case "$wanted" in *" $name "*) ;; *) return 0 ;; esac
  local begin=$SECONDS go_on=()
  if [ ! -e "$folder/$name.safetensors" ]; then
    [ ! -e "$folder/checkpoint.safetensors" ] || go_on=(--resume)
    "$program" train --name "$name" --out "$folder" --quiet "$@" "${go_on[@]}"
    echo "$name: trained in $((SECONDS - begin)) s"
  fi
  begin=$SECONDS
  "$program" attack --model "$folder/$name.safetensors" --dataset "$test" --attack "$attack" --eps "$eps" \
    --out "$folder/attack" --overwrite --quiet
  echo "$name: attacked in $((SECONDS - begin)) s"
}

# jpegs NAME : the folder of an archive, unpacked.
jpegs() {
  local folder=$runs/$1
  if [ ! -e "$folder" ]; then
    mkdir -p "$folder.part"
    tar xzf "$data/cifar10/$1.tar.gz" -C "$folder.part"
    mv "$folder.part" "$folder"
  fi
  echo "folder:$folder"
}

digits=mnist:$data/mnist
lenet=(--model lenet5 --dataset "$digits" --augment crop:margin=2 --schedule one-cycle --precision fast)
strong=pgd:steps=40,relative-step=0.03333333,restarts=5
experiment mnist "$digits" "$strong" 0.3 "${lenet[@]}" --epochs 20 --rate 0.05
experiment mnist-pgd "$digits" "$strong" 0.3 "${lenet[@]}" --epochs 15 --rate 0.02 \
  --recipe pgd:eps=0.3,steps=40,relative-step=0.03333333,ramp=4

case "$wanted" in *" cifar"*)
  train=$(jpegs train50000_jpeg)
  test=$(jpegs test5000_jpeg)
  resnet=(--model resnet20 --dataset "$train" --augment flip,crop --schedule one-cycle --precision fast)
  experiment cifar "$test" pgd:steps=20 8/255 "${resnet[@]}" --epochs 20 --rate 0.2
  experiment cifar-fast "$test" pgd:steps=20 8/255 "${resnet[@]}" --epochs 15 --rate 0.1 --recipe fast:eps=8/255
esac
