"""How advkit's time grows with images and shrinks with threads: PGD with 10 steps on ResNet-20."""

NETWORK, ATTACK = "resnet20", "pgd:steps=10"


def compare(advkit, arguments):
    counts = [8, 32, 128, 512, 2048, 8192][: 3 if arguments.quick else 6]
    cores = arguments.threads

    def seconds(images, threads):
        run = advkit.bench(
            "attack", NETWORK, "--full-length", attack=ATTACK, eps="8/255", limit=images, size=32, batch=4,
            threads=threads, precision=arguments.precisions[-1])
        return run["seconds"]

    return {
        "images": {count: seconds(count, cores) / count for count in counts},
        "threads": {threads: seconds(128, threads) / 128 for threads in range(1, cores + 1)},
    }


def lines(row):
    result = ["| images | ms per image | against 8 images |", "|---|---|---|"]
    first = next(iter(row["images"].values()))
    result += [
        f"| {count} | {1000 * value:.3f} | {100 * (value / first - 1):+.1f} % |" for count, value in row["images"].items()]
    one = row["threads"][1]
    gains = ", ".join(f"{threads} threads: {one / value:.2f} times one" for threads, value in row["threads"].items()
                      if threads > 1)
    return result + ["", f"128 images: {gains or 'one core only'}."]
