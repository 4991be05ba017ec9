#!/usr/bin/env python3
"""Time of an attack step (forward and input gradient, frozen weights): advkit against PyTorch, in alternation.

    Benchmarks/peers/run.sh            makes the environment, runs this, writes reports/performance.md
    compare.py --advkit PATH [--networks resnet20,lenet5] [--rounds 5] [--threads 2]

PyTorch runs in its best form: parameters frozen, eager with channels-last and with plain layout, and compiled;
the best of them counts. Each round times every contender once, so that a drift of the machine hits all alike.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time

import torch
from networks import NETWORKS


def pytorch_step(network, channels, size, batch, layout, compiled):
    model = network().eval().requires_grad_(False).to(memory_format=layout)
    images = torch.rand(batch, channels, size, size).to(memory_format=layout).requires_grad_(True)
    labels = torch.zeros(batch, dtype=torch.long)
    forward = torch.compile(model) if compiled else model

    def step():
        loss = torch.nn.functional.cross_entropy(forward(images), labels, reduction="sum")
        return torch.autograd.grad(loss, images)[0]

    return step


def milliseconds_per_image(step, batch, seconds=1.0):
    times, begin = [], time.perf_counter()
    while time.perf_counter() - begin < seconds or len(times) < 3:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times) / batch


def advkit_step(binary, name, size, batch, threads, precision):
    command = [binary, "bench", "step", "--model", name, "--batch", str(batch), "--size", str(size),
               "--threads", str(threads), "--json"] + (["--precision", precision] if precision else [])
    output = subprocess.run(command, capture_output=True, text=True)
    if output.returncode != 0:
        sys.exit(f"{' '.join(command)}: {output.stderr.strip()}")
    return json.loads(output.stdout)


def compare(name, arguments):
    network, channels, size, batch = NETWORKS[name]
    contenders = {
        "eager": pytorch_step(network, channels, size, batch, torch.contiguous_format, False),
        "eager, channels-last": pytorch_step(network, channels, size, batch, torch.channels_last, False),
    }
    if arguments.compile:
        contenders["compiled"] = pytorch_step(network, channels, size, batch, torch.contiguous_format, True)
    times = {key: [] for key in contenders}
    ours = []
    for step in contenders.values():  # warm up: allocation, primitive caches, compilation
        for _ in range(3):
            step()
    for _ in range(arguments.rounds):
        for key, step in contenders.items():
            times[key].append(milliseconds_per_image(step, batch))
        ours.append(advkit_step(arguments.advkit, name, size, batch, arguments.threads, arguments.precision))
    medians = {key: statistics.median(values) for key, values in times.items()}
    return {
        "network": name, "size": size, "batch": batch, "pytorch": medians,
        "advkit": statistics.median(run["ms_per_image"] for run in ours),
        "peak_fraction": statistics.median(run["peak_fraction"] for run in ours),
    }


def markdown(rows, arguments):
    lines = [
        "# Time of an attack step: advkit against PyTorch", "",
        "Forward pass and gradient with respect to the input, weights frozen; milliseconds per image, medians of",
        f"{arguments.rounds} alternating rounds, {arguments.threads} threads. The ratio is PyTorch's best time over advkit's.", "",
        f"{platform.processor() or platform.machine()}, PyTorch {torch.__version__}, Python {platform.python_version()}.",
        "Made by `Benchmarks/peers/run.sh`.", "",
        "| network | batch | PyTorch | best | advkit | of peak | ratio |", "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        best = min(row["pytorch"], key=row["pytorch"].get)
        all_times = ", ".join(f"{key} {value:.3f}" for key, value in row["pytorch"].items())
        lines.append(
            f"| {row['network']} {row['size']}² | {row['batch']} | {all_times} | {best} | {row['advkit']:.3f} "
            f"| {100 * row['peak_fraction']:.0f} % | {row['pytorch'][best] / row['advkit']:.2f} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--advkit", required=True)
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="")
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    parser.add_argument("--out")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    text = markdown([compare(name, arguments) for name in arguments.networks.split(",")], arguments)
    print(text)
    if arguments.out:
        with open(arguments.out, "w") as file:
            file.write(text)


main()
