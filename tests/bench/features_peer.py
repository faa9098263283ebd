"""One peer's filters on one image, in a process of its own; `features` starts it and reads the JSON line it prints.

usage: features_peer.py PEER IMAGE.npy THREADS REPEATS CROPS.npz

It needs NumPy and the peer alone, since some peers live in another interpreter than the benchmarks.
"""

import json
import resource
import sys
import time

import numpy as np

SIGMAS = (0.7, 1.0, 1.6, 3.5, 5.0, 10.0)
FAMILIES = {"gaussian": (0.3, *SIGMAS), "laplacian": SIGMAS, "gradient": SIGMAS, "dog": SIGMAS, "structure": SIGMAS,
            "hessian": SIGMAS}
CROP = 64


class Peer:
    """A method per family that the peer has; results stay in the peer's own type until `array` is asked for."""

    module = None  # what it imports
    threaded = False

    def __init__(self, image, threads):
        del threads  # for those that have any
        self.image, self.ndim, self.smoothed = image, image.ndim, {}

    def gaussian(self, sigma):
        self.smoothed[sigma] = self.smooth(sigma)
        return self.smoothed[sigma]

    def dog(self, sigma):
        """The larger scale is there already, as a careful user would have it."""
        return self.smoothed[sigma] - self.smooth(0.66 * sigma)

    def array(self, result):
        """NumPy's view of a result, channels first where there are several."""
        pixels = np.asarray(result)
        return np.moveaxis(pixels, -1, 0) if pixels.ndim > self.ndim else pixels


class Vigra(Peer):
    module = "vigra"
    window = 4.0

    def __init__(self, image, threads):
        super().__init__(image, threads)
        import vigra
        self.version = vigra.version
        self.filters = vigra.filters
        self.image = vigra.taggedView(image, "zyx"[-image.ndim:])

    def smooth(self, sigma):
        return self.filters.gaussianSmoothing(self.image, sigma, window_size=self.window)

    def laplacian(self, sigma):
        return self.filters.laplacianOfGaussian(self.image, sigma, window_size=self.window)

    def gradient(self, sigma):
        return self.filters.gaussianGradientMagnitude(self.image, sigma, window_size=self.window)

    def structure(self, sigma):
        return self.filters.structureTensorEigenvalues(self.image, sigma / 2, sigma, window_size=self.window)

    def hessian(self, sigma):
        return self.filters.hessianOfGaussianEigenvalues(self.image, sigma, window_size=self.window)


class VigraDefault(Vigra):
    window = 0.0


class Scikit(Peer):
    module = "skimage"

    def __init__(self, image, threads):
        super().__init__(image, threads)
        import scipy
        import skimage.feature
        from scipy import ndimage
        self.version = f"{skimage.__version__} + {scipy.__version__}"
        self.ndimage, self.feature = ndimage, skimage.feature
        self.how = {"mode": "mirror", "truncate": 4}

    def derivative(self, sigma, *axes):
        order = [axes.count(axis) for axis in range(self.ndim)]
        return self.ndimage.gaussian_filter(self.image, sigma, order, **self.how)

    def pairs(self):
        return [(i, j) for i in range(self.ndim) for j in range(i, self.ndim)]

    def smooth(self, sigma):
        return self.derivative(sigma)

    def laplacian(self, sigma):
        return self.ndimage.gaussian_laplace(self.image, sigma, **self.how)

    def gradient(self, sigma):
        return self.ndimage.gaussian_gradient_magnitude(self.image, sigma, **self.how)

    def structure(self, sigma):
        slopes = [self.derivative(sigma / 2, axis) for axis in range(self.ndim)]
        tensor = [self.ndimage.gaussian_filter(slopes[i] * slopes[j], sigma, **self.how) for i, j in self.pairs()]
        return self.feature.structure_tensor_eigenvalues(tensor)

    def hessian(self, sigma):
        return self.feature.hessian_matrix_eigvals([self.derivative(sigma, i, j) for i, j in self.pairs()])

    def array(self, result):
        return result


class Itk(Peer):
    """No structure tensor."""

    module = "itk"
    threaded = True

    def __init__(self, image, threads):
        super().__init__(image, threads)
        import itk
        self.itk, self.version = itk, itk.Version.GetITKVersion()
        itk.MultiThreaderBase.SetGlobalDefaultNumberOfThreads(threads)
        self.image = itk.image_from_array(image)

    def smooth(self, sigma):
        return self.itk.smoothing_recursive_gaussian_image_filter(self.image, sigma=sigma)

    def laplacian(self, sigma):
        return self.itk.laplacian_recursive_gaussian_image_filter(self.image, sigma=sigma)

    def gradient(self, sigma):
        return self.itk.gradient_magnitude_recursive_gaussian_image_filter(self.image, sigma=sigma)

    def dog(self, sigma):
        return self.itk.subtract_image_filter(self.smoothed[sigma], self.smooth(0.66 * sigma))

    def hessian(self, sigma):
        tensor = self.itk.hessian_recursive_gaussian_image_filter(self.image, sigma=sigma)
        analysis = self.itk.SymmetricEigenAnalysisImageFilter.New(tensor)
        analysis.SetDimension(self.ndim)
        analysis.Update()
        return analysis.GetOutput()

    def array(self, result):
        return super().array(self.itk.array_view_from_image(result))


class SimpleItk(Peer):
    """No eigenvalues."""

    module = "SimpleITK"
    threaded = True

    def __init__(self, image, threads):
        super().__init__(image, threads)
        import SimpleITK
        self.itk, self.version = SimpleITK, SimpleITK.Version.VersionString()
        SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
        self.image = SimpleITK.GetImageFromArray(image)

    def smooth(self, sigma):
        return self.itk.SmoothingRecursiveGaussian(self.image, [sigma] * self.ndim)

    def laplacian(self, sigma):
        return self.itk.LaplacianRecursiveGaussian(self.image, sigma)

    def gradient(self, sigma):
        return self.itk.GradientMagnitudeRecursiveGaussian(self.image, sigma)

    def array(self, result):
        return self.itk.GetArrayViewFromImage(result)


class Dip(Peer):
    module = "diplib"
    threaded = True

    def __init__(self, image, threads):
        super().__init__(image, threads)
        import diplib
        self.dip, self.version = diplib, diplib.__version__
        diplib.SetNumberOfThreads(threads)
        self.image = diplib.Image(image)
        self.how = {"truncation": 4}

    def smooth(self, sigma):
        return self.dip.Gauss(self.image, [sigma], **self.how)

    def laplacian(self, sigma):
        return self.dip.Laplace(self.image, [sigma], **self.how)

    def gradient(self, sigma):
        return self.dip.GradientMagnitude(self.image, [sigma], **self.how)

    def structure(self, sigma):
        tensor = self.dip.StructureTensor(self.image, gradientSigmas=[sigma / 2], tensorSigmas=[sigma], **self.how)
        return self.dip.Eigenvalues(tensor)

    def hessian(self, sigma):
        return self.dip.Eigenvalues(self.dip.Hessian(self.image, [sigma], **self.how))


PEERS = {"vigra": Vigra, "vigra-default": VigraDefault, "scikit-image": Scikit, "itk": Itk, "simpleitk": SimpleItk,
         "diplib": Dip}


def status_bytes(field):
    """A memory field of this process."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field + ":"))


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(peer, families):
    """Computes all; returns (results by (family, sigma), CPU seconds, wall seconds)."""
    peer.smoothed = {}
    cpu, wall = cpu_seconds(), time.perf_counter()
    results = {(f, s): getattr(peer, f)(s) for f in families for s in FAMILIES[f]}
    return results, cpu_seconds() - cpu, time.perf_counter() - wall


def middle(shape):
    """Slices of a cube in the middle of the image."""
    return tuple(slice(max(0, n // 2 - CROP // 2), n // 2 + CROP // 2) for n in shape)


def crops(peer, results, shape):
    """{'family:sigma': (channels, ...)}: the middle of every result, eigenvalues largest first."""
    cut = {}
    for (family, sigma), result in results.items():
        pixels = peer.array(result)
        pixels = pixels if pixels.ndim > peer.ndim else pixels[None]
        cut[f"{family}:{sigma:g}"] = np.sort(pixels[(slice(None), *middle(shape))], axis=0)[::-1]
    return cut


def main():
    name, path, threads, repeats, out = sys.argv[1:]
    image = np.load(path)
    peer, small = (PEERS[name](pixels, int(threads)) for pixels in (image, image[middle(image.shape)].copy()))
    families = [family for family in FAMILIES if hasattr(peer, family)]
    measure(small, families)  # loads what the peer loads late
    resident, results, cpu, wall, peak = status_bytes("VmRSS"), None, [], [], 0
    for _ in range(int(repeats)):
        results = None  # a run does not pay for the memory of the one before
        results, *times = measure(peer, families)
        cpu.append(times[0])
        wall.append(times[1])
        peak = peak or status_bytes("VmHWM") - resident
    cut = crops(peer, results, image.shape)
    np.savez(out, **cut)
    print(json.dumps({"version": peer.version, "families": families, "threaded": peer.threaded, "memory": peak,
                      "channels": sum(len(c) for c in cut.values()), "cpu": min(cpu), "wall": min(wall)}))


if __name__ == "__main__":
    main()
