"""Built-in models as ONNX and PyTorch files, judged by onnxruntime and PyTorch.

    python Scripts/export-check.py [MODEL...]

Every model is written as ONNX, safetensors and .pth. onnxruntime must give the logits of `advkit predict` within 1e-5 of
the largest one, and torch.load(weights_only=True) the tensors of the safetensors file, bit by bit. The program is
.build/release/advkit, or what ADVKIT names. Needs numpy, onnx, onnxruntime, safetensors; torch where there is one.
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

ADVKIT = os.environ.get("ADVKIT", ".build/release/advkit")
RANDOM = np.random.default_rng(3)


def advkit(*arguments):
    return subprocess.run([ADVKIT, *arguments], check=True, capture_output=True, text=True).stdout


def check(name, folder):
    path = f"{folder}/{name}"
    for ending in ("onnx", "safetensors", "pth"):
        advkit("convert", name, "--to", f"{path}.{ending}", "--quiet")
    onnx.checker.check_model(onnx.load(f"{path}.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(f"{path}.onnx", providers=["CPUExecutionProvider"])
    images = RANDOM.random([5, *session.get_inputs()[0].shape[1:]], dtype=np.float32)
    np.save(f"{path}.x.npy", images)
    advkit("predict", "--model", name, "--input", f"{path}.x.npy", "--output", f"{path}.y.npy", "--quiet")
    ours, theirs = np.load(f"{path}.y.npy"), session.run(None, {"image": images})[0]
    distance = np.abs(ours - theirs).max() / np.abs(theirs).max()
    weights = "not compared"
    try:
        import torch

        loaded, stored = torch.load(f"{path}.pth", weights_only=True), load_file(f"{path}.safetensors")
        same = list(loaded) == list(stored) or set(loaded) == set(stored)
        same = same and all(np.array_equal(loaded[key].numpy(), stored[key]) for key in stored)
        weights = f"{len(stored)} tensors in PyTorch" if same else "OTHER TENSORS in PyTorch"
    except ImportError:
        same = True
    print(f"{name}: logits differ by {distance:.2g} of the largest; {weights}", flush=True)
    return distance < 1e-5 and same


def main():
    names = sys.argv[1:] or [row["name"] for row in json.loads(advkit("models", "--json")) if row["built_in"]]
    with tempfile.TemporaryDirectory() as folder:
        results = [check(name, folder) for name in names]
    print(f"{sum(results)} of {len(results)} models agree")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
