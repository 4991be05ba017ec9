#!/usr/bin/env python3
"""advkit against its peers on this machine; Benchmarks/peers/run.sh makes the environment and calls this.

    compare.py --advkit PATH [--only steps,attacks] [--networks resnet20] [--quick] [--out reports/performance.md]

Contenders run in alternation, and medians are reported. PyTorch runs in its best form: parameters frozen, with both
memory layouts, eager and compiled, in f32 and with bfloat16 autocast; the best f32 form counts.
"""

import argparse
import datetime
import importlib.metadata
import os
import pathlib
import platform
import sys

import attacks
import memory
import scaling
import steps
import torch
import training
from advkit import Advkit
from networks import NETWORKS

PARTS = ["steps", "single", "training", "attacks", "memory", "scaling"]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--advkit", required=True)
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts of {', '.join(PARTS)}")
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--precisions", default="exact,fast", help="of advkit; the last one is compared")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--compile", default=",".join(NETWORKS), help="networks measured compiled too; none for no one")
    parser.add_argument("--compile-single", default="none", help="the same for single images: a minute for each form")
    parser.add_argument("--quick", action="store_true", help="one short round: to see that all works")
    parser.add_argument("--force", action="store_true", help="report figures of a busy machine too")
    parser.add_argument("--out")
    parser.add_argument("--append", action="store_true", help="below what an earlier run wrote to --out")
    arguments = parser.parse_args()
    arguments.only = arguments.only.split(",")
    arguments.networks = arguments.networks.split(",")
    arguments.precisions = arguments.precisions.split(",")
    for option in ("compile", "compile_single"):
        text = getattr(arguments, option)
        setattr(arguments, option, [] if text == "none" else text.split(","))
    for value, known, option in (
        (arguments.only, PARTS, "--only"), (arguments.networks, NETWORKS, "--networks"),
        (arguments.compile, NETWORKS, "--compile"), (arguments.compile_single, NETWORKS, "--compile-single")):
        unknown = [name for name in value if name not in known]
        if unknown:
            parser.error(f"{option}: {', '.join(unknown)}; expected some of {', '.join(known)}")
    if arguments.quick:
        arguments.rounds, arguments.seconds = 1, 0.2
    return arguments


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def versions():
    names = ["torch", "torchvision", "foolbox", "torchattacks", "adversarial-robustness-toolbox", "pyautoattack"]
    found = []
    for name in names:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            pass
    return ", ".join(found + [f"Python {platform.python_version()}"])


def sections(advkit, arguments):
    folder = pathlib.Path(__file__).parent
    if "steps" in arguments.only:
        rows = [steps.compare(name, NETWORKS[name][3], advkit, arguments, name in arguments.compile)
                for name in arguments.networks]
        yield "An attack step: forward and input gradient, ms per image", steps.table(rows)
    if "single" in arguments.only:
        rows = [steps.compare(name, 1, advkit, arguments, name in arguments.compile_single)
                for name in arguments.networks]
        yield "The same for a single image", steps.table(rows)
    if "training" in arguments.only:
        rows = [training.compare(name, batch, advkit, arguments)
                for name, batch in training.SUBJECTS.items() if name in arguments.networks]
        if rows:
            yield "A training step: forward, gradients of all weights, update; ms per image", training.table(rows)
    if "attacks" in arguments.only:
        rows = [attacks.compare(name, advkit, arguments) for name in attacks.SUBJECTS if name in arguments.networks]
        if rows:
            yield f"Attacks of {attacks.STEPS} steps, end to end", attacks.table(rows)
    if "memory" in arguments.only and memory.NETWORK in arguments.networks:
        title = f"Memory of a step: {memory.NETWORK}, {memory.BATCH} images of 224²"
        yield title, memory.lines(memory.compare(advkit, arguments, folder))
    if "scaling" in arguments.only:
        yield f"Images and threads: {scaling.ATTACK} on {scaling.NETWORK}", scaling.lines(scaling.compare(advkit, arguments))


def main():
    arguments = parse()
    torch.set_num_threads(arguments.threads)
    advkit = Advkit(arguments.advkit, arguments.threads, arguments.seconds, arguments.force)
    command = "Benchmarks/peers/run.sh " + " ".join(
        word for word in sys.argv[1:] if word not in ("--advkit", arguments.advkit, "--out", arguments.out))
    earlier = pathlib.Path(arguments.out).read_text().splitlines() if arguments.append else []
    text = [
        *(earlier or ["# Performance: advkit against its peers"]), "",
        f"Made by `{command.strip()}` on {datetime.date.today()}: {processor()}, on {arguments.threads} of its threads, medians of "
        f"{arguments.rounds} alternating rounds of {arguments.seconds} s. Weights frozen. {versions()}; advkit {advkit.version()}.",
    ]
    if arguments.force:
        text += ["", "**--force: the machine may have been busy; these figures are not to be quoted.**"]
    for title, lines in sections(advkit, arguments):
        print(f"\n## {title}\n", *lines, sep="\n", flush=True)
        text += ["", f"## {title}", "", *lines]
        if arguments.out:  # after every part: the whole takes long, and a later part may fail
            partial = pathlib.Path(arguments.out + ".part")
            partial.write_text("\n".join(text) + "\n")
            partial.replace(arguments.out)


if __name__ == "__main__":
    main()
