"""Attacks of 40 steps from end to end: Foolbox, torchattacks, ART and AutoAttack in their defaults against advkit.

The same networks and batches; random weights and images, since the time of a fixed number of steps depends on
neither. advkit runs with --full-length, so that it too takes every step with every image."""

import statistics
import time

import torch
from networks import NETWORKS, frozen

STEPS, RADIUS = 40, 8 / 255
SUBJECTS = {"resnet20": 64, "resnet18": 8}  # images of an attack


def foolbox_attack(model, images, labels):
    import foolbox

    wrapped = foolbox.PyTorchModel(model, bounds=(0, 1))
    attack = foolbox.attacks.LinfPGD(steps=STEPS)
    return lambda: attack(wrapped, images, labels, epsilons=RADIUS)


def torchattacks_attack(model, images, labels):
    import torchattacks

    attack = torchattacks.PGD(model, eps=RADIUS, alpha=2 / 255, steps=STEPS)
    return lambda: attack(images, labels)


def art_attack(model, images, labels):
    from art.attacks.evasion import ProjectedGradientDescent
    from art.estimators.classification import PyTorchClassifier

    classifier = PyTorchClassifier(
        model, torch.nn.CrossEntropyLoss(), images.shape[1:], 1000 if images.shape[-1] > 32 else 10,
        clip_values=(0, 1), device_type="cpu")
    attack = ProjectedGradientDescent(
        classifier, eps=RADIUS, eps_step=2 / 255, max_iter=STEPS, batch_size=len(images), verbose=False)
    x, y = images.numpy(), labels.numpy()
    return lambda: attack.generate(x, y)


def autoattack_attack(model, images, labels):
    from pyautoattack.autopgd_base import APGDAttack

    attack = APGDAttack(model, n_iter=STEPS, norm="Linf", eps=RADIUS, loss="ce", device="cpu")
    return lambda: attack.perturb(images, labels)


# The peer's name: (the attack of advkit that it is compared with, how it is made)
PEERS = {
    "Foolbox": ("pgd", foolbox_attack), "torchattacks": ("pgd", torchattacks_attack), "ART": ("pgd", art_attack),
    "AutoAttack": ("apgd", autoattack_attack),
}


def seconds_of(body):
    start = time.perf_counter()
    body()
    return time.perf_counter() - start


def compare(name, advkit, arguments):
    batch, side = SUBJECTS[name], NETWORKS[name][2]
    images, model = torch.rand(batch, NETWORKS[name][1], side, side), frozen(name)
    labels = model(images).argmax(1)
    attacks = {peer: make(model, images, labels) for peer, (_, make) in PEERS.items()}
    for attack in attacks.values():
        attack()
    times, ours = {peer: [] for peer in attacks}, {"pgd": [], "apgd": []}
    for _ in range(arguments.rounds):
        for peer, attack in attacks.items():
            times[peer].append(seconds_of(attack))
        for attack, runs in ours.items():
            runs.append(
                advkit.bench(
                    "attack", name, "--full-length", attack=f"{attack}:steps={STEPS}", eps="8/255", limit=batch,
                    size=side, batch=-(-batch // arguments.threads), precision=arguments.precisions[-1]))
    return {
        "network": name, "side": side, "batch": batch,
        "peers": {peer: statistics.median(values) for peer, values in times.items()},
        "advkit": {attack: statistics.median(run["seconds"] for run in runs) for attack, runs in ours.items()},
        "outside": statistics.median(run["outside_network_fraction"] for run in ours["pgd"]),
    }


def table(rows):
    lines = ["| network | N | attack | peer | its time | advkit | ratio |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        for peer, value in row["peers"].items():
            attack = PEERS[peer][0]
            own = row["advkit"][attack]
            lines.append(
                f"| {row['network']} {row['side']}² | {row['batch']} | {attack} | {peer} | {value:.3f} s | {own:.3f} s | "
                f"**{value / own:.2f}** |")
    shares = ", ".join(f"{100 * row['outside']:.1f} % on {row['network']}" for row in rows)
    return lines + ["", f"Of advkit's time in PGD this much passes outside the network: {shares}."]
