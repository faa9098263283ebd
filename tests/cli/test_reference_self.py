"""The reference's definitions against closed forms: constants, ramps, quadratics, impulses, sinusoids, pure colours."""

import colorsys
import itertools
import math

import numpy as np
import pytest
import reference

FLAT, SOLID = (31, 33), (21, 23, 29)
SHAPES = pytest.mark.parametrize("shape", [FLAT, SOLID])
SPACINGS = pytest.mark.parametrize("spacing", [(1, 1, 1), (0.5, 0.5, 1.1)])


def grid(shape):
    """Coordinates (x, y[, z]) with the origin at the centre."""
    return np.meshgrid(*(np.arange(n) - n // 2 for n in shape), indexing="ij")[::-1]


def centre(outputs):
    return [float(out[tuple(n // 2 for n in out.shape)]) for out in outputs]


def at_centre(row, image, parameter=0, spacing=(1, 1, 1)):
    return pytest.approx(centre(reference.compute(row, image, parameter, spacing)), abs=1e-9)


def impulse(shape):
    image = np.zeros(shape)
    image[tuple(n // 2 for n in shape)] = 1
    return image


# ---- constants -------------------------------------------------------------------------------------------------------

KEPT = ("original", "gaussian", "mean", "minimum", "maximum", "median", "bilateral", "kuwahara", "perona_malik")


@SHAPES
@SPACINGS
@pytest.mark.parametrize("row", reference.ROWS)
def test_constant(row, shape, spacing):
    image = np.full((3, *shape) if row in reference.RGB_ROWS else shape, 42.0)
    grey = -math.log10(43 / 256)
    wanted = {"hsb": [0, 0, 42], "membrane": [42, 42, 42, 0, 42, 30 * 42]}.get(row, [42 if row in KEPT else 0])
    outputs = reference.compute(row, image, 2, spacing)
    if row.startswith("stain"):
        assert np.ptp(outputs, axis=tuple(range(1, len(shape) + 1))).max() == 0
        density = np.tensordot(matrix(row).T, np.array([out.flat[0] for out in outputs]), axes=1)
        assert density == pytest.approx([grey] * 3)
    else:
        for out, value in itertools.zip_longest(outputs, wanted * len(outputs) if len(wanted) == 1 else wanted):
            assert out.shape == shape and np.abs(out - value).max() < 1e-9


@pytest.mark.parametrize("row", reference.ROWS)
def test_outputs(row):
    flat = {"structure": 2, "hessian": 2, "frangi": 2, "membrane": 6, "gabor": 2, "hsb": 3, "stain_he": 3,
            "stain_hdab": 3}
    solid = {**flat, "structure": 3, "hessian": 3, "coherence": 2, "frangi": 3}
    for shape, counts in (FLAT, flat), (SOLID, solid):
        image = np.random.default_rng(1).random((3, *shape) if row in reference.RGB_ROWS else shape)
        outputs = reference.compute(row, image, 1.6)
        assert [o.shape for o in outputs] == [shape] * counts.get(row, 1)
        assert all(o.dtype == np.float64 and np.isfinite(o).all() for o in outputs)


@pytest.mark.parametrize("row", reference.ROWS)
def test_slices(row):
    stack = np.random.default_rng(2).random((3, 4, 20, 22) if row in reference.RGB_ROWS else (4, 20, 22))
    plane = stack[:, 2] if row in reference.RGB_ROWS else stack[2]
    slices = [out[2] for out in reference.compute_slices(row, stack, 1.6, (1, 1, 3))]
    np.testing.assert_array_equal(slices, reference.compute(row, plane, 1.6))


# ---- balls -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("radius, ndim, spacing, count", [
    (1, 2, (1, 1, 1), 5), (1.5, 2, (1, 1, 1), 9), (2, 2, (1, 1, 1), 13), (math.sqrt(5), 2, (1, 1, 1), 21),
    (1, 3, (1, 1, 1), 7), (1.5, 3, (1, 1, 1), 19), (2, 3, (1, 1, 1), 33), (2, 3, (1, 1, 2), 15), (2, 3, (1, 1, 3), 13),
    (3, 2, (2, 2, 9), 29)])
def test_ball(radius, ndim, spacing, count):
    assert len(reference.ball(radius, ndim, spacing)) == count


@SHAPES
def test_impulse_shows_the_ball(shape):
    image = impulse(shape)
    inside = reference.compute("maximum", image, 2)[0]
    count = inside.sum()
    assert count == len(reference.ball(2, len(shape), (1, 1, 1)))
    assert not np.any(reference.compute("minimum", image, 2)) and not np.any(reference.compute("median", image, 2))
    np.testing.assert_allclose(reference.compute("mean", image, 2)[0], inside / count)
    np.testing.assert_allclose(reference.compute("variance", image, 2)[0], inside / count * (1 - 1 / count))
    bits = -(1 / count) * math.log2(1 / count) - (1 - 1 / count) * math.log2(1 - 1 / count)
    np.testing.assert_allclose(reference.compute("entropy", image, 2)[0], inside * bits)


@SHAPES
def test_ramp(shape):
    x, count = grid(shape)[0] * 3.0, len(reference.ball(2, len(shape), (1, 1, 1)))
    spread = 9 * sum(d[-1] ** 2 for d in reference.ball(2, len(shape), (1, 1, 1))) / count
    for row, value in {"mean": 0, "median": 0, "minimum": -6, "maximum": 6, "variance": spread, "normalised": 0,
                       "energy": 9, "determinant": 0, "bilateral": 0, "perona_malik": 0, "kuwahara": -3}.items():
        assert [value] == at_centre(row, x, 2), row
    assert [1, 0][:len(shape) - 1] == at_centre("coherence", x, 2)
    assert [0] * len(shape) == at_centre("frangi", x, 2)
    # One pixel lower, one higher and the others between: bins 0, 15 and 8.
    share = 1 / (2 * len(shape) + 1)
    bits = -2 * share * math.log2(share) - (1 - 2 * share) * math.log2(1 - 2 * share)
    assert [bits] == at_centre("entropy", x, 1)


def test_mirror_does_not_repeat_the_edge():
    image = np.arange(12.0).reshape(3, 4)
    assert reference.compute("mean", image, 1)[0][0, 0] == (0 + 1 + 1 + 4 + 4) / 5
    assert reference.compute("mean", np.array([[7.0]]), 3)[0] == 7
    assert reference.compute("maximum", image, 9)[0].min() == 11


@SHAPES
def test_step(shape):
    """Order filters move a step by the radius, Kuwahara keeps it, and bilateral blurs it less than a Gaussian."""
    x = grid(shape)[0]
    step = np.where(x < 0, 10.0, 20.0)
    inner = (slice(None),) * (len(shape) - 1) + (slice(6, -6),)
    np.testing.assert_array_equal(reference.compute("maximum", step, 2)[0][inner], np.where(x < -2, 10, 20)[inner])
    np.testing.assert_array_equal(reference.compute("minimum", step, 2)[0][inner], np.where(x < 2, 10, 20)[inner])
    np.testing.assert_array_equal(reference.compute("median", step, 2)[0], step)
    np.testing.assert_array_equal(reference.compute("kuwahara", step, 3)[0], step)
    smooth = reference.compute("bilateral", step, 1)[0]
    assert np.abs(smooth - step).max() < np.abs(reference.compute("gaussian", step, 1)[0] - step).max()


# ---- eigenvalues -----------------------------------------------------------------------------------------------------

def quadratic(shape, *curvatures, tilt=0.4):
    """Second derivatives `curvatures` along axes that are turned by `tilt` in the plane of x and y."""
    x, y, *z = grid(shape)
    turned = [x * math.cos(tilt) + y * math.sin(tilt), y * math.cos(tilt) - x * math.sin(tilt), *z]
    return sum(c * t**2 / 2 for c, t in zip(curvatures, turned))


def soft(a, b):
    return math.exp(-2 * (a / b) ** 2)


@pytest.mark.parametrize("a, b", [(-1, -2), (1, -2), (1, 2), (-1, 2), (0, -2), (0, 0), (2, -2), (-2, 2), (-2, -2)])
def test_frangi_2d(a, b):
    size = -math.hypot(a, b) * (a + b) / ((abs(a) + abs(b)) or 1)
    line = soft(min(a, b, key=abs), max(a, b, key=abs)) if b else 1
    assert [size * line, size * (1 - line) if a * b > 0 else 0] == at_centre("frangi", quadratic(FLAT, a, b), 1)
    assert [a * b] == at_centre("determinant", quadratic(FLAT, a, b), 1)


@pytest.mark.parametrize("a, b, c", [s for s in itertools.product((1, 0, -1), (2, -2), (4, -4))] + [(0, 0, -4)])
def test_frangi_3d(a, b, c):
    size = -math.sqrt(a * a + b * b + c * c) * (a + b + c) / (abs(a) + abs(b) + abs(c))
    plate = soft(b, c)
    line = soft(a, math.sqrt(abs(b * c))) if b else 1
    wanted = [size * (1 - plate) * line if b * c > 0 else 0, size * plate,
              size * (1 - line) if b * c > 0 and a * c > 0 else 0]
    for curvatures in (a, b, c), (c, a, b):
        image = quadratic(SOLID, *curvatures)
        assert wanted == at_centre("frangi", image, 1)
        assert [a * b * c] == at_centre("determinant", image, 1)


# ---- waves -----------------------------------------------------------------------------------------------------------

class Wave:
    """cos(w . x + 0.3) and the answers of sampled kernels to it, far from the border."""

    def __init__(self, shape, frequency, spacing):
        self.frequency, self.spacing, self.ndim = frequency, spacing, len(shape)
        self.image = np.cos(sum(w * x for w, x in zip(frequency, grid(shape))) + 0.3)

    def answer(self, sigma, offset=None, factor=1, orders=None):
        """Product over the axes of sum kernel(d) cos((factor w + offset) d), or sin for order 1."""
        value = 1.0
        for a in range(self.ndim):
            order = orders[a] if orders else 0
            weights = reference.kernel(sigma * self.spacing[0] / self.spacing[a], order)
            d = np.arange(len(weights)) - len(weights) // 2
            phase = (factor * self.frequency[a] + (offset[a] if offset else 0)) * d
            value *= (weights * (np.sin if order else np.cos)(phase)).sum()
        return value


WAVES = [((61, 63), (0.5, 0.35)), ((31, 33, 35), (0.5, 0.35, 0.2))]


@SPACINGS
@pytest.mark.parametrize("shape, frequency", WAVES)
def test_wave_normalised(shape, frequency, spacing):
    wave = Wave(shape, frequency, spacing)
    m = wave.answer(2) * math.cos(0.3)
    s = math.sqrt((1 + wave.answer(2, factor=2) * math.cos(0.6)) / 2 - m * m)
    assert [(math.cos(0.3) - m) / s] == at_centre("normalised", wave.image, 2, spacing)


@SPACINGS
@pytest.mark.parametrize("shape, frequency", WAVES)
def test_wave_energy(shape, frequency, spacing):
    wave = Wave(shape, frequency, spacing)
    slopes = [wave.answer(1, orders=[int(a == b) for b in range(wave.ndim)]) for a in range(wave.ndim)]
    mean_square = (1 - wave.answer(2, factor=2) * math.cos(0.6)) / 2
    assert [sum(s * s for s in slopes) * mean_square] == at_centre("energy", wave.image, 2, spacing)
    assert [1, 0][:wave.ndim - 1] == at_centre("coherence", wave.image, 2, spacing)  # one direction only


@SPACINGS
@pytest.mark.parametrize("shape, frequency", WAVES)
def test_wave_gabor(shape, frequency, spacing):
    wave = Wave(shape, frequency, spacing)
    energies = []
    for direction in reference.gabor_directions(wave.ndim):
        k = [2 * math.pi * 0.56 / 2 * n * s / spacing[0] for n, s in zip(direction, spacing)]
        plus, minus = wave.answer(2, k), wave.answer(2, k, factor=-1)
        level = wave.answer(2, k, factor=0) * wave.answer(2)
        turn = complex(math.cos(0.3), math.sin(0.3))
        energies.append(abs((turn * plus + turn.conjugate() * minus) / 2 - level * math.cos(0.3)))
    assert [max(energies), sum(energies) / len(energies)] == at_centre("gabor", wave.image, 2, spacing)


def test_gabor_directions():
    """Even: their moments are those of a sphere, and turning or mirroring the grid maps them onto themselves."""
    for ndim, count in (2, 8), (3, 13):
        n = np.array(reference.gabor_directions(ndim))
        assert n.shape == (count, ndim)
        np.testing.assert_allclose((n**2).sum(axis=1), 1)
        assert np.abs(n @ n.T - np.eye(count)).max() < 0.99  # no axis twice
        np.testing.assert_allclose(n.T @ n, np.eye(ndim) * count / ndim, atol=1e-12)
        for order in itertools.permutations(range(ndim)):
            for signs in itertools.product((1, -1), repeat=ndim):
                np.testing.assert_allclose(np.abs(n[:, order] * signs @ n.T).max(axis=1), 1)


# ---- single rows -----------------------------------------------------------------------------------------------------

def test_membrane():
    """A line of 19 pixels fits one of the 30 kernels; an impulse is spread over all with weight 1 each."""
    line = np.zeros((41, 41))
    line[:, 20] = 1
    values = centre(reference.compute("membrane", line))
    assert values[1:3] == pytest.approx([1, 1 / 19]) and values[5] == pytest.approx(30 * values[0])
    spread = reference.compute("membrane", impulse((41, 41)))
    assert spread[0].sum() == pytest.approx(1) and spread[5].sum() == pytest.approx(30)
    assert np.count_nonzero(spread[1][0:11]) == 0 and spread[1][11, 20] == pytest.approx(1 / 19)
    middle = np.sort([reference.membrane_kernel(6 * k)[9, 9] for k in range(30)])
    assert [middle.mean(), middle[-1], middle[0], middle.std(), middle[14:16].mean(), middle.sum()] == pytest.approx(
        centre(spread))
    np.testing.assert_allclose(reference.membrane_kernel(90), reference.membrane_kernel(0).T, atol=1e-15)


def window_deviation(image, at, sigma):
    """Standard deviation in a Gaussian window around one inner pixel, from its definition."""
    weights = reference.kernel(sigma, 0)
    r = len(weights) // 2
    weights = np.multiply.outer(weights, weights)
    part = image[at[0] - r:at[0] + r + 1, at[1] - r:at[1] + r + 1]
    m = (weights * part).sum()
    return math.sqrt((weights * (part - m) ** 2).sum())


def test_bilateral_pixel():
    image = np.random.default_rng(5).random(FLAT)
    at, above, below = (15, 16), 0, 0
    s = window_deviation(image, at, 1.5)
    for dy, dx in itertools.product(range(-3, 4), repeat=2):
        if dx * dx + dy * dy <= 9:
            value = image[at[0] + dy, at[1] + dx]
            w = math.exp(-(dx * dx + dy * dy) / 4.5) * math.exp(-(value - image[at]) ** 2 / (2 * s * s))
            above, below = above + w * value, below + w
    assert reference.compute("bilateral", image, 1.5)[0][at] == pytest.approx(above / below)


def test_entropy_pixel():
    image = np.random.default_rng(6).integers(0, 40, FLAT).astype(float)
    part = [image[15 + dy, 16 + dx] for dy, dx in reference.ball(3, 2, (1, 1, 1))]
    low, span = min(part), max(part) - min(part)
    bins = [min(15, int((v - low) * 16 / span)) for v in part]
    share = [bins.count(b) / len(bins) for b in set(bins)]
    assert reference.compute("entropy", image, 3)[0][15, 16] == pytest.approx(-sum(p * math.log2(p) for p in share))


def test_kuwahara_pixel():
    image = np.random.default_rng(7).integers(0, 40, SOLID).astype(float)
    boxes = [image[z:z + 2, y:y + 3, x:x + 3] for z in (9, 10) for y in (9, 11) for x in (10, 12)]
    best = min(boxes, key=lambda box: box.var())
    assert reference.compute("kuwahara", image, 2, (1, 1, 2))[0][10, 11, 12] == pytest.approx(best.mean())


def test_perona_malik_pixel():
    """Sigma 0.5 is one step of time 1/8."""
    image = np.random.default_rng(8).random(FLAT)
    wide = np.pad(image, 12, mode="reflect")
    rolled = [np.roll(wide, s, a) for a in (0, 1) for s in (1, -1)]
    squares = sum((r - wide) ** 2 for r in rolled) / 4
    contrast = reference.compute("gaussian", squares, 1)[0]
    change = 0
    for r, c in zip(rolled, [np.roll(contrast, s, a) for a in (0, 1) for s in (1, -1)]):
        change = change + (r - wide) / (1 + (r - wide) ** 2 / ((c + contrast) / 2))
    np.testing.assert_allclose(reference.compute("perona_malik", image, 0.5)[0], (wide + change / 8)[12:-12, 12:-12])


def test_perona_malik_keeps_a_step_and_smooths_noise():
    noise = np.random.default_rng(9).normal(0, 1, (40, 40))
    smooth = reference.compute("perona_malik", noise, 1.6)[0]
    assert smooth.std() < 0.6
    step = np.where(grid((40, 40))[0] < 0, 0.0, 100.0)
    assert np.ptp(reference.compute("perona_malik", step + noise, 1.6)[0][20, 18:22]) > 50


# ---- colours ---------------------------------------------------------------------------------------------------------

def test_hsb():
    colours = np.array(list(itertools.product((0, 20, 100, 255), repeat=3)), np.uint8)
    outputs = np.stack(reference.compute("hsb", colours.T[:, None]))[:, 0].T
    wanted = [colorsys.rgb_to_hsv(*(int(c) / 255 for c in colour)) for colour in colours]
    np.testing.assert_allclose(outputs / [1, 1, 255], wanted, atol=1e-12)


def matrix(row):
    second = {"stain_he": (.072, .990, .105), "stain_hdab": (.268, .570, .776)}[row]
    a, b = (np.array(v) / np.linalg.norm(v) for v in ((.650, .704, .286), second))
    third = np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])
    return np.stack([a, b, third / np.linalg.norm(third)])


@pytest.mark.parametrize("row", ["stain_he", "stain_hdab"])
@pytest.mark.parametrize("white", [255, 65535])
def test_stains(row, white):
    """What Beer and Lambert make of known amounts is taken apart again."""
    amounts = np.random.default_rng(10).random((3, 6, 7)) * [[[1]], [[1]], [[0]]]
    light = (white + 1) * 10 ** -np.tensordot(matrix(row).T, amounts, axes=1) - 1
    if white == 65535:
        np.testing.assert_allclose(reference.compute(row, np.rint(light).astype(np.uint16)), amounts, atol=1e-3)
    else:
        np.testing.assert_allclose(reference.compute(row, light), amounts, atol=1e-12)
        np.testing.assert_array_equal(reference.compute(row, -light), reference.compute(row, np.zeros_like(light)))


def test_parse():
    assert reference.parse("exact;hsb;hessian:1.6,3@2d;gaussian:2,0.7") == [
        ("gaussian", 0.7, None), ("gaussian", 2, None), ("hessian", 1.6, "2d"), ("hessian", 3, "2d"), ("hsb", 0, None)]
    assert reference.parse("membrane@2d;original") == [("original", 0, None), ("membrane", 0, "2d")]
