#!/usr/bin/env python3
"""Median distances of minimal-norm attacks: advkit against Foolbox, adversarial-library and auto-attack.

    medians.py --advkit PATH --weights resnet20-12fca82f.th --images test_batch.bin [--limit 500] [--attacks ddn,fab]

Every program gets the same network and the images that it classifies correctly, with the same number of steps. The
medians are those before rounding to levels; an image that is not broken counts as infinitely far away. The last column is
advkit's median over the smallest of the others'. Needs torch, foolbox, adv-lib, and auto-attack or pyautoattack.
"""

import argparse
import resource
import sys
import types

import torch
from real import add_arguments, attack_with_advkit, load_images, load_network, processor_seconds

try:
    from autoattack.fab_pt import FABAttack_PT
except ImportError:
    from pyautoattack.fab_pt import FABAttack_PT
# adversarial-library imports visdom, which not every pip can build, for plots that nobody asks for here.
sys.modules.setdefault("visdom", types.ModuleType("visdom"))
from adv_lib.attacks import ddn, fab, fmn  # noqa: E402

NORMS = {"l0": 0, "l1": 1, "l2": 2, "linf": float("inf")}
FOOLBOX_FMN = {"l0": "L0FMNAttack", "l1": "L1FMNAttack", "l2": "L2FMNAttack", "linf": "LInfFMNAttack"}
# (attack of advkit, norm)
CASES = [("ddn", "l2")] + [("fmn", norm) for norm in ("l2", "linf", "l1", "l0")] + [
    ("fab", norm) for norm in ("l2", "linf", "l1")]


def foolbox_attack(make):
    """A minimisation attack of Foolbox, without a radius."""

    def run(model, images, labels, norm, steps):
        import foolbox

        wrapped = foolbox.PyTorchModel(model, bounds=(0, 1), device="cpu")
        return make(foolbox.attacks, norm)(steps=steps)(wrapped, images, labels, epsilons=None)[0]

    return run


def auto_attack_fab(model, images, labels, norm, steps):
    name = {"l1": "L1", "l2": "L2", "linf": "Linf"}[norm]
    # The radius only decides what counts as a success at the end.
    attack = FABAttack_PT(model, norm=name, n_restarts=1, n_iter=steps, eps=1e10, seed=0, device="cpu")
    return attack.perturb(images, labels)


PEERS = {
    "ddn": {
        "Foolbox": foolbox_attack(lambda attacks, norm: attacks.DDNAttack),
        "adversarial-library": lambda model, images, labels, norm, steps: ddn(
            model, images, labels, steps=steps, levels=None),
    },
    "fmn": {
        "Foolbox": foolbox_attack(lambda attacks, norm: getattr(attacks, FOOLBOX_FMN[norm])),
        "adversarial-library": lambda model, images, labels, norm, steps: fmn(
            model, images, labels, norm=NORMS[norm], steps=steps),
    },
    "fab": {
        "auto-attack": auto_attack_fab,
        "adversarial-library": lambda model, images, labels, norm, steps: fab(
            model, images, labels, norm=NORMS[norm], n_iter=steps),
    },
}


def median(distances):
    """The lower middle, so that it is always the distance of one image."""
    return sorted(distances)[(len(distances) - 1) // 2] if distances else float("inf")


def peer_median(attack, model, images, labels, norm, steps):
    """The median distance of what a program of PyTorch returns, and its processor time."""
    start = processor_seconds(resource.RUSAGE_SELF)
    parts = [
        attack(model, x.clone(), y, norm, steps) for x, y in zip(images.split(250), labels.split(250))]
    spent = processor_seconds(resource.RUSAGE_SELF) - start
    found = torch.cat(parts).detach()
    with torch.no_grad():
        broken = model(found).argmax(1) != labels
    distances = (found.double() - images.double()).flatten(1).norm(p=NORMS[norm], dim=1)
    return median([d if b else float("inf") for d, b in zip(distances.tolist(), broken.tolist())]), spent


def advkit_median(options, attack, norm):
    """The same of advkit, with the numbers of images that count."""
    rows, spent = attack_with_advkit(
        options, "--attack", f"{attack}:steps={options.steps}", "--norm", norm, "--minimal", "--no-repair")
    rows = [row for row in rows if row["outcome"] != "already-wrong"]
    return median([row[f"{norm}_float"] if row["broken_float"] else float("inf") for row in rows]), spent, len(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser, limit=500)
    parser.add_argument("--attacks", default="ddn,fmn,fab")
    parser.add_argument("--norms", default="l2,linf,l1,l0")
    parser.add_argument("--steps", type=int, default=100)
    options = parser.parse_args()
    model = load_network(options)
    images, labels = load_images(options.images, options.limit)
    with torch.no_grad():
        correct = model(images).argmax(1) == labels
    images, labels = images[correct], labels[correct]
    print(f"{options.model}, {len(labels)} images classified correctly, {options.steps} steps\n")
    print("| attack | norm | program | median | processor s | advkit over the best peer |")
    print("|---|---|---|---|---|---|")
    for name, norm in CASES:
        if name not in options.attacks.split(",") or norm not in options.norms.split(","):
            continue
        own, spent, count = advkit_median(options, name, norm)
        assert count == len(labels), f"advkit classifies {count} images correctly, PyTorch {len(labels)}"
        rows = []
        for peer, attack in PEERS[name].items():
            value, seconds = peer_median(attack, model, images, labels, norm, options.steps)
            rows.append((peer, value, seconds))
        best = min(value for _, value, _ in rows)
        print(f"| {name} | {norm} | advkit | {own:.6g} | {spent:.1f} | **{own / best:.4f}** |")
        for peer, value, seconds in rows:
            print(f"| {name} | {norm} | {peer} | {value:.6g} | {seconds:.1f} | |", flush=True)


if __name__ == "__main__":
    main()
