#!/usr/bin/env python3
"""Many workers on a large volume, on paper: blocks, margins, traffic, and what the shared file system has to bear.

Every figure is an option; defaults are those of docs/cluster.md. Prints a table in Markdown, a column per block size.
Margins and memory are what `brushwood predict --plan` tells for model, image and block.
"""

import argparse
from dataclasses import dataclass

AXES = "zyx"
FLOAT = 4


def three(text):
    numbers = tuple(int(n) for n in text.split(","))
    if len(numbers) != 3 or min(numbers) < 0:
        raise argparse.ArgumentTypeError(f"{text} is not z,y,x")
    return numbers


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shown = "(default: %(default)s)"
    parser.add_argument("--shape", type=three, default=(9500, 16384, 16384), help=f"z,y,x of the volume {shown}")
    parser.add_argument("--channels", type=int, default=2, help=shown)
    parser.add_argument("--bytes", type=int, default=2, help=f"of a voxel and channel {shown}")
    parser.add_argument("--classes", type=int, default=2, help=f"probabilities of so many are written {shown}")
    parser.add_argument("--chunk", type=three, default=(32, 128, 128), help=f"of the image and the result {shown}")
    parser.add_argument("--margin", type=three, default=(55, 71, 71), help=f"around a block {shown}")
    parser.add_argument("--blocks", default="64,128,128 128,256,256 256,512,512 512,512,512",
                        help=f"sizes to compare {shown}")
    parser.add_argument("--workers", type=int, default=1000, help=f"tasks at a time, a core each {shown}")
    parser.add_argument("--rate", type=float, default=1.2, help=f"million voxels a core makes in a second {shown}")
    parser.add_argument("--packed-in", type=float, default=1.9, help=f"compression of the image {shown}")
    parser.add_argument("--packed-out", type=float, default=1.8, help=f"compression of the result {shown}")
    parser.add_argument("--bandwidth", type=float, default=20, help=f"GB/s of the file system {shown}")
    parser.add_argument("--operations", type=float, default=50_000, help=f"opens, creations, renamings and questions "
                        f"that the metadata server answers in a second {shown}")
    parser.add_argument("--answer", type=float, default=0.1, help=f"milliseconds it takes for one {shown}")
    return parser.parse_args()


@dataclass
class Plan:
    """Sums of one block in the middle of the volume and of all."""

    count: int
    own: int  # voxels
    wide: int  # with margins
    chunks_in: int  # per block, all channels
    chunks_out: int  # per block, all classes
    smaller: float  # chunks of smaller resolutions per block


def product(numbers):
    result = 1
    for n in numbers:
        result *= n
    return result


def touched(block, margin, chunk):
    """Chunks along an axis that a block and its margins lie in; the block begins where a chunk does."""
    return -(-margin // chunk) + -(-(block + margin) // chunk)


def plan_of(args, block):
    own = product(block)
    out = own // product(args.chunk) * args.classes
    return Plan(count=product(-(-n // b) for n, b in zip(args.shape, block)), own=own,
                wide=product(b + 2 * m for b, m in zip(block, args.margin)),
                chunks_in=product(map(touched, block, args.margin, args.chunk)) * args.channels, chunks_out=out,
                smaller=out / 7)  # 1/8 + 1/64 + ...


def figures(args, block):
    """Name to text, in the order of the table."""
    plan = plan_of(args, block)
    made = plan.own / args.rate / 1e6
    chunk = product(args.chunk)
    read = plan.chunks_in * chunk * args.bytes / args.packed_in
    own_chunks = plan.own // chunk * args.channels
    written = (plan.chunks_out + plan.smaller) * chunk * FLOAT / args.packed_out
    # Opening what is read and, of smaller resolutions, their eight parts; creating and renaming; asking what is there.
    operations = plan.chunks_in + 8 * plan.smaller + 2 * (plan.chunks_out + plan.smaller) + 8 * plan.smaller + 1
    per_second = args.workers / made
    limits = {"cores": made * plan.count / args.workers,
              "bandwidth": plan.count * (read + written) / args.bandwidth / 1e9,
              "metadata": plan.count * operations / args.operations}
    slowest = max(limits, key=limits.get)
    return {
        "blocks": f"{plan.count:,}",
        "voxels read / voxels made": f"{plan.wide / plan.own:.2f}",
        "chunks read for a block": f"{plan.chunks_in:,} ({plan.chunks_in / own_chunks:.2f} x its own)",
        "chunks written for a block": f"{plan.chunks_out + plan.smaller:.1f}",
        "MB read, written for a block": f"{read / 1e6:.0f}, {written / 1e6:.0f}",
        "seconds for a block on a core": f"{made:.1f}",
        "blocks a second, all workers": f"{per_second:.1f}",
        "TB read, written in all": f"{plan.count * read / 1e12:.1f}, {plan.count * written / 1e12:.1f}",
        "GB/s read, written, were cores the limit": f"{per_second * read / 1e9:.1f}, {per_second * written / 1e9:.1f}",
        "metadata operations/s, likewise": f"{per_second * operations:,.0f}",
        "minutes by cores, bandwidth, metadata": ", ".join(f"{value / 60:.0f}" for value in limits.values()),
        "saturates first": f"{slowest}: {max(limits.values()) / 60:.0f} minutes",
        "workers that it bears": f"{int(args.workers * min(1, limits['cores'] / max(limits.values()))):,}",
        "minutes of the check at the end": f"{plan.count * plan.chunks_out * args.answer / 60e3:.0f}",
    }


def main():
    args = arguments()
    voxels = product(args.shape)
    files = product(-(-n // c) for n, c in zip(args.shape, args.chunk))
    print(f"{' x '.join(map(str, args.shape))} voxels (z, y, x), {args.channels} channels: "
          f"{voxels * args.channels * args.bytes / 1e12:.1f} TB in {files * args.channels / 1e6:.1f} million chunks; "
          f"probabilities: {voxels * args.classes * FLOAT / 1e12:.1f} TB in {files * args.classes * 8 / 7e6:.1f} "
          f"million chunks, both before compression\n")
    sizes = [three(text) for text in args.blocks.split()]
    columns = [figures(args, block) for block in sizes]
    print("| block (z, y, x) | " + " | ".join(" x ".join(map(str, size)) for size in sizes) + " |")
    print("|---|" + "---|" * len(sizes))
    for name in columns[0]:
        print(f"| {name} | " + " | ".join(column[name] for column in columns) + " |")


if __name__ == "__main__":
    main()
