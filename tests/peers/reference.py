"""The features' definitions in double precision, written with NumPy and SciPy only.

Independent of the engine: the tests compare what `brushwood features` writes with what this module computes.

Arrays are (y, x) or (z, y, x). Sigmas are in pixels of the x axis; `spacing` is (x, y, z) and only its ratios count:
sigma along an axis is sigma * spacing[0] / spacing[axis].
"""

import math
import re

import numpy as np
from scipy.ndimage import correlate1d

ROWS = ("original", "gaussian", "laplacian", "gradient", "dog", "structure", "hessian")


def kernel(sigma, order):
    """Sampled Gaussian (order 0) or its first or second derivative, as correlation weights.

    Radius ceil(4 sigma) + order. Order 0 sums to 1; order 1 turns the ramp x into 1; order 2 turns a constant into 0
    and x^2 / 2 into 1. Samples of a derivative say nothing below sigma 0.3: there it is the central difference.
    """
    if order and sigma < 0.3:
        return np.array([-0.5, 0, 0.5] if order == 1 else [1.0, -2, 1])
    radius = math.ceil(4 * sigma) + order
    x = np.arange(-radius, radius + 1, dtype=np.float64)
    gauss = np.exp(-x * x / (2 * sigma * sigma))
    if order == 0:
        return gauss / gauss.sum()
    if order == 1:
        weights = x * gauss
        return weights / (x * weights).sum()
    weights = (x * x / sigma**4 - 1 / sigma**2) * gauss
    weights -= weights.mean()
    return weights / ((x * x * weights).sum() / 2)


def axis_sigmas(sigma, ndim, spacing):
    """Sigma of every array axis (last axis = x) in its own pixels."""
    return [sigma * spacing[0] / spacing[ndim - 1 - axis] for axis in range(ndim)]


def derivative(image, sigma, orders, spacing=(1, 1, 1)):
    """Gaussian derivative; `orders` per array axis. Borders are mirrored without repeating the edge."""
    out = np.asarray(image, dtype=np.float64)
    for axis, s in enumerate(axis_sigmas(sigma, out.ndim, spacing)):
        out = correlate1d(out, kernel(s, orders[axis]), axis=axis, mode="mirror")
    return out


def unit(ndim, *axes):
    """Derivative orders with one count for every axis named."""
    orders = [0] * ndim
    for axis in axes:
        orders[axis] += 1
    return orders


def descending(matrix):
    """Eigenvalues of symmetric matrices in the last two axes, largest first; list of arrays."""
    values = np.linalg.eigvalsh(matrix)[..., ::-1]
    return [values[..., i] for i in range(values.shape[-1])]


def symmetric(ndim, element):
    """Matrix field from element(i, j), i <= j."""
    rows = [[None] * ndim for _ in range(ndim)]
    for i in range(ndim):
        for j in range(i, ndim):
            rows[i][j] = rows[j][i] = element(i, j)
    return np.stack([np.stack(r, axis=-1) for r in rows], axis=-2)


def gaussian(image, sigma, spacing):
    return [derivative(image, sigma, unit(image.ndim), spacing)]


def laplacian(image, sigma, spacing):
    return [sum(derivative(image, sigma, unit(image.ndim, a, a), spacing) for a in range(image.ndim))]


def gradient(image, sigma, spacing):
    return [np.sqrt(sum(derivative(image, sigma, unit(image.ndim, a), spacing) ** 2 for a in range(image.ndim)))]


def dog(image, sigma, spacing):
    return [gaussian(image, sigma, spacing)[0] - gaussian(image, 0.66 * sigma, spacing)[0]]


def structure(image, sigma, spacing):
    """Products of the gradient at sigma / 2, smoothed at sigma."""
    slopes = [derivative(image, sigma / 2, unit(image.ndim, a), spacing) for a in range(image.ndim)]
    return descending(symmetric(image.ndim, lambda i, j: gaussian(slopes[i] * slopes[j], sigma, spacing)[0]))


def hessian(image, sigma, spacing):
    return descending(symmetric(image.ndim, lambda i, j: derivative(image, sigma, unit(image.ndim, i, j), spacing)))


def compute(row, image, sigma, spacing=(1, 1, 1)):
    """Outputs of one feature row on one channel, a list of float64 arrays."""
    if row == "original":
        return [np.asarray(image, dtype=np.float64)]
    return globals()[row](np.asarray(image, dtype=np.float64), sigma, spacing)


def compute_slices(row, stack, sigma, spacing=(1, 1, 1)):
    """The 2D feature of every slice of a (z, y, x) stack."""
    slices = [compute(row, plane, sigma, spacing) for plane in stack]
    return [np.stack(outputs) for outputs in zip(*slices)]


def parse(text):
    """[(row, sigma, modifier)] of a feature list such as "gaussian:1,2;hessian:1.6@2d", in canonical order."""
    items = []
    for item in text.split(";"):
        row, sigmas, modifier = re.fullmatch(r"(\w+)(?::([\d.,]+))?(?:@(\w+))?", item).groups()
        for sigma in sigmas.split(",") if sigmas else ["0"]:
            items.append((row, float(sigma), modifier))
    return sorted(items, key=lambda i: (ROWS.index(i[0]), i[1], i[2] or "3d"))
