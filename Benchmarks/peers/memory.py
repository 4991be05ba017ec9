"""The most memory of a process that takes one attack step: ResNet-50, 8 images of 224²."""

import subprocess
import sys

NETWORK, BATCH = "resnet50", 8

# A fresh process for PyTorch, since a peak never falls again: what it needs with libraries and weights, and then.
CHILD = f"""
import resource, sys
import torch
torch.set_num_threads(int(sys.argv[1]))
from networks import NETWORKS
from steps import pytorch_step
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
step = pytorch_step("{NETWORK}", {BATCH}, "eager, channels-last")
before = peak()
for _ in range(3): step()
print(before, peak())
"""


def compare(advkit, arguments, folder):
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(arguments.threads)], cwd=folder, capture_output=True, text=True, check=True)
    before, peak = map(int, child.stdout.split())
    ours = advkit.bench("step", NETWORK, batch=BATCH, size=224, precision=arguments.precisions[-1])
    return {"pytorch": peak, "pytorch_before": before, "advkit": ours["peak_memory_bytes"]}


def lines(row):
    mebibytes = {key: value / 2**20 for key, value in row.items()}
    return [
        f"PyTorch {mebibytes['pytorch']:.0f} MiB, of which {mebibytes['pytorch_before']:.0f} MiB before the first step; "
        f"advkit {mebibytes['advkit']:.0f} MiB in all: **{row['pytorch'] / row['advkit']:.2f}** times as much.",
    ]
