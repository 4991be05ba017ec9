#!/usr/bin/env python3
"""AutoAttack on ResNet-20 and CIFAR-10 images: advkit against its authors' program on PyTorch, in one run.

    autoattack.py --advkit PATH --weights resnet20-12fca82f.th --images test_batch.bin [--eps 1/255] [--limit 100]

Weights are akamaster/pytorch_resnet_cifar10's, images the official binary layout. Prints how many images stay correct in
float for both, which of our survivors the other breaks, and processor time (all threads, loading included) of both.
Needs torch, and auto-attack or pyautoattack, which packages it.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from networks import CIFARResNet20

try:
    from autoattack import AutoAttack
except ImportError:
    from pyautoattack import AutoAttack

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def processor_seconds(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


class Pixels(torch.nn.Module):
    """The network behind its normalisation."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1))

    def forward(self, x):
        return self.network((x - self.mean) / self.deviation)


def load_network(path):
    state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    network = CIFARResNet20()
    own = network.state_dict()
    # The same layers in the same order, under other names.
    theirs = [(name, value) for name, value in state.items() if "num_batches" not in name]
    ours = [name for name in own if "num_batches" not in name]
    assert len(theirs) == len(ours), f"{len(theirs)} tensors in the checkpoint, {len(ours)} in the network"
    for name, (other, value) in zip(ours, theirs):
        assert own[name].shape == value.shape, f"{other} is {tuple(value.shape)}, {name} {tuple(own[name].shape)}"
        own[name] = value
    network.load_state_dict(own)
    return Pixels(network).eval().requires_grad_(False)


def load_images(path, limit):
    rows = np.fromfile(path, dtype=np.uint8).reshape(-1, 3073)[:limit]
    return torch.from_numpy(rows[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 255), torch.from_numpy(
        rows[:, 0].astype(np.int64))


def theirs(options, radius):
    """Which images stay correct, and the processor time."""
    model = load_network(options.weights)
    images, labels = load_images(options.images, options.limit)
    start = processor_seconds(resource.RUSAGE_SELF)
    names = {"linf": "Linf", "l2": "L2", "l1": "L1"}
    attack = AutoAttack(model, norm=names[options.norm], eps=radius, seed=0, device="cpu", verbose=options.verbose)
    adversarial = attack.run_standard_evaluation(images, labels, bs=250)
    if isinstance(adversarial, tuple):  # some releases return the labels as well
        adversarial = adversarial[0]
    spent = processor_seconds(resource.RUSAGE_SELF) - start
    with torch.no_grad():
        correct = model(adversarial).argmax(1) == labels
    return correct.tolist(), spent


def ours(options):
    start = processor_seconds(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        command = [
            options.advkit, "attack", "--model", "resnet20", "--weights", options.weights, "--dataset",
            f"cifar10:{options.images}", "--limit", str(options.limit), "--attack", options.attack, "--norm",
            options.norm, "--eps", options.eps, "--out", f"{folder}/run", "--quiet"]
        finished = subprocess.run(command, capture_output=True, text=True)
        if finished.returncode not in (0, 1):
            sys.exit(f"{' '.join(command)}: {finished.stderr.strip()}")
        results = json.loads(Path(f"{folder}/run/results.json").read_text())
    spent = processor_seconds(resource.RUSAGE_CHILDREN) - start
    return [
        image["outcome"] != "already-wrong" and not image["broken_float"] for image in results["images"]], spent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--advkit", required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--images", required=True)
    parser.add_argument("--attack", default="reference")
    parser.add_argument("--norm", default="linf", choices=["linf", "l2", "l1"])
    parser.add_argument("--eps", default="1/255")
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    own, own_time = ours(options)
    other, other_time = theirs(options, float(Fraction(options.eps)))
    missed = [index for index, pair in enumerate(zip(own, other)) if pair == (True, False)]
    print(f"{options.attack}, {options.norm}, eps {options.eps}, {len(own)} images")
    print(f"correct under attack: advkit {sum(own)}, auto-attack {sum(other)}")
    print(f"survivors of advkit that auto-attack breaks: {len(missed)} {missed}")
    print(f"processor seconds: advkit {own_time:.1f}, auto-attack {other_time:.1f} ({other_time / own_time:.2f} times)")


if __name__ == "__main__":
    main()
