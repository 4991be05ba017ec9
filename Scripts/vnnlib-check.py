"""Attacks every instance of a VNN-COMP benchmark and lets onnxruntime judge each counterexample.

    python Scripts/vnnlib-check.py INSTANCES.csv [ADVKIT OPTION...]

INSTANCES.csv has the lines NETWORK,PROPERTY,TIMEOUT with paths beside it. The program is .build/release/advkit, or what
ADVKIT names. Exits with 1 where onnxruntime does not confirm a counterexample. Needs numpy and onnxruntime.
"""

import csv
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

ADVKIT = os.environ.get("ADVKIT", ".build/release/advkit")


def parse(text):
    """S-expressions as nested lists."""
    stack = [[]]
    for token in re.findall(r"[()]|[^\s()]+", re.sub(r";.*", "", text)):
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    return stack[0]


def value(term, values):
    if isinstance(term, list):
        parts = [value(part, values) for part in term[1:]]
        return {"+": sum(parts), "-": parts[0] - sum(parts[1:]) if len(parts) > 1 else -parts[0], "*": np.prod(parts)}[term[0]]
    return values[term] if term in values else float(term)


def holds(formula, values):
    if formula[0] == "and":
        return all(holds(part, values) for part in formula[1:])
    if formula[0] == "or":
        return any(holds(part, values) for part in formula[1:])
    left, right = value(formula[1], values), value(formula[2], values)
    return left <= right if formula[0] == "<=" else left >= right


def confirm(network, prop, text):
    """Whether the counterexample's inputs lie in the box and onnxruntime's outputs meet the constraints."""
    pairs = dict(re.findall(r"\(([XY]_\d+)\s+(\S+?)\)", text))
    # The decimals as they stand must lie in the box, and the network reads them in single precision.
    inputs = np.float64([pairs[f"X_{i}"] for i in range(sum(key.startswith("X") for key in pairs))])
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    info = session.get_inputs()[0]
    shape = [extent if isinstance(extent, int) else 1 for extent in info.shape]
    outputs = session.run(None, {info.name: np.float32(inputs).reshape(shape)})[0].reshape(-1)
    values = {f"X_{i}": float(x) for i, x in enumerate(inputs)} | {f"Y_{i}": float(y) for i, y in enumerate(outputs)}
    stated = np.array([float(pairs[f"Y_{i}"]) for i in range(len(outputs))])
    asserts = [item[1] for item in parse(Path(prop).read_text()) if item[0] == "assert"]
    return all(holds(formula, values) for formula in asserts), float(np.abs(stated - outputs).max())


def main():
    instances = Path(sys.argv[1])
    counts = {"sat": 0, "unknown": 0}
    rejected, apart = 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for network, prop, _ in csv.reader(instances.read_text().splitlines()):
            network, prop = instances.parent / network, instances.parent / prop
            out = f"{folder}/out"
            command = [ADVKIT, "attack", "--model", network, "--vnnlib", prop, "--out", out, "--overwrite", *sys.argv[2:]]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            text = Path(out, "counterexample.txt").read_text()
            verdict = text.split(None, 1)[0]
            counts[verdict] += 1
            if verdict == "sat":
                isRight, distance = confirm(network, prop, text)
                rejected, apart = rejected + (not isRight), max(apart, distance)
                verdict += ", confirmed" if isRight else ", NOT CONFIRMED by onnxruntime"
            print(f"{network.name} {prop.name}: {verdict}", flush=True)
    print(f"{counts['sat']} of {sum(counts.values())} fall; onnxruntime rejects {rejected}; outputs differ by at most {apart:.2g}")
    sys.exit(1 if rejected else 0)


if __name__ == "__main__":
    main()
