"""One peer's forest in a process of its own; `forest` starts it and reads the JSON line that it prints.

usage: forest_peer.py PEER JOB.json

JOB: {"stage": ...} and
  forest   train, labels (samples.npy (samples, features), bytes.npy 0..), trees, grow (how many of the trees are grown;
           times are scaled up), oob (bool); optional: pixels (path, offset, features, pixels), part (every part-th
           stretch of pixels), out (winners.npy of these pixels)
  seeds    train, labels, trees, seeds (a forest each), pixels and part as above, out (winners.npy (seeds, pixels))
  end2end  image.npy, labels.npy, trees: ilastik's filters and forest, vigra only

It needs NumPy and the peer alone, since some peers live in another interpreter than the benchmarks. Times are CPU
seconds of this process.
"""

import json
import math
import resource
import sys
import tempfile

import numpy as np

STRETCH = 1 << 17  # pixels predicted in one call
SIGMAS = (0.3, 0.7, 1.0, 1.6, 3.5, 5.0, 10.0)


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def timed(function, *arguments):
    start = cpu_seconds()
    result = function(*arguments)
    return result, cpu_seconds() - start


def mtry(features):
    return math.floor(math.sqrt(features) + 0.5)


class Peer:
    """100 trees or so, square root of the features per split, bootstrap, grown to purity: as far as a peer can."""

    module = None  # what it imports
    trains = True  # has a training of its own

    def fit(self, samples, labels, trees, seed):
        """samples (n, features) float32, labels (n,) from 0 on."""
        raise NotImplementedError

    def given(self, pixels):
        """Pixels (n, features) in the form that `predict` takes; not timed."""
        return pixels

    def predict(self, pixels):
        """(n, classes) probabilities, or (n,) labels where the peer has no probabilities."""
        raise NotImplementedError

    def nodes(self):
        """Of all trees, leaves included; None when the peer does not tell."""
        return None

    def oob_error(self):
        return None


class Vigra(Peer):
    module = "vigra"

    def fit(self, samples, labels, trees, seed):
        import vigra
        self.version = vigra.version
        self.forest = vigra.learning.RandomForest(trees)
        self.oob = self.forest.learnRF(samples, labels.astype(np.uint32)[:, None], randomSeed=seed + 1)

    def predict(self, pixels):
        return self.forest.predictProbabilities(pixels)


class Scikit(Peer):
    module = "sklearn"
    with_oob = False

    def forest_class(self):
        import sklearn
        from sklearn.ensemble import RandomForestClassifier
        self.version = sklearn.__version__
        return RandomForestClassifier

    def fit(self, samples, labels, trees, seed):
        kind = self.forest_class()
        self.forest = kind(trees, max_features=mtry(samples.shape[1]), n_jobs=1, random_state=seed,
                           oob_score=self.with_oob)
        self.forest.fit(samples, labels)

    def predict(self, pixels):
        return self.forest.predict_proba(pixels)

    def nodes(self):
        return sum(tree.tree_.node_count for tree in self.forest.estimators_)

    def oob_error(self):
        return 1 - self.forest.oob_score_


class Intelex(Scikit):
    module = "sklearnex"

    def forest_class(self):
        from importlib.metadata import version

        from sklearnex.ensemble import RandomForestClassifier
        self.version = version("scikit-learn-intelex")
        return RandomForestClassifier

    def nodes(self):
        return None


class OpenCv(Peer):
    """Depth at most 25, its own limit; labels only."""

    module = "cv2"

    def fit(self, samples, labels, trees, seed):
        import cv2
        self.version = cv2.__version__
        cv2.setNumThreads(1)
        cv2.setRNGSeed(seed)
        self.forest = cv2.ml.RTrees_create()
        self.forest.setMaxDepth(25)
        self.forest.setMinSampleCount(1)
        self.forest.setActiveVarCount(mtry(samples.shape[1]))
        self.forest.setTermCriteria((cv2.TERM_CRITERIA_MAX_ITER, trees, 0))
        self.forest.train(samples, cv2.ml.ROW_SAMPLE, labels.astype(np.int32))

    def predict(self, pixels):
        return self.forest.predict(pixels)[1][:, 0].astype(np.uint8)


class LightGbm(Peer):
    """A tree per class and round; samples without replacement, 63.2 % of them."""

    module = "lightgbm"

    def fit(self, samples, labels, trees, seed):
        import lightgbm
        self.version = lightgbm.__version__
        settings = {"objective": "multiclass", "num_class": int(labels.max()) + 1, "boosting": "rf",
                    "bagging_fraction": 0.632, "bagging_freq": 1, "num_leaves": max(2, len(samples)), "max_depth": -1,
                    "histogram_pool_size": 256,  # MB; without a limit, one histogram per leaf stays in memory
                    "feature_fraction_bynode": mtry(samples.shape[1]) / samples.shape[1], "min_data_in_leaf": 1,
                    "min_sum_hessian_in_leaf": 0, "min_data_in_bin": 1, "num_threads": 1, "seed": seed,
                    "force_col_wise": True, "verbose": -1}
        self.forest = lightgbm.train(settings, lightgbm.Dataset(samples, labels), trees)

    def predict(self, pixels):
        return self.forest.predict(pixels, num_threads=1)


class Ydf(Peer):
    module = "ydf"

    def named(self, pixels):
        return {f"f{i}": column for i, column in enumerate(np.ascontiguousarray(pixels.T))}

    def fit(self, samples, labels, trees, seed):
        import ydf
        self.version = ydf.__version__
        learner = ydf.RandomForestLearner(
            label="label", num_trees=trees, max_depth=-1, min_examples=1, winner_take_all=False,
            num_candidate_attributes=mtry(samples.shape[1]), compute_oob_performances=False, num_threads=1,
            random_seed=seed)
        self.forest = learner.train(self.named(samples) | {"label": labels.astype(np.int64)}, verbose=0)

    def given(self, pixels):
        return self.named(pixels)

    def predict(self, pixels):
        return self.forest.predict(pixels, num_threads=1)


class Tl2cgen(Scikit):
    """scikit-learn's forest as C, compiled; without time for either."""

    module = "tl2cgen"
    trains = False

    def fit(self, samples, labels, trees, seed):
        super().fit(samples, labels, trees, seed)
        import tl2cgen
        import treelite
        self.version = f"{tl2cgen.__version__} + treelite {treelite.__version__}"
        self.tl2cgen = tl2cgen
        with tempfile.TemporaryDirectory() as work:
            library = f"{work}/forest.so"
            tl2cgen.export_lib(treelite.sklearn.import_model(self.forest), toolchain="gcc", libpath=library,
                               params={"parallel_comp": 4}, nthread=1, options=["-O1"], verbose=False)
            self.compiled = tl2cgen.Predictor(library, nthread=1)

    def given(self, pixels):
        return self.tl2cgen.DMatrix(pixels)

    def predict(self, pixels):
        return self.compiled.predict(pixels)[:, 0]


PEERS = {"vigra": Vigra, "scikit-learn": Scikit, "scikit-learn-intelex": Intelex, "opencv": OpenCv,
         "lightgbm": LightGbm, "ydf": Ydf, "tl2cgen": Tl2cgen}


# ---- forests on given features ---------------------------------------------------------------------------------------

def stretches(job):
    """Pixels (n, features) of every part-th stretch."""
    path, offset, features, pixels = job["pixels"]
    values = np.memmap(path, np.float32, "r", offset, (features, pixels))
    for first in range(0, pixels, job["part"] * STRETCH):
        yield np.ascontiguousarray(values[:, first:first + STRETCH].T)


def predict(peer, job):
    """Winners of the pixels asked for, and CPU seconds."""
    seconds, winners = 0.0, []
    for pixels in stretches(job):
        result, took = timed(peer.predict, peer.given(pixels))
        seconds += took
        winners.append(result if result.ndim == 1 else result.argmax(axis=1).astype(np.uint8))
    return np.concatenate(winners), seconds


def fit(peer, samples, labels, job):
    """CPU seconds: the median of three runs if they are short, or those of one."""
    runs = []
    while not runs or len(runs) < 3 and sum(runs) < 3 and peer.trains:
        runs.append(timed(peer.fit, samples, labels, job["grow"], job["seed"])[1])
    return sorted(runs)[len(runs) // 2] if len(runs) == 3 else min(runs)


def run_forest(peer, job):
    samples, labels = np.load(job["train"]), np.load(job["labels"])
    peer.with_oob = job["oob"]
    few = np.concatenate([np.flatnonzero(labels == label)[:20] for label in np.unique(labels)])
    type(peer)().fit(samples[few], labels[few], 2, 0)  # loads what the peer loads late
    scale = job["trees"] / job["grow"]
    seconds = fit(peer, samples, labels, job)
    found = {"version": peer.version, "train": seconds * scale if peer.trains else None, "nodes": peer.nodes()}
    if job["oob"]:
        found["oob_error"] = peer.oob_error()
    if "pixels" in job:
        winners, seconds = predict(peer, job)
        np.save(job["out"], winners)
        found |= {"predict": seconds * scale * job["pixels"][3] / len(winners), "predicted": len(winners)}
    return found


def run_seeds(peer, job):
    """CPU seconds are those of all forests."""
    samples, labels = np.load(job["train"]), np.load(job["labels"])
    winners, train, prediction = [], 0.0, 0.0
    for seed in job["seeds"]:
        train += timed(peer.fit, samples, labels, job["trees"], seed)[1]
        found, seconds = predict(peer, job)
        winners.append(found)
        prediction += seconds
    np.save(job["out"], winners)
    return {"version": peer.version, "train": train, "predict": prediction}


# ---- ilastik's whole job ---------------------------------------------------------------------------------------------

class Stack:
    """ilastik's features: an image is smoothed to sigma first, with kernels cut at 3.5 sigma, then filtered at sigma 1
    with kernels cut at 2 (sigmas up to 1: at sigma itself, both times)."""

    def __init__(self, image):
        import vigra
        self.filters, self.ndim = vigra.filters, image.ndim
        self.image = vigra.taggedView(image, "zyx"[-image.ndim:])
        self.channels = 1 + 6 * (4 + 2 * image.ndim)
        self.values = np.empty((image.size, self.channels), np.float32)
        self.filled = 0

    def add(self, result):
        pixels = np.asarray(result).reshape(len(self.values), -1)
        self.values[:, self.filled:self.filled + pixels.shape[1]] = pixels
        self.filled += pixels.shape[1]

    def smooth(self, image, sigma):
        return self.filters.gaussianSmoothing(image, sigma, window_size=2.0)

    def add_scale(self, sigma):
        before = math.sqrt(sigma ** 2 - 1) if sigma > 1 else sigma
        image, own = self.filters.gaussianSmoothing(self.image, before, window_size=3.5), min(sigma, 1.0)
        smoothed = self.smooth(image, own)
        self.add(smoothed)
        if sigma == SIGMAS[0]:
            return
        self.add(self.filters.laplacianOfGaussian(image, own, window_size=2.0))
        self.add(self.filters.gaussianGradientMagnitude(image, own, window_size=2.0))
        self.add(smoothed - self.smooth(image, 0.66 * own))
        self.add(self.filters.structureTensorEigenvalues(image, 0.5 * own, own, window_size=2.0))
        self.add(self.filters.hessianOfGaussianEigenvalues(image, own, window_size=2.0))

    def compute(self):
        for sigma in SIGMAS:
            self.add_scale(sigma)
        return self.values


def resident(field):
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field + ":"))


def run_end2end(peer, job):
    image, labels = np.load(job["image"]), np.load(job["labels"]).ravel()
    Stack(image[tuple(slice(64) for _ in image.shape)].copy()).compute()  # loads what the peer loads late
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # the peak starts anew
    before = resident("VmRSS")
    values, features = timed(lambda: Stack(image).compute())
    marked = np.flatnonzero(labels)
    _, train = timed(lambda: peer.fit(values[marked], labels[marked] - 1, job["trees"], job["seed"]))
    result, seconds = timed(peer.predict, values)
    return {"version": peer.version, "features": values.shape[1], "filters": features, "train": train,
            "predict": seconds, "memory": resident("VmHWM") - before - result.nbytes}


STAGES = {"forest": run_forest, "seeds": run_seeds, "end2end": run_end2end}


def main():
    name, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        job = json.load(file)
    print(json.dumps(STAGES[job["stage"]](PEERS[name](), job)))


if __name__ == "__main__":
    main()
