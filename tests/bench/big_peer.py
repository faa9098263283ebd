"""The peer of the benchmark `big`: scikit-image's features and scikit-learn's forest, tile by tile.

    big_peer.py IMAGE TRAINING_FOLDER
"""

import sys
from pathlib import Path

import numpy as np
import tifffile
from skimage.feature import multiscale_basic_features
from sklearn.ensemble import RandomForestClassifier

TILE, MARGIN, SIGMA = 512, 64, 16


def features(pixels):
    values = multiscale_basic_features(pixels, sigma_min=0.7, sigma_max=SIGMA)
    return values.reshape(*pixels.shape, -1)


def train(folder):
    image, strokes = (tifffile.imread(folder / name) for name in ("00.tif", "00_strokes.tif"))
    chosen = strokes > 0
    forest = RandomForestClassifier(100, n_jobs=1, random_state=0)
    return forest.fit(features(image)[chosen], strokes[chosen])


def main():
    path, folder = map(Path, sys.argv[1:])
    forest, image = train(folder), tifffile.imread(path)
    result = np.zeros(image.shape, np.float32)
    for y in range(0, image.shape[0], TILE):
        for x in range(0, image.shape[1], TILE):
            top, left = max(y - MARGIN, 0), max(x - MARGIN, 0)
            part = features(image[top:y + TILE + MARGIN, left:x + TILE + MARGIN])
            wanted = part[y - top:y - top + TILE, x - left:x - left + TILE]
            values = forest.predict_proba(wanted.reshape(-1, wanted.shape[-1]))[:, 0]
            result[y:y + TILE, x:x + TILE] = values.reshape(wanted.shape[:2])


if __name__ == "__main__":
    main()
