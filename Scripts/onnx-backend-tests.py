"""Writes the operator tests of the `onnx` package as files: FOLDER/NAME/{model.onnx, set_K/{input,output}_I.pb}.

    python Scripts/onnx-backend-tests.py FOLDER

Only tests whose operators all stand in advkit's import table are written, and only those of plain tensors.
"""

import re
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
from onnx import numpy_helper

TABLE = Path(__file__).parents[1] / "Sources/AdvFormats/ONNX/Import/ONNXOperators.swift"


def cases():
    warnings.filterwarnings("ignore")
    from onnx.backend.test.case import node

    return node.collect_testcases(None)


def main(folder):
    known = set(re.findall(r'^    "(\w+)":', TABLE.read_text(), re.M))
    shutil.rmtree(folder, ignore_errors=True)
    written = 0
    for case in cases():
        types = {(n.domain, n.op_type) for n in case.model.graph.node}
        tensors = [value for data in case.data_sets or [] for half in data for value in half]
        if not all(domain == "" and name in known for domain, name in types):
            continue
        if not all(isinstance(value, np.ndarray | np.generic) and value.dtype.kind not in "OUS" for value in tensors):
            continue
        target = folder / case.name
        target.mkdir(parents=True)
        (target / "model.onnx").write_bytes(case.model.SerializeToString())
        for index, halves in enumerate(case.data_sets):
            place = target / f"set_{index}"
            place.mkdir()
            for kind, values in zip(("input", "output"), halves):
                for position, value in enumerate(values):
                    tensor = numpy_helper.from_array(np.asarray(value))
                    (place / f"{kind}_{position}.pb").write_bytes(tensor.SerializeToString())
        written += 1
    print(f"{written} operator tests in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
