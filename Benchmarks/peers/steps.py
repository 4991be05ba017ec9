"""An attack step, forward and input gradient with frozen weights: PyTorch in all its forms against advkit."""

import pathlib
import statistics
import sys
import time

import torch
from networks import NETWORKS, frozen

# The name of a form: (memory layout, compiled, autocast to bfloat16)
FORMS = {
    "eager": (torch.contiguous_format, False, False),
    "eager, channels-last": (torch.channels_last, False, False),
    "compiled": (torch.contiguous_format, True, False),
    "compiled, channels-last": (torch.channels_last, True, False),
    "bf16": (torch.channels_last, False, True),
    "bf16, compiled": (torch.channels_last, True, True),
}


HAS_BF16 = "avx512_bf16" in pathlib.Path("/proc/cpuinfo").read_text()  # elsewhere both sides would emulate it


def pytorch_step(name, batch, form):
    layout, is_compiled, is_bf16 = FORMS[form]
    _, channels, side, _ = NETWORKS[name]
    model = frozen(name, layout)
    forward = torch.compile(model) if is_compiled else model
    images = torch.rand(batch, channels, side, side).to(memory_format=layout).requires_grad_(True)
    labels = torch.zeros(batch, dtype=torch.long)

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=is_bf16):
            logits = forward(images)
        loss = torch.nn.functional.cross_entropy(logits.float(), labels, reduction="sum")
        return torch.autograd.grad(loss, images)[0]

    return step


def milliseconds_per_image(step, batch, seconds):
    """Medians over steps of the time on the clock and of the processor time of all threads."""
    times, processor, begin = [], [], time.perf_counter()
    while time.perf_counter() - begin < seconds or len(times) < 3:
        start, own = time.perf_counter(), time.process_time()
        step()
        times.append(time.perf_counter() - start)
        processor.append(time.process_time() - own)
    return [1000 * statistics.median(values) / batch for values in (times, processor)]


def compare(name, batch, advkit, arguments, is_compiled):
    """Medians over rounds; each round times every contender once, so that a drift of the machine hits all alike."""
    forms = [form for form, (_, compiles, is_bf16) in FORMS.items()
             if (is_compiled or not compiles) and (HAS_BF16 or not is_bf16)]
    steps = {form: pytorch_step(name, batch, form) for form in forms}
    for step in steps.values():  # allocation, primitive caches, compilation
        for _ in range(3):
            step()
    times, ours = {form: [] for form in forms}, {precision: [] for precision in arguments.precisions}
    for _ in range(arguments.rounds):
        for form, step in steps.items():
            times[form].append(milliseconds_per_image(step, batch, arguments.seconds)[0])
        for precision in arguments.precisions:
            ours[precision].append(
                advkit.bench("step", name, batch=batch, size=NETWORKS[name][2], precision=precision))
    medians = {form: statistics.median(values) for form, values in times.items()}
    single = {form: value for form, value in medians.items() if not FORMS[form][2]}
    row = {
        "network": name, "side": NETWORKS[name][2], "batch": batch, "pytorch": medians,
        "best": min(single, key=single.get),
        "advkit": {
            precision: {
                "ms": statistics.median(run["ms_per_image"] for run in runs),
                "peak": statistics.median(run["peak_fraction"] for run in runs),
                "allocations": runs[-1]["allocations_per_step"],
                "trusted": all(run["trusted"] for run in runs),
            }
            for precision, runs in ours.items()
        },
    }
    print(*table([row])[2:], file=sys.stderr, flush=True)  # as it comes: the whole takes long
    return row


def table(rows):
    precisions = list(rows[0]["advkit"])
    head = ["network", "N"] + list(FORMS) + [f"advkit {name}" for name in precisions]
    head += ["of peak", "best f32 ÷ advkit " + precisions[-1]]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for row in rows:
        ours = row["advkit"]
        cells = [f"{row['network']} {row['side']}²", str(row["batch"])]
        cells += [f"{row['pytorch'][form]:.3f}" if form in row["pytorch"] else "–" for form in FORMS]
        cells += [f"{ours[name]['ms']:.3f}" for name in precisions]
        cells.append(", ".join(f"{100 * ours[name]['peak']:.0f} %" for name in precisions))
        ratio = row["pytorch"][row["best"]] / ours[precisions[-1]]["ms"]
        cells.append(f"**{ratio:.2f}** ({row['best']})")
        lines.append(f"| {' | '.join(cells)} |")
    return lines
