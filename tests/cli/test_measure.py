"""The command `measure`: against scikit-image, scipy's convex hulls and definitions in numpy.

What scikit-image defines in another way is brought to our definition here: its pixels are points, ours squares of
second moment 1/12; its positions are indices, ours distances from the image's corner; its deviations divide by n.
"""

import csv
import math

import numpy as np
import pytest
import tifffile
from conftest import run, write
from scipy import ndimage
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from skimage.measure import regionprops

TIGHT = {"rtol": 1e-9, "atol": 1e-9}
SPACING = (2.5, 0.5, 0.8)  # z, y, x


def blobs(shape, seed, sigma, share=0.35):
    """Labels with gaps between the numbers: smooth blobs, some with holes, a few single pixels and lines."""
    random = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(random.normal(size=shape), sigma)
    mask = smooth > np.quantile(smooth, 1 - share)
    mask &= ~(smooth > np.quantile(smooth, 0.985))
    labels, _ = ndimage.label(mask, np.ones((3,) * len(shape)))
    free = ndimage.distance_transform_cdt(labels == 0, "chessboard") > 2
    for index in np.argwhere(free)[:: max(1, free.sum() // 5)]:
        labels[tuple(index)] = labels.max() + 1
    corner = tuple(slice(0, 1) for _ in shape[:-1]) + (slice(0, 9),)
    labels[corner] = labels.max() + 1
    return (labels * 3).astype(np.uint16)


def measure(folder, labels, image=None, probabilities=None, options=(), spacing=None):
    """Columns of the table by id, as arrays; the text of the first line."""
    paths = []
    for name, pixels in (("labels", labels), ("image", image), ("probabilities", probabilities)):
        if pixels is not None:
            path = folder / f"{name}.tif"
            axes = "CYX" if pixels.ndim > labels.ndim and labels.ndim == 2 else "ZCYX" if pixels.ndim == 4 else None
            if axes:
                tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": axes})
            else:
                write(path, pixels)
            paths += [f"--{name}", path]
    if spacing:
        paths += ["--spacing", ",".join(map(str, spacing))]
    run("measure", *paths, "--csv", folder / "table.csv", *options)
    return read_table(folder / "table.csv")


def read_table(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    columns = {name.split(" [")[0]: np.array([float(row[i]) for row in rows[1:]]) for i, name in enumerate(rows[0])}
    return columns, rows[0]


def column(regions, function):
    return np.array([function(region) for region in regions], float)


def same(table, name, expected, **tolerance):
    np.testing.assert_allclose(table[name], expected, **(tolerance or TIGHT), err_msg=name)


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    labels = blobs((160, 210), 3, 3)
    image = np.random.default_rng(5).normal(100, 30, labels.shape).astype(np.float32)
    table, _ = measure(tmp_path_factory.mktemp("plane"), labels, image)
    return table, regionprops(labels, image), labels


@pytest.fixture(scope="module")
def volume(tmp_path_factory):
    labels = blobs((24, 60, 70), 4, 3)
    image = np.random.default_rng(6).integers(0, 65536, labels.shape).astype(np.uint16)
    table, _ = measure(tmp_path_factory.mktemp("volume"), labels, image)
    return table, regionprops(labels, image), labels


@pytest.fixture(params=["plane", "volume"])
def case(request):
    return request.getfixturevalue(request.param)


def axis_names(labels):
    return "zyx"[-labels.ndim:]


# ---- scikit-image --------------------------------------------------------------------------------------------------

def test_rows_are_the_labels(case):
    table, regions, _ = case
    assert len(regions) > 10
    same(table, "label", column(regions, lambda r: r.label))
    assert set(table["frame"]) == {1}


def test_size_box_and_centroid(case):
    table, regions, labels = case
    same(table, "voxels", column(regions, lambda r: r.num_pixels))
    same(table, "area" if labels.ndim == 2 else "volume", column(regions, lambda r: r.area))
    same(table, "equivalent_diameter", column(regions, lambda r: r.equivalent_diameter_area))
    edges = {"x": "width", "y": "height", "z": "depth"}
    for axis, name in enumerate(axis_names(labels)):
        same(table, f"centroid_{name}", column(regions, lambda r, a=axis: r.centroid[a] + 0.5))
        same(table, f"box_{name}", column(regions, lambda r, a=axis: r.bbox[a]))
        same(table, f"box_{edges[name]}", column(regions, lambda r, a=axis: r.bbox[a + labels.ndim] - r.bbox[a]))


def test_intensities(case):
    table, regions, labels = case
    same(table, "mean", column(regions, lambda r: r.image_intensity[r.image].astype(float).mean()))
    same(table, "min", column(regions, lambda r: r.intensity_min))
    same(table, "max", column(regions, lambda r: r.intensity_max))
    same(table, "median", column(regions, lambda r: r.intensity_median), rtol=1e-6)  # of floats as a float
    same(table, "sum", column(regions, lambda r: r.image_intensity[r.image].astype(float).sum()))
    n = column(regions, lambda r: r.num_pixels)
    deviation = column(regions, lambda r: r.image_intensity[r.image].astype(float).std())
    same(table, "sd", deviation * np.sqrt(n / np.maximum(n - 1, 1)))
    for axis, name in enumerate(axis_names(labels)):
        same(table, f"mass_{name}", column(regions, lambda r, a=axis: r.centroid_weighted[a] + 0.5), rtol=1e-6)


def test_ellipses(plane):
    table, regions, _ = plane
    variances = np.array([r.inertia_tensor_eigvals for r in regions]) + 1 / 12
    ratio = np.sqrt(variances[:, 0] / variances[:, 1])
    area = column(regions, lambda r: r.area)
    same(table, "major", np.sqrt(4 * area / math.pi * ratio))
    same(table, "minor", np.sqrt(4 * area / math.pi / ratio))
    same(table, "aspect_ratio", ratio)
    same(table, "roundness", 1 / ratio)
    turned = np.degrees(column(regions, lambda r: r.orientation)) + 90  # from the rows' axis to the columns'
    off = (table["angle"] - turned + 90) % 180 - 90
    assert np.abs(off[ratio > 1.01]).max() < 1e-6


def test_ellipsoids(volume):
    table, regions, _ = volume
    for region, row in zip(regions, range(len(regions)), strict=True):
        inertia = region.inertia_tensor
        covariance = np.eye(3) * np.trace(inertia) / 2 - inertia + np.eye(3) / 12
        values, vectors = np.linalg.eigh(covariance)
        expected = 2 * np.sqrt(5 * values[::-1])
        np.testing.assert_allclose([table[f"axis_{k}"][row] for k in (1, 2, 3)], expected, rtol=1e-9)
        assert table["elongation"][row] == pytest.approx(expected[0] / expected[1])
        assert table["flatness"][row] == pytest.approx(expected[1] / expected[2])
        a, e, r = (math.radians(table[name][row]) for name in ("azimuth", "elevation", "roll"))
        ahead, side = np.array([0, -math.sin(a), math.cos(a)]), np.array([0, -math.cos(a), -math.sin(a)])
        z = np.array([1, 0, 0])
        first = math.cos(e) * ahead + math.sin(e) * z
        second = math.cos(r) * side + math.sin(r) * (math.cos(e) * z - math.sin(e) * ahead)
        if values[2] > 1.01 * values[1]:
            assert abs(first @ vectors[:, 2]) == pytest.approx(1, abs=1e-6)
        if values[2] > 1.01 * values[1] > 1.03 * values[0]:
            assert abs(second @ vectors[:, 1]) == pytest.approx(1, abs=1e-6)


# ---- convex hulls --------------------------------------------------------------------------------------------------

def corners_of(region, spacing):
    """All corners of the pixels of a region, calibrated."""
    dims = region.image.ndim
    offsets = np.stack(np.meshgrid(*[[0, 1]] * dims, indexing="ij"), -1).reshape(-1, dims)
    corners = np.unique((np.argwhere(region.image)[:, None] + offsets).reshape(-1, dims), axis=0)
    return corners * np.array(spacing[-dims:])


def feret_angle(points):
    pairs = np.array([(p, q) for i, p in enumerate(points) for q in points[i + 1:]])
    steps = pairs[:, 1] - pairs[:, 0]
    lengths = np.hypot(*steps.T)
    longest = steps[lengths > lengths.max() * (1 - 1e-12)]
    return np.degrees(np.arctan2(-longest[:, 0], longest[:, 1])) % 180


def feret_min(points):
    edges = np.roll(points, -1, axis=0) - points
    normals = np.stack([edges[:, 1], -edges[:, 0]], 1) / np.hypot(*edges.T)[:, None]
    return np.ptp(points @ normals.T, axis=0).min()


@pytest.mark.parametrize("spacing", [(1, 1, 1), SPACING])
def test_hulls(case, tmp_path, spacing):
    _, regions, labels = case
    table, _ = measure(tmp_path, labels, options=("--measures", "solidity,feret,size"), spacing=spacing)
    hulls = [ConvexHull(corners_of(r, spacing)) for r in regions]
    points = [h.points[h.vertices] for h in hulls]
    sizes = column(regions, lambda r: r.num_pixels) * math.prod(spacing[-labels.ndim:])
    same(table, "area" if labels.ndim == 2 else "volume", sizes)
    same(table, "solidity", sizes / np.array([h.volume for h in hulls]), rtol=1e-9)
    same(table, "feret_max", np.array([pdist(p).max() for p in points]), rtol=1e-9)
    if labels.ndim == 2:
        same(table, "feret_min", np.array([feret_min(p) for p in points]), rtol=1e-9)
        for angle, p in zip(table["feret_angle"], points, strict=True):
            assert min(abs((angle - a + 90) % 180 - 90) for a in feret_angle(p)) < 1e-6


# ---- definitions ---------------------------------------------------------------------------------------------------

def directions(dims):
    steps = np.stack(np.meshgrid(*[[-1, 0, 1]] * dims, indexing="ij"), -1).reshape(-1, dims)
    return steps[len(steps) // 2 + 1:]


def test_surroundings(case):
    table, regions, labels = case
    padded = np.pad(labels, 1).astype(np.int64)
    pairs = set()
    for step in directions(labels.ndim):
        moved = np.roll(padded, step, range(labels.ndim))
        meet = (padded > 0) & (moved > 0) & (padded != moved)
        pairs |= set(zip(padded[meet].tolist(), moved[meet].tolist(), strict=True))
    touching = {label: {b for a, b in pairs if a == label} | {a for a, b in pairs if b == label}
                for label in table["label"].tolist()}
    same(table, "neighbours", column(regions, lambda r: len(touching[r.label])))
    same(table, "border", column(regions, lambda r: any(lo == 0 for lo in r.bbox[:labels.ndim]) or any(
        hi == size for hi, size in zip(r.bbox[labels.ndim:], labels.shape, strict=True))))


def test_touching_objects_are_neighbours(tmp_path):
    labels = np.zeros((12, 12), np.uint8)
    labels[2:5, 2:5], labels[5:8, 5:8], labels[2:4, 5:9], labels[9:11, 1:3] = 1, 2, 3, 4
    table, _ = measure(tmp_path, labels, options=("--measures", "neighbours"))
    assert table["neighbours"].tolist() == [2, 1, 1, 0]
    labels[4, 5] = 3
    table, _ = measure(tmp_path, labels, options=("--measures", "neighbours"))
    assert table["neighbours"].tolist() == [2, 2, 2, 0]


@pytest.mark.parametrize("spacing", [(1, 1, 1), SPACING])
def test_surface_is_croftons(volume, tmp_path, spacing):
    """Chords along 13 directions; the parts of the sphere nearest to each from 4 million random directions."""
    _, regions, labels = volume
    table, _ = measure(tmp_path, labels, options=("--measures", "surface,sphericity,volume"), spacing=spacing)
    steps = directions(3) * np.array(spacing)
    units = steps / np.linalg.norm(steps, axis=1)[:, None]
    random = np.random.default_rng(1)
    nearest = np.zeros(len(units))
    for _ in range(20):
        sample = random.normal(size=(200_000, 3))
        nearest += np.bincount(np.abs(sample @ units.T).argmax(1), minlength=len(units))
    weights = nearest / nearest.sum()

    def surface(region):
        mask = np.pad(region.image, 1)
        entered = [(mask & ~np.roll(mask, step, (0, 1, 2))).sum() for step in directions(3)]
        return 4 * (weights * entered * math.prod(spacing) / np.linalg.norm(steps, axis=1)).sum()

    expected = column(regions, surface)
    same(table, "surface", expected, rtol=3e-3)
    sphere = np.cbrt(36 * math.pi * table["volume"] ** 2)
    same(table, "sphericity", np.minimum(sphere / table["surface"], 1))


def cut_corners(sides):
    """ImageJ's rule for the corners of a traced outline, given the sides that lead to each of them."""
    cut, count = False, 0
    for side in sides:
        cut = side > 1 or not cut
        count += cut
    return count


def test_perimeters_by_hand(tmp_path):
    shapes = {
        "pixel": (["#"], cut_corners([1, 1, 1, 1]), 4),
        "line": (["#####"], cut_corners([1, 5, 1, 5]), 12),
        "square": (["###", "###", "###"], 4, 12),
        "ring": (["####", "#..#", "#..#", "####"], 4, 16),
        "steps": (["#..", ".#.", "..#"], 6, 12),
    }
    for name, (rows, corners, sides) in shapes.items():
        labels = np.pad(np.array([[c == "#" for c in row] for row in rows], np.uint8), 2)
        table, _ = measure(tmp_path, labels)
        expected = sides - corners * (2 - math.sqrt(2))
        assert table["perimeter"][0] == pytest.approx(expected, rel=1e-12), name
        circle = 4 * math.pi * labels.sum() / expected ** 2
        assert table["circularity"][0] == pytest.approx(min(circle, 1), rel=1e-12), name


# ---- images of several channels, probabilities, frames -------------------------------------------------------------

def test_channels_and_probabilities(tmp_path):
    labels = blobs((50, 60), 8, 3)
    random = np.random.default_rng(9)
    image = random.integers(0, 256, (2, *labels.shape)).astype(np.uint8)
    likely = random.integers(0, 256, (3, *labels.shape)).astype(np.uint8)
    table, head = measure(tmp_path, labels, image, likely)
    for channel in range(2):
        regions = regionprops(labels, image[channel])
        same(table, f"mean:{channel + 1}", column(regions, lambda r: r.intensity_mean))
        same(table, f"median:{channel + 1}", column(regions, lambda r: r.intensity_median))
    for k in range(3):
        same(table, f"probability:{k + 1}", column(regionprops(labels, likely[k]), lambda r: r.intensity_mean / 255))
    assert head[:3] == ["label", "frame", "voxels"]
    chosen, head = measure(tmp_path, labels, image, likely, ("--measures", "mean:2, centroid"))
    assert head == ["label", "frame", "centroid_x [pixel]", "centroid_y [pixel]", "mean:2"]
    same(chosen, "mean:2", table["mean:2"])


def test_frames_are_measured_apart(tmp_path):
    frames = np.stack([blobs((40, 50), seed, 2) for seed in (1, 2, 3)])
    image = np.random.default_rng(2).integers(0, 5000, frames.shape).astype(np.uint16)
    for name, pixels in (("labels", frames), ("image", image)):
        tifffile.imwrite(tmp_path / f"{name}.tif", pixels, imagej=True, metadata={"axes": "TYX"})
    run("measure", "--labels", tmp_path / "labels.tif", "--image", tmp_path / "image.tif", "--csv", tmp_path / "t.csv")
    table, _ = read_table(tmp_path / "t.csv")
    for frame in range(3):
        rows = {name: values[table["frame"] == frame + 1] for name, values in table.items()}
        regions = regionprops(frames[frame], image[frame])
        same(rows, "label", column(regions, lambda r: r.label))
        same(rows, "voxels", column(regions, lambda r: r.num_pixels))
        same(rows, "mean", column(regions, lambda r: r.intensity_mean))


def test_masks_are_taken_apart(tmp_path):
    mask = np.zeros((20, 30), np.uint8)
    mask[2:5, 2:6] = mask[10:14, 20:25] = mask[5, 6] = 255
    write(tmp_path / "mask.tif", mask)
    done = run("measure", "--labels", tmp_path / "mask.tif", "--csv", tmp_path / "t.csv")
    assert "connected parts" in done.stderr
    table, _ = read_table(tmp_path / "t.csv")
    assert table["area"].tolist() == [13, 20]
    labels = mask.copy()
    labels[10:14, 20:25] = 254
    write(tmp_path / "labels.tif", labels)
    done = run("measure", "--labels", tmp_path / "labels.tif", "--csv", tmp_path / "t.csv")
    assert not done.stderr
    assert read_table(tmp_path / "t.csv")[0]["label"].tolist() == [254, 255]


def test_calibrated_units(tmp_path):
    labels = np.zeros((10, 12), np.uint8)
    labels[3:6, 4:8] = 1
    tifffile.imwrite(tmp_path / "l.tif", labels, imagej=True, resolution=(4, 4), metadata={"unit": "um"})
    run("measure", "--labels", tmp_path / "l.tif", "--csv", tmp_path / "t.csv", "--measures", "area,centroid,perimeter")
    table, head = read_table(tmp_path / "t.csv")
    assert head[2:] == ["area [um^2]", "centroid_x [um]", "centroid_y [um]", "perimeter [um]"]
    assert table["area"][0] == 0.75
    assert table["centroid_x"][0] == 1.5


# ---- the command ---------------------------------------------------------------------------------------------------

def test_the_list_names_every_column(case, tmp_path):
    table, _, labels = case
    listed = run("measure", "--list").stdout
    names = {line.split()[0] for line in listed.splitlines() if line.startswith("    ") and line[4] != " "}
    assert set(table) - {"label", "frame"} <= names
    assert "probability" in names


def test_threads_and_order_change_nothing(case, tmp_path):
    _, _, labels = case
    image = np.random.default_rng(3).normal(size=labels.shape).astype(np.float32)
    texts = []
    for threads in (1, 2, 5):
        measure(tmp_path, labels, image, options=("--threads", threads))
        texts.append((tmp_path / "table.csv").read_bytes())
    assert texts[0] == texts[1] == texts[2]


@pytest.mark.parametrize(("options", "words"), [
    (("--measures", "area,beauty"), 'no group of measures "beauty"'),
    (("--measures", "volume"), "stacks alone"),
    (("--measures", "mean"), "which were not given"),
    (("--measures", "probability"), "probabilities of the classes"),
    (("--measures", "area:2"), "no channel 2"),
    (("--measures", "mean:x"), "number of a channel"),
])
def test_bad_measures(tmp_path, options, words):
    path = write(tmp_path / "l.tif", np.ones((4, 5), np.uint8))
    done = run("measure", "--labels", path, "--csv", tmp_path / "t.csv", *options, code=1)
    assert words in done.stderr
    assert not (tmp_path / "t.csv").exists()


def test_bad_input(tmp_path):
    labels = write(tmp_path / "l.tif", np.ones((4, 5), np.uint8))
    other = write(tmp_path / "i.tif", np.ones((4, 6), np.uint8))
    halves = write(tmp_path / "h.tif", np.full((4, 5), 0.5, np.float32))
    table = tmp_path / "t.csv"
    assert "another size" in run("measure", "--labels", labels, "--image", other, "--csv", table, code=1).stderr
    assert "no label image" in run("measure", "--labels", halves, "--csv", table, code=1).stderr
    run("measure", "--labels", labels, code=2)
    run("measure", "--labels", labels, "--csv", labels, code=2)
    assert not table.exists()


def test_nothing_to_measure(tmp_path):
    table, head = measure(tmp_path, np.zeros((6, 7), np.uint8))
    assert len(table["label"]) == 0
    assert "area [pixel^2]" in head
