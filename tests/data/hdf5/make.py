"""Makes the HDF5 files beside this one, as ilastik, h5py and HDF5's versions lay them out. Needs h5py and numpy.

Lengths are t 2, z 3, y 4, x 5, c 2; a pixel's value is (((t * 3 + z) * 4 + y) * 5 + x) * 2 + c, an axis that is not
there counts as 0. The tests compute the same.
"""

import itertools
import json
import sys
from pathlib import Path

import h5py
import numpy as np

LENGTHS = {"t": 2, "z": 3, "y": 4, "x": 5, "c": 2}
TYPE_FLAGS = {"t": 8, "z": 2, "y": 2, "x": 2, "c": 1}
FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent


def pixels(axes, dtype="u1"):
    """The image whose axes have this order."""
    index = dict(zip(axes, np.indices([LENGTHS[a] for a in axes]), strict=True))
    value = 0
    for axis, length in LENGTHS.items():
        value = value * length + index.get(axis, 0)
    return value.astype(dtype)


def tags(axes, **more):
    """axistags as vigra writes them; more: axis=(resolution, description)."""
    entries = [{"key": a, "typeFlags": TYPE_FLAGS[a], "resolution": more.get(a, (0, ""))[0],
                "description": more.get(a, (0, ""))[1]} for a in axes]
    return json.dumps({"axes": entries}, indent=2)


def orders():
    """All orders of two and three axes, several of four and five."""
    for count, step in ((2, 1), (3, 1), (4, 5), (5, 9)):
        found = ["".join(p) for p in itertools.permutations("tzyxc", count) if {"x", "y"} <= set(p)]
        yield from found[::step]


def axes(file):
    for order in orders():
        file.create_dataset(order, data=pixels(order)).attrs["axistags"] = tags(order)


def untagged(file):
    for shape in ((4, 5), (4, 5, 3), (3, 4, 5), (3, 4, 5, 2), (2, 3, 4, 5), (2, 3, 4, 5, 2)):
        file["x".join(map(str, shape))] = np.arange(np.prod(shape), dtype="u1").reshape(shape)


def types(file):
    """Integers: the lowest bits of i * 0x9E3779B97F4A7C15. Floats: (i - 10) / 4, infinity and NaN at the end."""
    for kind in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"):
        size = int(kind[1])
        if kind[0] == "f":
            values = np.append((np.arange(18) - 10) / 4, [np.inf, np.nan]).astype(kind)
        else:
            bits = [i * 0x9E3779B97F4A7C15 & (1 << 8 * size) - 1 for i in range(20)]
            values = np.array(bits, f"u{size}").view(kind)
        for order, name in (("<", "little"), (">", "big")):
            file[f"{name}/{kind}"] = values.reshape(4, 5).astype(order + kind)


def layouts(file):
    data = pixels("tzyxc", "u2") * 100
    chunks = (1, 2, 3, 3, 2)
    file.create_dataset("contiguous", data=data)
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple(data.shape)
    compact = h5py.h5d.create(file.id, b"compact", h5py.h5t.STD_U16LE, space, properties)
    compact.write(h5py.h5s.ALL, h5py.h5s.ALL, data)
    file.create_dataset("chunked", data=data, chunks=chunks)
    file.create_dataset("gzip", data=data, chunks=chunks, compression="gzip")
    file.create_dataset("gzip_shuffle", data=data, chunks=chunks, compression="gzip", shuffle=True)
    file.create_dataset("lzf", data=data, chunks=chunks, compression="lzf", shuffle=True)
    file.create_dataset("fletcher32", data=data, chunks=chunks, fletcher32=True)
    noise = np.array([i * 0x9E3779B97F4A7C15 >> 32 & 0xffff for i in range(data.size)], "u2").reshape(data.shape)
    file.create_dataset("lzf_noise", data=noise, chunks=chunks, compression="lzf")
    part = file.create_dataset("missing_chunks", data.shape, "u2", chunks=chunks, fillvalue=7, compression="gzip")
    part[1] = data[1]
    file.create_dataset("unwritten", data.shape, "u2", fillvalue=9)
    file.create_dataset("volume/raw/data", data=data)
    file["link"] = h5py.SoftLink("/volume/raw/data")
    file["nowhere"] = h5py.SoftLink("/not/there")
    file["elsewhere"] = h5py.ExternalLink("other.h5", "/data")
    file["volume/loop"] = file["volume"]


def indexes(file):
    """Each way in which HDF5 1.10 finds chunks."""
    data = pixels("tzyxc", "u2") * 100
    chunks = (1, 2, 3, 3, 2)
    file.create_dataset("single_chunk", data=data, chunks=data.shape)
    file.create_dataset("single_chunk_gzip", data=data, chunks=data.shape, compression="gzip")
    file.create_dataset("fixed_array", data=data, chunks=chunks)
    file.create_dataset("fixed_array_gzip", data=data, chunks=chunks, compression="gzip")
    file.create_dataset("extensible_array", data=data, chunks=chunks, maxshape=(None, *data.shape[1:]))
    file.create_dataset("b_tree", data=data, chunks=chunks, maxshape=(None, None, *data.shape[2:]), compression="gzip")
    for axis, name in enumerate("tzyxc"):
        growing = [None if i == axis else n for i, n in enumerate(data.shape)]
        file.create_dataset(f"growing_{name}", data=data, chunks=chunks, maxshape=growing)
    more = (3, 5, 7, 9, 4)
    file.create_dataset("room", data=data, chunks=chunks, maxshape=more)
    file.create_dataset("room_gzip", data=data, chunks=chunks, maxshape=more, compression="gzip")


def gaps(file):
    """Chunks that were never written, in the lists of HDF5 1.10."""
    data = pixels("tzyxc", "u2") * 100
    chunks = (1, 2, 3, 3, 2)
    for name, more in (("fixed_array", {}), ("fixed_array_gzip", {"compression": "gzip", "shuffle": True}),
                       ("b_tree", {"maxshape": (None, None, *data.shape[2:])}),
                       ("extensible_array", {"maxshape": (None, *data.shape[1:])})):
        file.create_dataset(name, data.shape, "u2", chunks=chunks, fillvalue=7, **more)[1] = data[1]
    file.create_dataset("unwritten", data.shape, "u2", chunks=chunks, fillvalue=7)
    file.create_dataset("huge", (4000, 30000, 30000), "u2")


def odd(file):
    file["text"] = "hello"
    file["number"] = 3
    file["line"] = np.zeros(4, "u1")
    file["six_axes"] = np.zeros((1, 1, 1, 1, 2, 2), "u1")
    file["nothing"] = np.zeros((0, 4), "u1")
    file["truth"] = np.zeros((4, 5), bool)
    file["pairs"] = np.zeros((4, 5), [("a", "u1"), ("b", "f4")])
    file.create_dataset("scale_offset", data=pixels("yx", "u2"), chunks=(2, 5), scaleoffset=0)
    unknown = '{"axes":[{"key":"y"},{"key":"n"}]}'
    for name, text in (("no_json", "yx"), ("short_tags", tags("x")), ("unknown_axis", unknown)):
        file.create_dataset(name, data=pixels("yx")).attrs["axistags"] = text


def sizes(file):
    names = ("micrometres", "tags", "flat", "both", "nonsense")
    data = [file.create_dataset(name, data=pixels("tzyx" if name != "flat" else "yx")) for name in names]
    micrometres, tagged, flat, both, nonsense = data
    micrometres.attrs["element_size_um"] = [2.5, 0.5, 0.25]
    tagged.attrs["axistags"] = tags("tzyx", t=(1.5, ""), z=(3, "nm"), y=(2, "nm"), x=(2, "nm"))
    flat.attrs["element_size_um"] = np.array([0.5, 0.25], "f4")
    both.attrs["axistags"] = tags("tzyx", z=(3, ""), y=(2, ""), x=(2, ""))
    both.attrs["element_size_um"] = [2.5, 0.5, 0.25]
    nonsense.attrs["element_size_um"] = [0, -1, 2.0]


def probabilities(file):
    """As ilastik exports them: chunks of one channel."""
    first = (pixels("yx", "f4") + 1) / 256
    data = np.stack([first, 1 - first], axis=-1)
    dataset = file.create_dataset("exported_data", data=data, chunks=(2, 3, 1), compression="gzip")
    dataset.attrs["axistags"] = tags("yxc")
    dataset.attrs["drange"] = np.array([0, 1], "f4")
    dataset.attrs["display_mode"] = "grayscale"


def main():
    makers = {"axes": axes, "untagged": untagged, "types": types, "layouts": layouts, "odd": odd, "sizes": sizes,
              "probabilities": probabilities}
    for name, maker in makers.items():
        with h5py.File(FOLDER / f"{name}.h5", "w") as file:
            maker(file)
    for name, maker, before in (("indexes", indexes, 512), ("gaps", gaps, 0)):
        with h5py.File(FOLDER / f"{name}.h5", "w", libver="v110", userblock_size=before) as file:
            maker(file)


if __name__ == "__main__":
    main()
