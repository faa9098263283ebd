"""The features' definitions in double precision, written with NumPy and SciPy only.

Independent of the engine: the tests compare what `brushwood features` writes with what this module computes.

Arrays are (y, x) or (z, y, x); rows in RGB_ROWS take (3, y, x) or (3, z, y, x). The parameter is a sigma or a radius in
pixels of the x axis; `spacing` is (x, y, z) and only its ratios count: along an axis the parameter is
parameter * spacing[0] / spacing[axis]. Rows without a parameter ignore it.
"""

import itertools
import math
import re

import numpy as np
from scipy.ndimage import correlate1d, median_filter

ROWS = ("original", "gaussian", "laplacian", "gradient", "dog", "structure", "hessian", "mean", "variance", "minimum",
        "maximum", "median", "normalised", "coherence", "energy", "determinant", "frangi", "membrane", "gabor",
        "entropy", "bilateral", "kuwahara", "perona_malik", "hsb", "stain_he", "stain_hdab")
RGB_ROWS = ("hsb", "stain_he", "stain_hdab")
SLICE_ROWS = ("membrane",)  # defined in the plane only: a stack is computed slice by slice
KEYWORDS = ("exact",)       # items of a feature list that name no row

STAINS = {  # optical densities of red, green and blue: Ruifrok and Johnston 2001
    "hematoxylin": (0.650, 0.704, 0.286),
    "eosin": (0.072, 0.990, 0.105),
    "dab": (0.268, 0.570, 0.776),
}
GABOR_FREQUENCY = 0.56  # waves per sigma


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


def padded(image, reach):
    """The image with `reach` mirrored pixels per axis on both sides, the edge not repeated."""
    return np.pad(image, [(r, r) for r in reach], mode="reflect")


def shifted(image, offsets):
    """The image at x + d for every offset d, borders mirrored."""
    reach = [max(abs(d[axis]) for d in offsets) for axis in range(image.ndim)]
    wide = padded(image, reach)
    for offset in offsets:
        yield wide[tuple(slice(r + d, r + d + n) for r, d, n in zip(reach, offset, image.shape))]


def ball(radius, ndim, spacing):
    """Offsets d with sum (d_a / r_a)^2 <= 1 + 1e-9, where r_a is the radius in pixels of axis a."""
    radii = axis_sigmas(radius, ndim, spacing)
    ranges = [range(-math.ceil(r), math.ceil(r) + 1) for r in radii]
    return [d for d in itertools.product(*ranges) if sum((i / r) ** 2 for i, r in zip(d, radii)) <= 1 + 1e-9]


def mean(image, radius, spacing):
    offsets = ball(radius, image.ndim, spacing)
    return [sum(shifted(image, offsets)) / len(offsets)]


def variance(image, radius, spacing):
    offsets = ball(radius, image.ndim, spacing)
    centre = mean(image, radius, spacing)[0]
    return [sum((values - centre) ** 2 for values in shifted(image, offsets)) / len(offsets)]


def extreme(choose, image, radius, spacing):
    out = image.copy()
    for values in shifted(image, ball(radius, image.ndim, spacing)):
        choose(out, values, out=out)
    return [out]


def minimum(image, radius, spacing):
    return extreme(np.minimum, image, radius, spacing)


def maximum(image, radius, spacing):
    return extreme(np.maximum, image, radius, spacing)


def median(image, radius, spacing):
    offsets = np.array(ball(radius, image.ndim, spacing))
    reach = offsets.max(axis=0)
    footprint = np.zeros(2 * reach + 1, bool)
    footprint[tuple((offsets + reach).T)] = True
    out = median_filter(padded(image, reach), footprint=footprint)
    return [out[tuple(slice(r, r + n) for r, n in zip(reach, image.shape))]]


def window(image, sigma, spacing):
    """Image minus its mean in a Gaussian window, and the standard deviation in that window.

    The image's median is taken off first: it changes neither and leaves the digits to the structure.
    """
    image = image - np.median(image)
    centre = gaussian(image, sigma, spacing)[0]
    return image - centre, np.sqrt(np.maximum(0, gaussian(image * image, sigma, spacing)[0] - centre * centre))


def ratio(above, below):
    """Quotient, 0 where the divisor is 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)


def normalised(image, sigma, spacing):
    return [ratio(*window(image, sigma, spacing))]


def coherence(image, sigma, spacing):
    values = structure(image, sigma, spacing)
    return [ratio(larger - smaller, sum(values)) for larger, smaller in zip(values, values[1:])]


def energy(image, sigma, spacing):
    return [sum(structure(image, sigma, spacing))]


def determinant(image, sigma, spacing):
    return [np.prod(hessian(image, sigma, spacing), axis=0)]


def frangi(image, sigma, spacing):
    """Frangi 1998 and Antiga 2007 with alpha = beta = 0.5 and the Hessian's norm in place of 1 - exp(-N^2 / 2c^2),
    signed by minus the sum of the eigenvalues over the sum of their magnitudes."""
    values = np.stack(hessian(image, sigma, spacing))
    # Stable, so that of equal magnitudes the negative one, which comes last, counts as the larger.
    values = np.take_along_axis(values, np.argsort(np.abs(values), axis=0, kind="stable"), axis=0)
    size = -np.sqrt((values**2).sum(axis=0)) * ratio(values.sum(axis=0), np.abs(values).sum(axis=0))
    same = [values[i] * values[-1] > 0 for i in range(len(values) - 1)]
    if len(values) == 2:
        line = np.exp(-2 * ratio(values[0], values[1]) ** 2)
        return [size * line, np.where(same[0], size * (1 - line), 0)]
    plate = np.exp(-2 * ratio(values[1], values[2]) ** 2)
    line = np.exp(-2 * ratio(values[0] ** 2, np.abs(values[1] * values[2])))
    return [np.where(same[1], size * (1 - plate) * line, 0), size * plate,
            np.where(same[0] & same[1], size * (1 - line), 0)]


def membrane_kernel(degrees):
    """A line one pixel wide and 19 long through the centre of 19 x 19 pixels, sum 1."""
    dy, dx = np.mgrid[-9:10, -9:10]
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    across, along = np.abs(dx * cos + dy * sin), np.abs(dy * cos - dx * sin)
    weights = np.maximum(0, 1 - across) * np.clip(10 - along, 0, 1)
    return weights / weights.sum()


def membrane(image, _, __):
    """Trainable Weka Segmentation's projections of 30 lines: mean, maximum, minimum, deviation, median, sum."""
    offsets = list(itertools.product(range(-9, 10), repeat=2))
    kernels = [membrane_kernel(6 * k).ravel() for k in range(30)]
    views = list(shifted(image, offsets))
    lines = np.stack([sum(w * view for w, view in zip(kernel, views) if w > 0) for kernel in kernels])
    return [lines.mean(axis=0), lines.max(axis=0), lines.min(axis=0), lines.std(axis=0), np.median(lines, axis=0),
            lines.sum(axis=0)]


def gabor_directions(ndim):
    """Unit vectors (x, y[, z]), one of each pair of opposites."""
    if ndim == 2:
        return [(math.cos(math.pi * j / 8), math.sin(math.pi * j / 8)) for j in range(8)]
    cube = itertools.product((0, 1, -1), repeat=3)  # faces, edges, corners
    axes = [axis for axis in cube if axis > (0, 0, 0)]
    return [tuple(c / math.hypot(*axis) for c in axis) for axis in axes]


def complex_pass(out, weights, axis):
    """Correlation of a complex image with complex weights along one axis."""
    def part(values, w):
        return correlate1d(values, w, axis=axis, mode="mirror")
    real = part(out.real, weights.real) - part(out.imag, weights.imag)
    return real + 1j * (part(out.real, weights.imag) + part(out.imag, weights.real))


def gabor_energy(image, direction, sigma, spacing):
    """Length of the response to a Gaussian times a cosine without mean and a sine, both along `direction`."""
    wave, level = image.astype(np.complex128), 1.0
    for axis, s in enumerate(axis_sigmas(sigma, image.ndim, spacing)):
        a = image.ndim - 1 - axis
        weights = kernel(s, 0).astype(np.complex128)
        d = np.arange(len(weights)) - len(weights) // 2
        weights *= np.exp(2j * math.pi * GABOR_FREQUENCY / sigma * direction[a] * d * spacing[a] / spacing[0])
        wave = complex_pass(wave, weights, axis)
        level *= weights.sum().real
    return np.abs(wave - level * gaussian(image, sigma, spacing)[0])


def gabor(image, sigma, spacing):
    image = image - np.median(image)
    energies = [gabor_energy(image, n, sigma, spacing) for n in gabor_directions(image.ndim)]
    return [np.max(energies, axis=0), np.mean(energies, axis=0)]


def entropy(image, radius, spacing):
    """Bits of a histogram of 16 bins between the ball's own extremes."""
    offsets = ball(radius, image.ndim, spacing)
    low, high = minimum(image, radius, spacing)[0], maximum(image, radius, spacing)[0]
    span = np.where(high > low, high - low, 1)
    counts = np.zeros((16, *image.shape))
    for values in shifted(image, offsets):
        bins = np.minimum(15, np.floor((values - low) * 16 / span)).astype(np.intp)
        np.put_along_axis(counts, bins[None], np.take_along_axis(counts, bins[None], 0) + 1, 0)
    share = counts / len(offsets)
    bits = -(share * np.log2(np.where(share > 0, share, 1))).sum(axis=0)
    return [np.where(high > low, bits, 0.0)]


def bilateral(image, sigma, spacing):
    """Tomasi and Manduchi 1998; the range's deviation is the image's in a Gaussian window."""
    deviation = window(image, sigma, spacing)[1]
    scale = 2 * np.where(deviation > 0, deviation, 1) ** 2
    offsets = ball(2 * sigma, image.ndim, spacing)
    pixels = [spacing[image.ndim - 1 - axis] / spacing[0] for axis in range(image.ndim)]
    total, weight = np.zeros_like(image), np.zeros_like(image)
    for offset, values in zip(offsets, shifted(image, offsets)):
        distance = sum((d * p) ** 2 for d, p in zip(offset, pixels))
        step = values - image
        w = math.exp(-distance / (2 * sigma * sigma)) * np.exp(-step * step / scale)
        total += w * step
        weight += w
    return [np.where(deviation > 0, image + total / weight, image)]


def box_sum(image, ranges):
    """Sum over all offsets of a box, given by a range of offsets per axis."""
    for axis, offsets in enumerate(ranges):
        steps = [tuple(d if a == axis else 0 for a in range(image.ndim)) for d in offsets]
        image = sum(shifted(image, steps))
    return image


def kuwahara(image, radius, spacing):
    """Mean of the box of least variance among those with a corner at the pixel; x- before x+, then y, then z."""
    edges = [math.floor(r + 0.5) for r in axis_sigmas(radius, image.ndim, spacing)]
    count = math.prod(q + 1 for q in edges)
    sums, scores = [], []
    for sides in itertools.product((-1, 1), repeat=image.ndim):
        ranges = [range(-q, 1) if side < 0 else range(q + 1) for q, side in zip(edges, sides)]
        sums.append(box_sum(image, ranges))
        scores.append(count * box_sum(image * image, ranges) - sums[-1] ** 2)
    best = np.argmin(scores, axis=0)
    return [np.take_along_axis(np.stack(sums), best[None], 0)[0] / count]


def differences(image):
    """[(axis, image at the next pixel of one side)] for both sides of every axis."""
    for axis in range(image.ndim):
        for side in (1, -1):
            offset = tuple(side if a == axis else 0 for a in range(image.ndim))
            yield axis, next(shifted(image, [offset]))


def perona_malik(image, sigma, spacing):
    """Perona and Malik 1990 up to the time sigma^2 / 2, with a local contrast parameter K."""
    scales = [s * s for s in axis_sigmas(1, image.ndim, spacing)]
    squares = sum((side - image) ** 2 for _, side in differences(image)) / (2 * image.ndim)
    contrast = gaussian(squares, 2 * sigma, spacing)[0]
    edges = [(contrast + side) / 2 for _, side in differences(contrast)]
    steps = math.ceil(sigma * sigma * sum(scales))
    out = image.copy()
    for _ in range(steps):
        change = np.zeros_like(out)
        for (axis, side), edge in zip(differences(out), edges):
            step = side - out
            change += scales[axis] * ratio(step * edge, edge + step * step)
        out += sigma * sigma / (2 * steps) * change
    return [out]


def hsb(image, _, __):
    """Hue, saturation and brightness as java.awt.Color.RGBtoHSB; brightness in the image's own unit."""
    red, green, blue = image
    high, low = image.max(axis=0), image.min(axis=0)
    r, g, b = (ratio(high - c, high - low) for c in image)
    hue = np.where(red == high, b - g, np.where(green == high, 2 + r - b, 4 + g - r)) / 6
    return [np.where(high > low, hue + (hue < 0), 0.0), ratio(high - low, high), high]


def stain(image, white, *names):
    """Amounts of two stains and of what is perpendicular to both, from optical densities."""
    rows = [np.array(STAINS[name]) / math.hypot(*STAINS[name]) for name in names]
    third = np.cross(*rows)
    matrix = np.stack([*rows, third / math.hypot(*third)])
    density = -np.log10((np.maximum(image, 0) + 1) / (white + 1))
    return list(np.tensordot(np.linalg.inv(matrix).T, density, axes=1))


def stain_he(image, white, __):
    return stain(image, white, "hematoxylin", "eosin")


def stain_hdab(image, white, __):
    return stain(image, white, "hematoxylin", "dab")


def compute(row, image, parameter=0, spacing=(1, 1, 1)):
    """Outputs of one feature row on one channel, a list of float64 arrays.

    Rows in RGB_ROWS take three channels, (3, y, x) or (3, z, y, x). The stain rows' white is 65535 for uint16 arrays
    and 255 for others.
    """
    image = np.asarray(image)
    pixels = image.astype(np.float64)
    if row == "original":
        return [pixels]
    if row.startswith("stain"):
        parameter = 65535 if image.dtype == np.uint16 else 255
    if row in SLICE_ROWS and image.ndim == 3:
        return compute_slices(row, image, parameter, spacing)
    return globals()[row](pixels, parameter, spacing)


def compute_slices(row, stack, parameter=0, spacing=(1, 1, 1)):
    """The 2D feature of every slice of a (z, y, x) stack; (3, z, y, x) for rows in RGB_ROWS."""
    planes = np.moveaxis(stack, 1, 0) if row in RGB_ROWS else stack
    slices = [compute(row, plane, parameter, spacing) for plane in planes]
    return [np.stack(outputs) for outputs in zip(*slices)]


def parse(text):
    """[(row, parameter, modifier)] of a feature list such as "exact;gaussian:1;hessian:1.6,3@2d", in canonical order.

    Rows without a parameter get 0; keywords such as "exact" are left out.
    """
    items = []
    for item in text.split(";"):
        if item in KEYWORDS:
            continue
        row, parameters, modifier = re.fullmatch(r"(\w+)(?::([\d.,]+))?(?:@(\w+))?", item).groups()
        for parameter in parameters.split(",") if parameters else ["0"]:
            items.append((row, float(parameter), modifier))
    return sorted(items, key=lambda i: (ROWS.index(i[0]), i[1], i[2] or "3d"))
