"""Contact sheet of every feature row on a bundled image; scripts/features-picture runs it."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
IMAGE = ROOT / "tests" / "data" / "histology" / "train" / "00.tif"
PART = (slice(40, 168), slice(0, 128))  # rows, columns
CHANNEL = "@c2"  # green has the most contrast in a stained section
USUAL = ("1.6", "5")
NONE = ("",)
PARAMETERS = {  # rows that take others than the usual ones
    "original": NONE, "membrane": NONE, "hsb": NONE, "stain_he": NONE, "stain_hdab": NONE,
    "mean": ("2", "5"), "variance": ("2", "5"), "minimum": ("2", "5"), "maximum": ("2", "5"), "median": ("2", "5"),
    "entropy": ("3", "8"), "kuwahara": ("2", "5"), "normalised": ("3", "15"),
}
RGB_ROWS = ("hsb", "stain_he", "stain_hdab")
COLUMNS, GAP, LINES = 9, 6, 2
FONT = ImageFont.load_default(size=11)
LINE = 13  # pixels


def brushwood(*arguments):
    """Standard output of the program; ends with its message when it fails."""
    done = subprocess.run([os.environ["BRUSHWOOD"], *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr.strip())
    return done.stdout


def rows():
    """Ids in the feature list of the program's help."""
    block = re.search(r"^Features.*\n((?:  .*\n)+)", brushwood("--help"), flags=re.M).group(1)
    return re.findall(r"^  (\w+)", block, flags=re.M)


def recipe():
    items = []
    for row in rows():
        parameters = ",".join(PARAMETERS.get(row, USUAL))
        items.append(row + (f":{parameters}" if parameters else "") + ("" if row in RGB_ROWS else CHANNEL))
    return ";".join(items)


def features():
    """[(label, image)] of all rows."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "features.tif"
        brushwood("features", "--image", IMAGE, "--out", target, "--features", recipe())
        with tifffile.TiffFile(target) as file:
            labels = file.imagej_metadata["Labels"]
            return [(re.sub(r" 2D\b| \(channel .*\)", "", label), page.asarray()[PART])
                    for label, page in zip(labels, file.pages, strict=True)]


def stretched(values):
    """8-bit, from the 1st to the 99th percentile."""
    low, high = np.percentile(values, (1, 99))
    return np.uint8(np.clip((values - low) / max(high - low, 1e-30), 0, 1) * 255)


def wrapped(text, width):
    """At most LINES lines of text that fit the width."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if FONT.getlength(longer) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines[:LINES])


def sheet(tiles):
    """Tiles in rows from left to right, each over its label."""
    height, width = tiles[0][1].shape[:2]
    step_x, step_y = width + GAP, height + LINES * LINE + GAP
    count = -(-len(tiles) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * step_x + GAP, count * step_y + GAP), "white")
    draw = ImageDraw.Draw(page)
    for number, (label, pixels) in enumerate(tiles):
        x, y = GAP + number % COLUMNS * step_x, GAP + number // COLUMNS * step_y
        page.paste(Image.fromarray(pixels), (x, y))
        draw.multiline_text((x, y + height), wrapped(label, width), fill="black", font=FONT, spacing=1)
    return page


def main():
    target = Path(sys.argv[1])
    tiles = [("the image", tifffile.imread(IMAGE)[PART])]
    tiles += [(label, stretched(values)) for label, values in features()]
    sheet(tiles).save(target, optimize=True)
    print(f"{target}: {len(tiles)} tiles, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
