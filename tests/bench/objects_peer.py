"""One step of a peer in a process of its own; `objects` starts it and reads the JSON line that it prints.

usage: objects_peer.py STEP JOB.json

JOB: shape, threads, repeats, image, labels, mask (files of pixels alone, as objects_engine takes them), properties (of
regionprops_table), out (pixels of the result; for `measure` an .npz of columns). Times are seconds of the fastest run.
"""

import json
import resource
import sys
import time

import numpy as np


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def load(job, name, dtype):
    return np.fromfile(job[name], dtype).reshape(job["shape"])


def components(job):
    import scipy
    from scipy import ndimage
    mask = load(job, "image", np.uint8)
    structure = np.ones((3,) * mask.ndim)
    return f"scipy {scipy.__version__}", lambda: ndimage.label(mask, structure)[0]


def distance(job):
    from importlib.metadata import version

    import edt
    mask = load(job, "image", np.uint8)
    return f"edt {version('edt')}", lambda: edt.edt(mask, parallel=job["threads"])


def watershed(job):
    import skimage
    from skimage.segmentation import watershed as flood
    landscape, markers, mask = (load(job, *what) for what in (("image", np.float32), ("labels", np.uint16),
                                                              ("mask", np.uint8)))
    inside, markers = mask != 0, markers.astype(np.int32)
    return f"scikit-image {skimage.__version__}", lambda: flood(landscape, markers, mask=inside,
                                                                connectivity=landscape.ndim)


def measure(job):
    import skimage
    from skimage.measure import regionprops_table
    image, labels = load(job, "image", np.float32), load(job, "labels", np.uint16)
    return f"scikit-image {skimage.__version__}", lambda: regionprops_table(labels, image, job["properties"])


STEPS = {function.__name__: function for function in (components, distance, watershed, measure)}


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        job = json.load(file)
    program, run = STEPS[sys.argv[1]](job)
    walls, cpus = [], []
    for _ in range(job["repeats"]):
        wall, cpu = time.perf_counter(), cpu_seconds()
        result = run()
        walls.append(time.perf_counter() - wall)
        cpus.append(cpu_seconds() - cpu)
    if isinstance(result, dict):
        np.savez(job["out"], **result)
    else:
        result.tofile(job["out"])
    print(json.dumps({"program": program, "wall": min(walls), "cpu": min(cpus),
                      "type": None if isinstance(result, dict) else result.dtype.str}))


if __name__ == "__main__":
    main()
