"""OME-Zarr on the command line: convert, and every command that reads or writes images."""

import json
import os
import shutil

import numpy as np
import pytest
import tifffile

from conftest import predict, run, train

TYPES = {"uint8": np.uint8, "uint16": np.uint16, "float32": np.float32}
WRITTEN = ("none", "gzip", "zstd", "blosc")


def pixels_of(dtype, shape, seed=3):
    """Random numbers over the whole range of a type."""
    noise = np.random.default_rng(seed)
    if np.issubdtype(dtype, np.floating):
        return noise.normal(0, 1000, shape).astype(dtype)
    return noise.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def write_stack(path, pixels):
    """An ImageJ hyperstack of (t, z, c, y, x) pixels, calibrated."""
    tifffile.imwrite(path, pixels, imagej=True, resolution=(4.0, 2.0),
                     metadata={"axes": "TZCYX", "spacing": 2.5, "unit": "um", "finterval": 30})
    return path


def tree(folder):
    """What a folder holds: bytes by path within it."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def chunks(image, level="0"):
    """Files of the chunks of a resolution, sorted."""
    return sorted(p for p in (image / level).rglob("*") if p.is_file() and not p.name.startswith((".", "zarr.json")))


def attributes(image):
    """OME's description of an image, and whether it is Zarr 2 or 3."""
    if (image / "zarr.json").exists():
        return json.loads((image / "zarr.json").read_text())["attributes"]["ome"], 3
    return json.loads((image / ".zattrs").read_text()), 2


def convert(source, target, *options, **keywords):
    run("convert", "--input", source, "--output", target, *options, **keywords)
    return target


def back(image, folder):
    """The pixels of an OME-Zarr image, by way of a TIFF file."""
    return tifffile.imread(convert(image, folder / f"{image.name}.tif"))


def zarr_of(source, folder, *options):
    """A converted copy, named like the source."""
    folder.mkdir(exist_ok=True)
    return convert(source, folder / f"{source.stem}.zarr", *options)


# ---- convert


@pytest.mark.parametrize("codec", WRITTEN)
@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("kind", TYPES)
def test_round_trip(tmp_path, kind, version, codec):
    pixels = pixels_of(TYPES[kind], (2, 5, 3, 70, 90))
    source = write_stack(tmp_path / "a.tif", pixels)
    image = convert(source, tmp_path / "ä b.zarr", "--zarr-version", version, "--compression", codec, "--zarr-chunk",
                    "2,32,64")
    described, zarr = attributes(image)
    multiscale = described["multiscales"][0]
    assert zarr == (2 if version == "0.4" else 3)
    assert (multiscale["version"] if zarr == 2 else described["version"]) == version
    assert [a["name"] for a in multiscale["axes"]] == list("tczyx")
    assert len(chunks(image)) == 2 * 3 * 3 * 3 * 2
    again = convert(image, tmp_path / "b.tif")
    np.testing.assert_array_equal(tifffile.imread(again), pixels)
    assert again.read_bytes() == convert(source, tmp_path / "c.tif").read_bytes()


@pytest.mark.parametrize("name", ["nuclei", "histology", "embryo3d", "cells3d_2ch"])
def test_round_trip_of_real_images(tasks, tmp_path, name):
    source = tasks[name].test[0]
    image = convert(source, tmp_path / "a.zarr")
    pixels = tifffile.imread(convert(source, tmp_path / "b.tif"))
    if name == "histology":  # colours are channels
        pixels = np.moveaxis(pixels, -1, 0)
    np.testing.assert_array_equal(tifffile.imread(convert(image, tmp_path / "a.tif")), pixels)
    other = convert(image, tmp_path / "b.zarr", "--zarr-version", "0.5", "--compression", "none")
    assert (tmp_path / "a.tif").read_bytes() == convert(other, tmp_path / "c.tif").read_bytes()


def zarr_level(image, level, shape):
    """Pixels of a level that is one uncompressed chunk, uint16."""
    return np.fromfile(chunks(image, str(level))[0], "<u2").reshape(shape)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_images_are_averaged_and_labels_are_not(tmp_path, version):
    """A single channel is no sign of labels; --labels is, and so is an input that says so."""
    pixels = pixels_of(np.uint16, (1, 1, 1, 120, 80))
    source, options = write_stack(tmp_path / "a.tif", pixels), ("--compression", "none", "--zarr-version", version)
    image = convert(source, tmp_path / "image.zarr", *options)
    labels = convert(source, tmp_path / "labels.zarr", *options, "--labels")
    again = convert(labels, tmp_path / "again.zarr", *options)
    sums = pixels.reshape(60, 2, 40, 2).astype(np.int64).sum((1, 3))
    np.testing.assert_array_equal(zarr_level(image, 1, (60, 40)), (sums + 2) // 4)
    for each in (labels, again):
        np.testing.assert_array_equal(zarr_level(each, 1, (60, 40)), pixels[0, 0, 0, ::2, ::2])
    assert ["image-label" in attributes(each)[0] for each in (image, labels, again)] == [False, True, True]
    run("convert", "--input", image, "--output", tmp_path / "b.tif", "--labels", code=2)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_attributes_of_python_that_are_no_json(tmp_path, version):
    """json.dumps writes NaN and Infinity as they are; strings that hold such words, quotes and backslashes stay."""
    pixels = pixels_of(np.uint8, (1, 1, 1, 50, 60))
    image = convert(write_stack(tmp_path / "a.tif", pixels), tmp_path / "a.zarr", "--zarr-version", version)
    file = image / (".zattrs" if version == "0.4" else "zarr.json")
    text = json.loads(file.read_text())
    where = text if version == "0.4" else text["attributes"]
    where["mine"] = [float("nan"), {"x": float("inf"), "y\\": -float("inf")}, 'a "NaN" \\', "Infinity", NAN_KEY]
    where[NAN_KEY] = float("nan")
    file.write_text(json.dumps(text))
    assert "NaN," in file.read_text() and "-Infinity" in file.read_text()
    np.testing.assert_array_equal(back(image, tmp_path), pixels[0, 0, 0])
    file.write_text(json.dumps(text).replace("NaN,", "NaM,"))
    assert "no valid JSON" in run("convert", "--input", image, "--output", tmp_path / "b.tif", code=1).stderr


NAN_KEY = "-Infinity \\\" NaN"


@pytest.mark.parametrize(("content", "said"), (
    ('{"zarr_format": 3, "node_ty', "no valid JSON"), ("", "no valid JSON"), ("{}", "neither a group nor an array")))
def test_a_damaged_group_is_named(tmp_path, content, said):
    image = convert(write_stack(tmp_path / "a.tif", pixels_of(np.uint8, (1, 1, 1, 50, 60))), tmp_path / "a.zarr",
                    "--zarr-version", "0.5")
    (image / "zarr.json").write_text(content)
    error = run("convert", "--input", image, "--output", tmp_path / "b.tif", code=1).stderr
    assert str(image / "zarr.json") in error and said in error


def test_convert_is_the_same_whatever_the_resources(tmp_path):
    source = write_stack(tmp_path / "a.tif", pixels_of(np.uint16, (1, 40, 2, 300, 310)))
    first = tree(convert(source, tmp_path / "a.zarr", "--threads", 2))
    assert tree(convert(source, tmp_path / "b.zarr", "--threads", 1, "--memory", 8)) == first
    assert not list(tmp_path.glob("*.part"))


def test_convert_writes_all_kinds_of_tiff(tmp_path):
    pixels = pixels_of(np.uint8, (1, 3, 1, 700, 600))
    image = convert(write_stack(tmp_path / "a.tif", pixels), tmp_path / "a.zarr")
    pyramid = convert(image, tmp_path / "p.tif", "--pyramid", "--compression", "zstd")
    with tifffile.TiffFile(pyramid) as file:
        assert file.pages[0].is_tiled and len(file.pages[0].subifds) > 0
    for target in (pyramid, convert(image, tmp_path / "s.tif", "--layout", "strips", "--compression", "lzw")):
        np.testing.assert_array_equal(tifffile.imread(target).squeeze(), pixels.squeeze())


def test_convert_replaces_the_calibration(tmp_path):
    source = write_stack(tmp_path / "a.tif", pixels_of(np.uint8, (1, 3, 1, 40, 50)))
    image = convert(source, tmp_path / "a.zarr", "--spacing", "3,0.5,0.25")
    scale = attributes(image)[0]["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"]
    assert scale[2:] == [3, 0.5, 0.25]


def test_convert_replaces_an_image_but_nothing_else(tmp_path):
    a, b = (write_stack(tmp_path / f"{rows}.tif", pixels_of(np.uint8, (1, 1, 1, rows, 40))) for rows in (30, 50))
    image = convert(a, tmp_path / "x.zarr")
    assert back(convert(b, image), tmp_path).shape == (50, 40)
    notes = tmp_path / "notes.zarr"
    notes.mkdir()
    (notes / "notes.txt").write_text("mine")
    assert "notes.zarr" in run("convert", "--input", a, "--output", notes, code=1).stderr
    assert tree(notes) == {"notes.txt": b"mine"}
    assert not list(tmp_path.glob("*.part"))


def test_a_damaged_chunk_is_named(tmp_path):
    image = convert(write_stack(tmp_path / "a.tif", pixels_of(np.uint16, (1, 1, 1, 90, 90))), tmp_path / "a.zarr",
                    "--zarr-chunk", "1,32,32")
    chunk = chunks(image)[4]
    chunk.write_bytes(chunk.read_bytes()[:-9])
    said = run("convert", "--input", image, "--output", tmp_path / "b.tif", code=1).stderr
    assert str(chunk.relative_to(image)) in said
    assert not (tmp_path / "b.tif").exists()


# ---- the same results from both


def test_training_from_zarr(tasks, tmp_path):
    task = tasks["cells3d_2ch"]
    train(task, tmp_path / "tiff.brushwood", "--trees", 10)
    options = []
    for image in task.train:
        for option, source in (("--image", image), ("--labels", task.beside(image, "strokes"))):
            folder = tmp_path / source.name  # models keep names of images, so the folder has the name of the file
            convert(source, tmp_path / "x.zarr")
            (tmp_path / "x.zarr").rename(folder)
            options += [option, folder]
    for name in task.classes:
        options += ["--class", name]
    run("train", *options, "--features", "gaussian:1,3.5;gradient:1.6;hessian:1", "--trees", 10, "--out",
        tmp_path / "zarr.brushwood")
    assert (tmp_path / "zarr.brushwood").read_bytes() == (tmp_path / "tiff.brushwood").read_bytes()


@pytest.mark.parametrize("name", ["nuclei", "histology", "embryo3d", "cells3d_2ch"])
def test_prediction_from_zarr(tasks, models, tmp_path, name):
    source = tasks[name].test[0]
    image = zarr_of(source, tmp_path / "in")
    for kind in ("probabilities", "labels"):
        predict(models[name], source, tmp_path / "a.tif", kind)
        predict(models[name], image, tmp_path / "b.tif", kind)
        assert (tmp_path / "b.tif").read_bytes() == (tmp_path / "a.tif").read_bytes()


def test_every_kind_of_result(tasks, models, tmp_path):
    source, kinds = tasks["embryo3d"].test[0], "probabilities,labels,uncertainty,entropy"
    predict(models["embryo3d"], source, tmp_path / "a_{kind}.tif", kinds)
    said = predict(models["embryo3d"], source, tmp_path / "a_{kind}.zarr", kinds, "--zarr-chunk", "8,64,64", "--block",
                   "8,64,128").stdout
    assert "0 failed" in said and "0 were there" in said
    for word in ("probabilities", "segmentation", "uncertainty", "entropy"):
        image = tmp_path / f"a_{word}.zarr"
        assert f"Wrote {image}" in said
        np.testing.assert_array_equal(back(image, tmp_path), tifffile.imread(tmp_path / f"a_{word}.tif"))
        assert len(attributes(image)[0]["multiscales"][0]["datasets"]) > 1


def test_objects_in_zarr(tasks, models, tmp_path):
    source = tasks["nuclei"].test[0]
    for end in ("tif", "zarr"):
        run("objects", "--model", models["nuclei"], "--input", source, "--output", tmp_path / f"o.{end}", "--mask",
            tmp_path / f"m.{end}", "--table", tmp_path / f"{end}.csv")
    for name in "om":
        np.testing.assert_array_equal(back(tmp_path / f"{name}.zarr", tmp_path),
                                      tifffile.imread(tmp_path / f"{name}.tif"))
    assert (tmp_path / "tif.csv").read_bytes() == (tmp_path / "zarr.csv").read_bytes()
    predict(models["nuclei"], source, tmp_path / "p.zarr", "probabilities")
    run("objects", "--probabilities", tmp_path / "p.zarr", "--input", zarr_of(source, tmp_path / "in"), "--output",
        tmp_path / "q.tif", "--table", tmp_path / "q.csv")
    assert (tmp_path / "q.csv").read_bytes() == (tmp_path / "tif.csv").read_bytes()
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "q.tif"), tifffile.imread(tmp_path / "o.tif"))


def test_commands_that_compare_and_measure(tasks, models, tmp_path):
    task = tasks["nuclei"]
    source, truth = task.test[0], task.beside(task.test[0], "truth")
    predict(models["nuclei"], source, tmp_path / "labels.tif", "labels")
    run("objects", "--model", models["nuclei"], "--input", source, "--output", tmp_path / "objects.tif")
    tiff = {"image": source, "truth": truth, "labels": tmp_path / "labels.tif", "objects": tmp_path / "objects.tif"}
    zarr = {name: zarr_of(path, tmp_path / "z") for name, path in tiff.items()}

    def said(files):
        """What the commands print and write, names of files left out."""
        run("measure", "--labels", files["objects"], "--image", files["image"], "--csv", tmp_path / "m.csv")
        run("compare", "--truth", files["truth"], "--result", files["labels"], "--ignore-zero", "--csv",
            tmp_path / "c.csv")
        scores = [row.partition(",")[2] for row in (tmp_path / "c.csv").read_text().splitlines()]
        return (run("score", "--labels", files["labels"], "--truth", files["truth"]).stdout,
                run("validate", "--model", models["nuclei"], "--image", files["image"], "--truth", files["truth"],
                    "--json").stdout,
                (tmp_path / "m.csv").read_text(), [s.replace(".zarr", "").replace(".tif", "") for s in scores])

    assert said(zarr) == said(tiff)


def test_objects_by_example(tasks, models, tmp_path):
    run("objects", "--model", models["nuclei"], "--input", tasks["nuclei"].test[0], "--output", tmp_path / "o.tif")
    labels = tifffile.imread(tmp_path / "o.tif")
    paint = np.zeros(labels.shape, np.uint8)
    for number in np.unique(labels)[1:]:
        y, x = np.argwhere(labels == number)[0]
        paint[y, x] = 1 + (labels == number).sum() % 2
    tifffile.imwrite(tmp_path / "e.tif", paint)
    made, tiff = [], [tmp_path / "o.tif", tmp_path / "e.tif"]
    for objects, examples in (tiff, [zarr_of(path, tmp_path / "z") for path in tiff]):
        run("train-objects", "--labels", objects, "--examples", examples, "--trees", 10, "--out",
            tmp_path / "m.brushwood-objects")
        made.append((tmp_path / "m.brushwood-objects").read_bytes())
        run("classify-objects", "--model", tmp_path / "m.brushwood-objects", "--labels", objects, "--output",
            tmp_path / "classes.zarr")
        made.append(back(tmp_path / "classes.zarr", tmp_path).tobytes())
    assert made[:2] == made[2:]


def test_features_in_zarr(tasks, tmp_path):
    source = tasks["nuclei"].test[0]
    for end in ("tif", "zarr"):
        run("features", "--image", source, "--features", "gaussian:1,2", "--out", tmp_path / f"f.{end}")
    np.testing.assert_array_equal(back(tmp_path / "f.zarr", tmp_path), tifffile.imread(tmp_path / "f.tif"))


# ---- wrong usage

WRONG = [
    (("convert", "--output", "x.zarr", "--compression", "lzw"), "none, gzip, zstd or blosc"),
    (("convert", "--output", "x.zarr", "--compression", "deflate"), "none, gzip, zstd or blosc"),
    (("convert", "--output", "x.tif", "--compression", "blosc"), "none, lzw, deflate or zstd"),
    (("convert", "--output", "x.tif", "--compression", "gzip"), "none, lzw, deflate or zstd"),
    (("convert", "--output", "x.tif", "--zarr-version", "0.5"), "OME-Zarr"),
    (("convert", "--output", "x.tif", "--zarr-chunk", "1,64,64"), "OME-Zarr"),
    (("convert", "--output", "x.zarr", "--pyramid"), "TIFF"),
    (("convert", "--output", "x.zarr", "--layout", "tiles"), "TIFF"),
    (("convert", "--output", "x.zarr", "--zarr-version", "0.3"), "0.4 or 0.5"),
    (("convert", "--output", "x.zarr", "--zarr-chunk", "64,64"), "three whole numbers"),
    (("convert", "--output", "x.zarr", "--zarr-chunk", "0,64,64"), "three whole numbers"),
    (("predict", "--output", "x.tif", "--block", "1,64,64"), "OME-Zarr"),
    (("predict", "--output", "x.tif", "--chunk", "1/4"), "x.zarr"),
    (("predict", "--output-folder", "d", "--name", "{name}.zarr", "--chunk", "1/4"), "x.zarr"),
    (("predict", "--output", "x.tif", "--overwrite"), "--overwrite"),
    (("predict", "--output", "x.zarr", "--chunk", "5/4"), "i/N"),
    (("predict", "--output", "x.zarr", "--chunk", "0/0"), "i/N"),
    (("predict", "--output", "x.zarr", "--chunk", "1"), "i/N"),
    (("predict", "--output", "x.zarr", "--chunk=-1/4"), "i/N"),
    (("predict", "--output", "x.zarr", "--chunk", "1/4x"), "i/N"),
    (("predict", "--output", "x.zarr", "--chunk", "1/4", "--finish"), "not both"),
    (("predict", "--output", "x.zarr", "--prepare", "--finish"), "not both"),
    (("predict", "--output", "x.zarr", "--finish", "--overwrite"), "--finish"),
    (("predict", "--output", "x.zarr", "--json"), "--plan"),
    (("predict", "--output", "x.zarr", "--compression", "lzw"), "none, gzip, zstd or blosc"),
    (("objects", "--output", "x.zarr", "--mask", "m.tif", "--compression", "blosc"), "none or zstd"),
]


@pytest.mark.parametrize("arguments,hint", WRONG, ids=[" ".join(a) for a, _ in WRONG])
def test_usage(tmp_path, arguments, hint):
    model = [] if arguments[0] == "convert" else ["--model", tmp_path / "m.brushwood"]
    said = run(*arguments, "--input", tmp_path / "a.tif", *model, code=2, cwd=tmp_path).stderr
    assert hint in said
    assert not list(tmp_path.iterdir())


def test_an_input_is_never_lost(tasks, models, tmp_path):
    image = zarr_of(tasks["nuclei"].test[0], tmp_path / "in")
    before = tree(image)
    for target in (image, f"{image}/", image / "labels.zarr", image / "result.tif"):
        run("convert", "--input", image, "--output", target, code=2)
        predict(models["nuclei"], image, target, "labels", code=2)
    predict(models["nuclei"], image / "0", image, "labels", "--overwrite", code=2)
    run("predict", "--model", models["nuclei"], "--input", image / "0", "--output-folder", image.parent, "--name",
        image.name, "--overwrite", code=2)
    run("predict", "--model", models["nuclei"], "--input", image, "--output-folder", image.parent, "--name",
        "{name}.zarr", "--overwrite", code=1)
    for target in ("result.zarr", "./result.tif"):
        run("predict", "--model", models["nuclei"], "--input", ".", "--output", target, code=2, cwd=image)
    assert tree(image) == before
    run("predict", "--model", models["nuclei"], "--input", ".", "--output", "../result.zarr", cwd=image)


# ---- results that are there


def test_resume(tasks, models, tmp_path):
    options = (models["nuclei"], tasks["nuclei"].test[0], tmp_path / "p.zarr", "probabilities", "--zarr-chunk",
               "1,64,64", "--block", "1,64,64")
    predict(*options)
    first, blocks = tree(tmp_path / "p.zarr"), len(chunks(tmp_path / "p.zarr")) // 2
    assert f"0 of {blocks} blocks made, {blocks} were there, 0 failed" in predict(*options).stdout
    chunks(tmp_path / "p.zarr")[3].unlink()
    assert f"1 of {blocks} blocks made, {blocks - 1} were there" in predict(*options).stdout
    assert tree(tmp_path / "p.zarr") == first
    assert f"{blocks} of {blocks} blocks made" in predict(*options, "--overwrite").stdout
    assert tree(tmp_path / "p.zarr") == first


def test_another_recipe_is_refused(tasks, models, tmp_path):
    task, target = tasks["nuclei"], tmp_path / "p.zarr"
    predict(models["nuclei"], task.test[0], target, "probabilities")
    first = tree(target)
    train(task, tmp_path / "other.brushwood", "--trees", 3)
    assert str(target) in predict(tmp_path / "other.brushwood", task.test[0], target, "probabilities", code=1).stderr
    predict(models["nuclei"], task.test[0], target, "labels", code=1)
    predict(models["nuclei"], task.test[1], target, "probabilities", code=1)
    assert tree(target) == first
    predict(tmp_path / "other.brushwood", task.test[0], target, "probabilities", "--overwrite")
    predict(tmp_path / "other.brushwood", task.test[0], tmp_path / "q.zarr", "probabilities")
    assert tree(target) == tree(tmp_path / "q.zarr")


@pytest.mark.parametrize(("other", "said"), (
    (("--zarr-version", "0.5"), "version of OME-Zarr: 0.4"), (("--compression", "gzip"), "compression: zstd"),
    (("--zarr-chunk", "1,64,64"), "size of chunks: 1,32,32")))
def test_another_layout_is_refused(tasks, models, tmp_path, other, said):
    """What is said again has to be true; what is not said is as it was begun."""
    target, image = tmp_path / "p.zarr", tasks["nuclei"].test[0]
    same = ("--compression", "zstd", "--zarr-chunk", "1,32,32", "--zarr-version", "0.4")
    predict(models["nuclei"], image, target, "probabilities", *same, "--chunk", "0/2")
    before = tree(target)
    error = predict(models["nuclei"], image, target, "probabilities", *other, "--chunk", "1/2", code=1).stderr
    assert said in error and tree(target) == before
    predict(models["nuclei"], image, target, "probabilities", *same, "--chunk", "1/2")
    predict(models["nuclei"], image, target, "probabilities", "--finish")


def test_statistics_of_a_wide_float_image(models, tmp_path):
    pixels = np.full((4, 130, 9000), 5, np.float32)
    pixels[3, 129, 8999], pixels[0, 0, 0], pixels[1, 127, 128], pixels[2, 128, 4000] = -2.5, np.nan, np.inf, np.nan
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, metadata={"axes": "ZYX"})
    image = convert(tmp_path / "a.tif", tmp_path / "a.zarr", "--zarr-chunk", "4,64,64")
    predict(models["nuclei"], image, tmp_path / "p.zarr", "labels", "--prepare")
    note = json.loads((tmp_path / "p.zarr" / ".zattrs").read_text())["brushwood"]
    assert note["statistics"] == {"non_finite": 3, "extreme": False, "low": [-2.5]}


def test_overwrite_keeps_what_it_cannot_replace(tasks, models, tmp_path):
    target = tmp_path / "p.zarr"
    predict(models["nuclei"], tasks["nuclei"].test[0], target, "probabilities")
    before = tree(tmp_path)
    said = predict(models["nuclei"], tasks["cells3d_2ch"].test[0], target, "probabilities", "--overwrite", code=1)
    assert "2 channels" in said.stderr and tree(tmp_path) == before
    convert(tasks["nuclei"].test[0], tmp_path / "other.zarr")
    shutil.rmtree(target)
    (tmp_path / "other.zarr").rename(target)
    predict(models["nuclei"], tasks["nuclei"].test[0], target, "probabilities", "--overwrite")
    assert tree(tmp_path) == before


def test_overwrite_removes_nothing_but_zarr(tasks, models, tmp_path):
    target = tmp_path / "p.zarr"
    target.mkdir()
    (target / "notes.txt").write_text("mine")
    predict(models["nuclei"], tasks["nuclei"].test[0], target, "probabilities", "--overwrite", code=1)
    assert tree(target) == {"notes.txt": b"mine"}


def test_plan_writes_nothing(tasks, models, tmp_path):
    source, target = tasks["embryo3d"].test[0], tmp_path / "p.zarr"
    options = ("--zarr-chunk", "8,32,32", "--block", "8,64,64", "--plan")
    plan = json.loads(predict(models["embryo3d"], source, target, "probabilities", *options,
                              "--json").stdout)
    assert not list(tmp_path.iterdir())
    shape = tifffile.imread(source).shape
    count = [-(-size // edge) for size, edge in zip(shape, (8, 64, 64))]
    assert plan["block"] == [8, 64, 64] and plan["chunk"] == [8, 32, 32] and plan["count"] == count
    assert plan["blocks"] == np.prod(count) and plan["frames"] == 1
    classes = len(tasks["embryo3d"].classes)
    assert plan["write_bytes_all"] == np.prod(shape) * 4 * classes
    assert plan["write_bytes"] == 8 * 64 * 64 * 4 * classes
    assert all(margin > 0 for margin in plan["margin"])
    assert plan["read_bytes_all"] > np.prod(shape) and plan["memory_bytes"] > plan["write_bytes"]
    text = predict(models["embryo3d"], source, target, "probabilities", *options).stdout
    assert f"{plan['blocks']}: " in text and "64 x 64 x 8 voxels" in text
    assert not list(tmp_path.iterdir())


# ---- many images


def rows_of(folder):
    """File and status of the table of a batch."""
    lines = (folder / "brushwood_batch.csv").read_text(encoding="utf-8").splitlines()[1:]
    return {line.split(",")[0]: line.split(",")[1] for line in lines}


@pytest.fixture
def folder(tasks, tmp_path):
    """a.tif, b.ome.zarr, c.zarr, and d.zarr one folder deeper."""
    images, inside = tasks["nuclei"].test, tmp_path / "in"
    (inside / "sub").mkdir(parents=True)
    shutil.copy(images[0], inside / "a.tif")
    for index, name in enumerate(("b.ome.zarr", "c.zarr", "sub/d.zarr")):
        convert(images[index % len(images)], inside / name)
    return inside


def test_batch(folder, models, tmp_path):
    def batch(*options, code=0):
        return run("predict", "--model", models["nuclei"], "--output-folder", tmp_path / "out", *options, folder,
                   code=code)

    batch()
    assert rows_of(tmp_path / "out") == {"a.tif": "done", "b.ome.zarr": "done", "c.zarr": "done"}
    assert sorted(os.listdir(tmp_path / "out")) == ["a_probabilities.tif", "b_probabilities.tif",
                                                    "brushwood_batch.csv", "c_probabilities.tif"]
    batch("--recursive", "--name", "{name}_{kind}.zarr")
    zarr = {"a.tif": "done", "b.ome.zarr": "done", "c.zarr": "done", "sub/d.zarr": "done"}
    assert rows_of(tmp_path / "out") == zarr
    for name in "abc":
        np.testing.assert_array_equal(back(tmp_path / "out" / f"{name}_probabilities.zarr", tmp_path),
                                      tifffile.imread(tmp_path / "out" / f"{name}_probabilities.tif"))
    before = tree(tmp_path / "out")
    batch("--recursive", "--name", "{name}_{kind}.zarr")
    assert set(rows_of(tmp_path / "out").values()) == {"skipped"}
    chunks(tmp_path / "out" / "c_probabilities.zarr")[0].unlink()
    batch("--recursive", "--name", "{name}_{kind}.zarr")
    assert rows_of(tmp_path / "out") == {name: "done" if name == "c.zarr" else "skipped" for name in zarr}
    batch("--recursive", "--name", "{name}_{kind}.zarr", "--overwrite")
    assert rows_of(tmp_path / "out") == zarr
    after = tree(tmp_path / "out")
    for files in (before, after):
        del files["brushwood_batch.csv"]
    assert after == before


def test_batch_into_its_own_folder(folder, models):
    for statuses in ({"done"}, {"skipped"}):
        run("predict", "--model", models["nuclei"], "--output-folder", folder, "--name", "{name}_{kind}.zarr", folder)
        rows = rows_of(folder)
        assert set(rows) == {"a.tif", "b.ome.zarr", "c.zarr"} and set(rows.values()) == statuses


def test_batch_goes_on_after_a_damaged_image(folder, models, tmp_path):
    chunk = chunks(folder / "b.ome.zarr")[0]
    chunk.write_bytes(b"damaged")
    said = run("predict", "--model", models["nuclei"], "--output-folder", tmp_path / "out", "--name",
               "{name}_{kind}.zarr", folder, code=1)
    assert rows_of(tmp_path / "out") == {"a.tif": "done", "b.ome.zarr": "failed", "c.zarr": "done"}
    assert str(chunk.relative_to(folder)) in said.stderr


def test_two_images_of_one_name(folder, models, tmp_path):
    convert(folder / "a.tif", folder / "a.zarr")
    run("predict", "--model", models["nuclei"], "--output-folder", tmp_path / "out", folder, code=1)
    assert rows_of(tmp_path / "out") == {"a.tif": "done", "a.zarr": "failed", "b.ome.zarr": "done", "c.zarr": "done"}


def test_batch_of_objects(folder, models, tmp_path):
    run("objects", "--model", models["nuclei"], "--output-folder", tmp_path / "out", "--name", "{name}_o.zarr",
        "--tables", folder)
    assert rows_of(tmp_path / "out") == {"a.tif": "done", "b.ome.zarr": "done", "c.zarr": "done"}
    for name in "abc":
        assert (tmp_path / "out" / f"{name}_o.csv").exists()
        assert back(tmp_path / "out" / f"{name}_o.zarr", tmp_path).max() > 0
    run("objects", "--model", models["nuclei"], "--output-folder", tmp_path / "out", "--name", "{name}_o.zarr", folder)
    assert set(rows_of(tmp_path / "out").values()) == {"skipped"}


def test_folders_are_compared(folder, tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    convert(folder / "a.tif", results / "a.zarr")
    for name in ("b", "c"):
        convert(folder / (f"{name}.ome.zarr" if name == "b" else f"{name}.zarr"), results / f"{name}_labels.tif")
    run("compare", "--truth", folder, "--result", results, "--kind", "labels", "--csv", tmp_path / "c.csv")
    assert "a.tif" in (tmp_path / "c.csv").read_text()
