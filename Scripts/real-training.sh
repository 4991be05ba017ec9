#!/usr/bin/env bash
# Trains LeNet-5 on MNIST and ResNet-20 on CIFAR-10, plainly and against an attack, and attacks all four on test images
# that none of them has seen. Prints what each reaches, and how long it took.
#
#   Scripts/real-training.sh [mnist] [mnist-pgd] [cifar] [cifar-fast]      default: all
#
# Images come from $ADVKIT_DATA: mnist/ with the official IDX files, cifar10/ with the two archives of JPEGs. Weights
# and reports land in $ADVKIT_RUNS, default .build/real. An interrupted training goes on, a finished one is not repeated,
# one with other settings is refused: remove its folder.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${ADVKIT:-.build/release/advkit}
data=${ADVKIT_DATA:-../shared/data}
runs=${ADVKIT_RUNS:-.build/real}
names=" ${*:-mnist mnist-pgd cifar cifar-fast} "
mkdir -p "$runs"

# teach NAME TRAINING-OPTION… : trains into its folder, or goes on there.
teach() {
  local name=$1 begin=$SECONDS go_on=()
  shift
  [ ! -e "$runs/$name/checkpoint.safetensors" ] || go_on=(--resume)
  "$program" train --name "$name" --out "$runs/$name" --quiet "$@" "${go_on[@]}"
  echo "$name: trained in $((SECONDS - begin)) s"
}

# strike NAME TEST ATTACK EPS : attacks the test images.
strike() {
  local begin=$SECONDS
  "$program" attack --model "$runs/$1/$1.safetensors" --dataset "$2" --attack "$3" --eps "$4" \
    --out "$runs/$1/attack" --overwrite --quiet
  echo "$1: attacked in $((SECONDS - begin)) s"
}

# wanted NAME : whether it was asked for.
wanted() { case "$names" in *" $1 "*) ;; *) return 1 ;; esac }

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
lenet=(--dataset "$digits" --optimizer adam --weight-decay 0 --schedule one-cycle --precision fast)
shifted=(--augment crop:margin=2)
strong=pgd:steps=40,relative-step=0.03333333,restarts=5
if wanted mnist; then
  teach mnist --model lenet5:width=16 "${lenet[@]}" "${shifted[@]}" --rate 0.001 --epochs 15
  strike mnist "$digits" "$strong" 0.3
fi
if wanted mnist-pgd; then
  # Ten larger steps are enough for a start; what counts in the end is learnt against the attack itself, and on digits
  # in their places, as they are tested.
  forty=pgd:eps=0.3,steps=40,relative-step=0.03333333
  teach mnist-pgd10 --model lenet5:width=16 "${lenet[@]}" "${shifted[@]}" --rate 0.001 --epochs 10 \
    --recipe pgd:eps=0.3,steps=10,relative-step=0.13333333,ramp=4
  teach mnist-pgd40 --model "$runs/mnist-pgd10/mnist-pgd10.safetensors" "${lenet[@]}" "${shifted[@]}" --rate 0.0003 \
    --epochs 2 --recipe "$forty"
  teach mnist-pgd --model "$runs/mnist-pgd40/mnist-pgd40.safetensors" "${lenet[@]}" --rate 0.0006 --epochs 4 \
    --recipe "$forty"
  strike mnist-pgd "$digits" "$strong" 0.3
fi

if wanted cifar || wanted cifar-fast; then
  train=$(jpegs train50000_jpeg)
  test=$(jpegs test5000_jpeg)
  resnet=(--model resnet20 --dataset "$train" --augment flip,crop --schedule one-cycle --precision fast)
fi
if wanted cifar; then
  teach cifar "${resnet[@]}" --epochs 24 --rate 0.2
  strike cifar "$test" pgd:steps=20 8/255
fi
if wanted cifar-fast; then
  teach cifar-fast "${resnet[@]}" --epochs 15 --rate 0.2 --recipe fast:eps=8/255 \
    --validation 1000 --validate-attack pgd:steps=10 --stop-at-drop 0.2
  strike cifar-fast "$test" pgd:steps=20 8/255
fi
