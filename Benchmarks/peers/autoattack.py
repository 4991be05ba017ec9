#!/usr/bin/env python3
"""AutoAttack on a trained network and CIFAR-10 images: advkit against its authors' program on PyTorch, in one run.

    autoattack.py --advkit PATH --weights resnet20-12fca82f.th --images test_batch.bin [--eps 1/255] [--limit 100]
    autoattack.py --advkit PATH --model resnet_2b --weights resnet_2b.pth --images test_batch.bin --eps 2/255

Prints how many images stay correct in float for both, which of our survivors the other breaks and the other way round,
and the time of both (all threads, loading and files included). Needs torch, and auto-attack or pyautoattack,
which packages it.
"""

import argparse
import json
import logging
import resource
import time
from pathlib import Path

import torch
from real import add_arguments, attack_with_advkit, load_images, load_network, processor_seconds, radius_of

try:
    from autoattack import AutoAttack
except ImportError:
    from pyautoattack import AutoAttack


def theirs(options):
    """Which images stay correct, and the processor time."""
    start = processor_seconds(resource.RUSAGE_SELF)
    model = load_network(options)
    images, labels = load_images(options.images, options.limit)
    names = {"linf": "Linf", "l2": "L2", "l1": "L1"}
    radius = radius_of(options.eps)
    attack = AutoAttack(model, norm=names[options.norm], eps=radius, seed=options.seed, device="cpu")
    attack.verbose = options.verbose
    adversarial = attack.run_standard_evaluation(images, labels)
    if isinstance(adversarial, tuple):  # pyautoattack returns the labels as well
        adversarial = adversarial[0]
    spent = processor_seconds(resource.RUSAGE_SELF) - start
    with torch.no_grad():
        correct = model(adversarial).argmax(1) == labels
    return correct.tolist(), spent


def ours(options):
    """The same of advkit."""
    images, spent = attack_with_advkit(
        options, "--attack", options.attack, "--norm", options.norm, "--eps", options.eps, "--seed", str(options.seed),
        "--precision", options.precision)
    return [image["outcome"] != "already-wrong" and not image["broken_float"] for image in images], spent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser, limit=100)
    parser.add_argument("--attack", default="reference")
    parser.add_argument("--precision", default="fast", choices=["exact", "fast"], help="of advkit's search")
    parser.add_argument("--norm", default="linf", choices=["linf", "l2", "l1"])
    parser.add_argument("--eps", default="1/255")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", action="store_true", help="what the other program says")
    parser.add_argument("--json", help="a file for the outcome of every image")
    options = parser.parse_args()
    if options.verbose:
        logging.basicConfig(level=logging.INFO)
        logging.getLogger("auto-attack").setLevel(logging.DEBUG)
    begin = time.perf_counter()
    own, own_time = ours(options)
    own_clock = time.perf_counter() - begin
    print(
        f"{options.model}, {options.attack} ({options.precision}), {options.norm}, eps {options.eps}, "
        f"{len(own)} images, {options.threads} thread(s)", flush=True)
    line = "{}: {} correct under attack, {:.1f} processor seconds, {:.1f} by the clock"
    print(line.format("advkit", sum(own), own_time, own_clock), flush=True)
    begin = time.perf_counter()
    other, other_time = theirs(options)
    other_clock = time.perf_counter() - begin
    missed = [index for index, pair in enumerate(zip(own, other)) if pair == (True, False)]
    gained = [index for index, pair in enumerate(zip(own, other)) if pair == (False, True)]
    print(line.format("auto-attack", sum(other), other_time, other_clock))
    print(f"survivors of advkit that auto-attack breaks: {len(missed)} {missed}; the other way: {len(gained)} {gained}")
    print(f"auto-attack over advkit: {other_time / own_time:.2f} processor, {other_clock / own_clock:.2f} clock")
    if options.json:
        times = {"processor": [own_time, other_time], "clock": [own_clock, other_clock]}
        facts = {"advkit": own, "auto-attack": other, **times}
        Path(options.json).write_text(json.dumps(facts))


if __name__ == "__main__":
    main()
