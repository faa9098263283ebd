"""Brush strokes as a user would paint them, drawn by program."""

import numpy as np
from scipy import ndimage

BRUSH = np.ones((3, 3), bool)
ANGLES = tuple(n / 16 for n in range(16))  # tried for a stroke, in half turns


def line(mask, weights, start, length, angles=ANGLES):
    """Pixels [(y, x)] of a straight line through `start` that stays in `mask`: of the angles (in half turns) the one
    with the longest line up to `length` pixels, then with the largest sum of weights. An end that leaves the mask
    stops, the other one goes on, so that strokes are of one length wherever the mask has room."""
    def walk(angle):
        step = np.array((np.sin(np.pi * angle), np.cos(np.pi * angle)))
        step /= np.abs(step).max()
        pixels, reach, open_ends = [tuple(start)], {1: 0, -1: 0}, [1, -1]
        while open_ends and len(pixels) < length:
            end = open_ends.pop(0)  # the two ends take turns
            reach[end] += end
            y, x = (int(n) for n in np.rint(np.array(start) + reach[end] * step))
            if 0 <= y < mask.shape[0] and 0 <= x < mask.shape[1] and mask[y, x]:
                pixels.append((y, x))
                open_ends.append(end)
        return len(pixels), float(sum(weights[p] for p in pixels)), pixels

    return max((walk(angle) for angle in angles), key=lambda found: found[:2])[2]


def paint(pixels, mask):
    """Mask of the pixels under a brush of 3 x 3 pixels, inside `mask` only."""
    painted = np.zeros(mask.shape, bool)
    painted[tuple(np.array(pixels).T)] = True
    return ndimage.binary_dilation(painted, BRUSH) & mask


def random_strokes(truth, count, length, seed):
    """Labels (z, y, x) with exactly `count` labelled pixels, the classes of `truth` (1.. in its order) in turn. A class
    that is used up leaves its share to the others."""
    random = np.random.default_rng(seed)
    classes = [int(c) for c in np.unique(truth) if c]
    if np.count_nonzero(truth) < count:
        raise SystemExit(f"{count} labelled pixels were asked for, but the training images have "
                         f"{np.count_nonzero(truth)} pixels with a class; ask for fewer with --samples.")
    starts = {c: iter(random.permutation(np.flatnonzero(truth == c))) for c in classes}
    labels = np.zeros(truth.shape, np.uint8)
    left = count
    while left:
        for label in [c for c in classes if c in starts]:
            left -= one_stroke(truth, labels, label, starts, (length, left), random)
    return labels


def one_stroke(truth, labels, label, starts, sizes, random):
    """Adds a stroke at the next unlabelled place of the class; returns its number of pixels."""
    length, left = sizes
    for at in starts[label]:
        z, y, x = np.unravel_index(at, truth.shape)
        if labels[z, y, x]:
            continue
        reach = length + 2
        window = (z, slice(max(0, y - reach), y + reach), slice(max(0, x - reach), x + reach))
        here = (int(min(y, reach)), int(min(x, reach)))
        free = (truth[window] == label) & (labels[window] == 0)
        new = np.argwhere(paint(line(free, free, here, length, [random.random()]), free))[:left]
        labels[window][tuple(new.T)] = label
        return len(new)
    del starts[label]
    return 0
