"""Trained networks on CIFAR-10 images, for both sides of a comparison: as PyTorch modules on pixels, and by advkit."""

import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from networks import CIFARResNet20, ResNet2B


@dataclass
class Subject:
    """One network: its constructor, its preprocessing and its name for advkit."""

    network: type
    mean: tuple
    deviation: tuple


# Weights: akamaster/pytorch_resnet_cifar10's resnet20, and VNN-COMP 2021's resnet_2b.pth.
SUBJECTS = {
    "resnet20": Subject(CIFARResNet20, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "resnet_2b": Subject(ResNet2B, (0.4914, 0.4822, 0.4465), (0.2471, 0.2435, 0.2616)),
}


class Pixels(torch.nn.Module):
    """A network behind its normalisation."""

    def __init__(self, network, mean, deviation):
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1))

    def forward(self, x):
        return self.network((x - self.mean) / self.deviation)


def load_network(options):
    """The network on pixels 0…1, frozen, after PyTorch was told how many threads it has.

    The checkpoint has the same layers in the same order, under any names.
    """
    torch.set_num_threads(options.threads)
    subject = SUBJECTS[options.model]
    state = torch.load(options.weights, map_location="cpu", weights_only=True)
    state = state.get("state_dict", state)
    network = subject.network()
    own = network.state_dict()
    theirs = [(key, value) for key, value in state.items() if "num_batches" not in key]
    ours = [key for key in own if "num_batches" not in key]
    assert len(theirs) == len(ours), f"{len(theirs)} tensors in the checkpoint, {len(ours)} in the network"
    for key, (other, value) in zip(ours, theirs):
        assert own[key].shape == value.shape, f"{other} is {tuple(value.shape)}, {key} {tuple(own[key].shape)}"
        own[key] = value
    network.load_state_dict(own)
    return Pixels(network, subject.mean, subject.deviation).eval().requires_grad_(False)


def load_images(path, limit):
    """Images and labels of a file in CIFAR-10's binary layout."""
    rows = np.fromfile(path, dtype=np.uint8).reshape(-1, 3073)[:limit]
    images = torch.from_numpy(rows[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 255)
    return images, torch.from_numpy(rows[:, 0].astype(np.int64))


def radius_of(text):
    """8/255, 0.5/255 or 0.007 as a number."""
    numerator, _, denominator = text.partition("/")
    return float(numerator) / float(denominator or 1)


def processor_seconds(who):
    """User and system time of all threads."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def attack_with_advkit(options, *words):
    """The images of `results.json`, and the processor time of the whole program."""
    start = processor_seconds(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        command = [
            options.advkit, "attack", "--model", options.model, "--weights", options.weights, "--dataset",
            f"cifar10:{options.images}", "--limit", str(options.limit), "--threads", str(options.threads), *words,
            "--out", f"{folder}/run", "--quiet"]
        finished = subprocess.run(command, capture_output=True, text=True)
        if finished.returncode not in (0, 1):
            sys.exit(f"{' '.join(command)}: {finished.stderr.strip()}")
        results = json.loads(Path(f"{folder}/run/results.json").read_text())
    return results["images"], processor_seconds(resource.RUSAGE_CHILDREN) - start


def add_arguments(parser, limit):
    """What both sides need."""
    parser.add_argument("--advkit", required=True, help="the program")
    parser.add_argument("--model", default="resnet20", choices=list(SUBJECTS))
    parser.add_argument("--weights", required=True)
    parser.add_argument("--images", required=True, help="a file in CIFAR-10's binary layout")
    parser.add_argument("--limit", type=int, default=limit, help="the first so many images")
    # Threads that wait for each other burn processor time, on a busy machine most of it.
    parser.add_argument("--threads", type=int, default=1, help="of both sides")
