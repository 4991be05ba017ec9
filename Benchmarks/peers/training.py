"""A training step, forward, gradients of all weights and update: PyTorch in its f32 forms against advkit."""

import statistics

import torch
from networks import NETWORKS
from steps import FORMS, milliseconds_per_image

# advkit's name: images of a step, as in the networks' papers or in what fits a workstation
SUBJECTS = {"resnet20": 128, "resnet18": 32}
SINGLE = [form for form, (_, _, is_bf16) in FORMS.items() if not is_bf16]


def pytorch_step(name, batch, form):
    layout, is_compiled, _ = FORMS[form]
    make, channels, side, _ = NETWORKS[name]
    model = make().train().to(memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=5e-4, nesterov=True)
    forward = torch.compile(model) if is_compiled else model
    images = torch.rand(batch, channels, side, side).to(memory_format=layout)
    labels = torch.arange(batch) % 10

    def step():
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(forward(images), labels).backward()
        optimizer.step()

    return step


def compare(name, batch, advkit, arguments):
    """Medians over rounds; each round times every contender once, so that a drift of the machine hits all alike."""
    forms = [form for form in SINGLE if name in arguments.compile or not FORMS[form][1]]
    steps = {form: pytorch_step(name, batch, form) for form in forms}
    for step in steps.values():  # allocation, primitive caches, compilation
        for _ in range(3):
            step()
    times, ours = {form: [] for form in forms}, {precision: [] for precision in arguments.precisions}
    for _ in range(arguments.rounds):
        for form, step in steps.items():
            times[form].append(milliseconds_per_image(step, batch, arguments.seconds))
        for precision in arguments.precisions:
            ours[precision].append(
                advkit.bench("train", name, batch=batch, size=NETWORKS[name][2], precision=precision))
    median = lambda pairs: [statistics.median(values) for values in zip(*pairs)]
    return {
        "network": name, "side": NETWORKS[name][2], "batch": batch,
        "pytorch": {form: median(pairs) for form, pairs in times.items()},
        "advkit": {
            precision: median([run["ms_per_image"], run["cpu_ms_per_image"]] for run in runs)
            for precision, runs in ours.items()
        },
    }


def table(rows):
    precisions = list(rows[0]["advkit"])
    head = ["network", "N", "time"] + SINGLE + [f"advkit {name}" for name in precisions]
    head.append("best ÷ advkit " + precisions[-1])
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for row in rows:
        for kind, label in enumerate(("clock", "processor")):
            values = {form: pair[kind] for form, pair in row["pytorch"].items()}
            best = min(values, key=values.get)
            cells = [f"{row['network']} {row['side']}²", str(row["batch"]), label]
            cells += [f"{values[form]:.3f}" if form in values else "–" for form in SINGLE]
            cells += [f"{row['advkit'][name][kind]:.3f}" for name in precisions]
            cells.append(f"**{values[best] / row['advkit'][precisions[-1]][kind]:.2f}** ({best})")
            lines.append(f"| {' | '.join(cells)} |")
    return lines
