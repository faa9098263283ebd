"""Makes the files beside this one as Cellpose and StarDist write theirs. Needs numpy, opencv-python-headless, roifile,
stardist and tifffile with imagecodecs.

Cellpose writes PNG by OpenCV, TIFF by tifffile with zlib, Rois by roifile from OpenCV's contours and its own file by
numpy.save; the same calls are made here. The objects are rectangles whose numbers the tests compute, too.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import tifffile
from roifile import ImagejRoi, roiwrite
from stardist import export_imagej_rois, polygons_to_label

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
HEIGHT, WIDTH = 40, 48


def objects(step):
    """24 rectangles of 6 x 8 pixels in blocks of 8 x 10, numbered 1, 1 + step, 1 + 2 * step, ..."""
    y, x = np.indices((HEIGHT, WIDTH))
    inside = (x % 8 >= 1) & (x % 8 <= 6) & (y % 10 >= 1) & (y % 10 <= 8)
    return np.where(inside, 1 + (y // 10 * 6 + x // 8) * step, 0)


def contours(labels):
    """The outlines that Cellpose exports: centres of the objects' outermost pixels."""
    for number in range(1, labels.max() + 1):
        found, _ = cv2.findContours((labels == number).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        yield max(found, key=len)[:, 0]


def cellpose():
    cv2.imwrite(str(FOLDER / "cells_cp_masks.png"), objects(2731).astype(np.uint16))
    cv2.imwrite(str(FOLDER / "grey8_cp_masks.png"), objects(1).astype(np.uint8))
    tifffile.imwrite(FOLDER / "cells_cp_masks.tif", objects(2731).astype(np.uint16), compression="zlib")
    stack = np.stack([objects(0), objects(700001), 0 * objects(1), objects(2)]).astype(np.uint32)
    tifffile.imwrite(FOLDER / "stack_cp_masks.tif", stack, compression="zlib")
    (FOLDER / "cells_rois.zip").unlink(missing_ok=True)
    roiwrite(FOLDER / "cells_rois.zip", [ImagejRoi.frompoints(outline) for outline in contours(objects(1))])
    np.save(FOLDER / "cells_seg.npy", {"masks": objects(1).astype(np.uint16)}, allow_pickle=True)


def stardist():
    """Two slices of stars, some of which overlap, in the order that StarDist gives: the more probable first."""
    rng = np.random.default_rng(7)
    slices, polygons = [], []
    for _ in range(2):
        points = np.array([[9, 9], [9, 20], [28, 12], [27, 38], [12, 36], [38, 46]])
        angles = np.linspace(0, 2 * np.pi, 32, endpoint=False)
        radii = (6 + rng.uniform(-1, 1, (len(points), 32))).astype(np.float32)
        probable = np.linspace(0.9, 0.5, len(points))
        slices.append(polygons_to_label(radii, points, (HEIGHT, WIDTH), prob=probable))
        shape = radii[:, np.newaxis] * np.stack([np.sin(angles), np.cos(angles)])
        polygons.append((points[:, :, np.newaxis] + shape).astype(np.float32))
    export_imagej_rois(str(FOLDER / "stars.zip"), polygons)
    tifffile.imwrite(FOLDER / "stars.tif", np.stack(slices).astype(np.uint16))


if __name__ == "__main__":
    cellpose()
    stardist()
