"""Which distribution a conda package installs, and which conda packages install none."""

from __future__ import annotations

from envaudit.recorded import names
from envaudit.snapshot.metadata import canonical

# conda package -> distribution, beyond the names that reports are full of (`names.CONDA`)
_INSTALLS = {
    "docker-py": "docker",
    "iris": "scitools-iris",
    "iris-esmf-regrid": "esmf-regrid",
    "polars-default": "polars",
    "python-librt": "librt",
    "python-stratify": "stratify",
    "astropy-base": "astropy",
    "brotli-python": "brotli",
    "cupy-core": "cupy",
    "cvxpy-base": "cvxpy",
    "cython-blis": "blis",
    "dask-core": "dask",
    "dvc-base": "dvc",
    "fastapi-core": "fastapi",
    "geopandas-base": "geopandas",
    "geoviews-core": "geoviews",
    "h2o-py": "h2o",
    "h3-py": "h3",
    "ibis-framework-core": "ibis-framework",
    "ignite": "pytorch-ignite",
    "libgpuarray": "pygpu",
    "libopencv": "opencv-python",
    "libsvm-python": "libsvm",
    "modin-core": "modin",
    "mne-base": "mne",
    "msg-extractor": "extract-msg",
    "mujoco-python": "mujoco",
    "nbconvert-core": "nbconvert",
    "neo4j-python-driver": "neo4j",
    "numpy-base": "numpy",
    "nvidia-apex": "apex",
    "nvidia-ml": "nvidia-ml-py3",
    "ollama-python": "ollama",
    "onnxruntime-novec": "onnxruntime",
    "openff-toolkit-base": "openff-toolkit",
    "opencv": "opencv-python",
    "ortools-python": "ortools",
    "osmnx-base": "osmnx",
    "pandera-base": "pandera",
    "pandera-core": "pandera",
    "py-opencv": "opencv-python",
    "pyarrow-core": "pyarrow",
    "pymc-base": "pymc",
    "pyosmium": "osmium",
    "pysoundfile": "soundfile",
    "pysox": "sox",
    "pytensor-base": "pytensor",
    "python-annoy": "annoy",
    "python-avro": "avro",
    "python-blosc": "blosc",
    "python-build": "build",
    "python-confluent-kafka": "confluent-kafka",
    "python-duckdb": "duckdb",
    "python-eccodes": "eccodes",
    "python-fastjsonschema": "fastjsonschema",
    "python-gmsh": "gmsh",
    "python-graphviz": "graphviz",
    "python-hdfs": "hdfs",
    "python-installer": "installer",
    "python-kaleido": "kaleido",
    "python-kubernetes": "kubernetes",
    "python-leveldb": "leveldb",
    "python-libarchive-c": "libarchive-c",
    "python-lmdb": "lmdb",
    "python-mss": "mss",
    "python-pdfkit": "pdfkit",
    "python-sounddevice": "sounddevice",
    "python-spams": "spams",
    "python-symengine": "symengine",
    "python-tzdata": "tzdata",
    "python-wget": "wget",
    "python-xxhash": "xxhash",
    "python-zstd": "zstd",
    "pytorch-3dunet": "pytorch3dunet",
    "pywebp": "webp",
    "quantlib-python": "quantlib",
    "quaternion": "numpy-quaternion",
    "ray-core": "ray",
    "ray-default": "ray",
    "redis-py": "redis",
    "sagemaker-python-sdk": "sagemaker",
    "seaborn-base": "seaborn",
    "segment-anything": "segment-anything-py",
    "sentencepiece-python": "sentencepiece",
    "soxr-python": "soxr",
    "sqlalchemy-utils-base": "sqlalchemy-utils",
    "starlette-base": "starlette",
    "starlette-full": "starlette",
    "tensorflow-base": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tiledb-py": "tiledb",
    "tiny-cuda-nn": "tinycudann",
    "torchaudio-cpu": "torchaudio",
    "torchvision-cpu": "torchvision",
    "transformer-engine-torch": "transformer-engine",
    "tvm-py": "tvm",
    "vtk-base": "vtk",
    "wgpu-py": "wgpu",
}

# conda packages that install no distribution, of the kinds that environments of people are full of
_PLAIN = """
    compiler-rt lld macosx-deployment-target parallelio rust-src vcomp14 vs-win-64
    abseil-cpp alsa-lib aom aria2 arpack arrow-cpp atk autoconf automake aws-checksums aws-crt-cpp aws-sdk-cpp
    azure-core-cpp azure-identity-cpp azure-storage-blobs-cpp azure-storage-common-cpp
    azure-storage-files-datalake-cpp bash bazel bcftools bedtools binutils blas blas-devel blosc boost boost-cpp
    bowtie2 brotli brotli-bin bwa bwidget bzip2 c-ares c-compiler ca-certificates cairo ccache cfitsio clang clangxx
    cmake compilers coreutils cpuonly cpython cuda cudatoolkit cudatoolkit-dev cudnn curl cutensor cxx-compiler
    cyrus-sasl dav1d dbus docker double-conversion doxygen duckdb-cli eccodes eigen elfutils expat fastqc ffmpeg
    fftw flatbuffers fmt fontconfig fonts-anaconda fonts-conda-ecosystem fonts-conda-forge fortran-compiler freeglut
    freetype freexl fribidi fzf gawk gcc gdb gdk-pixbuf gds-tools geos geotiff gettext gettext-tools gflags gfortran
    gh ghostscript giflib git git-lfs glew glib glib-tools glog glpk gmp gnupg gnuplot gnutls go graphite2 graphviz
    grep grpc-cpp gsl gst-plugins-base gstreamer gtk2 gtk3 gxx harfbuzz hdf4 hdf5 htop icu igraph imagemagick imath
    intel-openmp ipopt jansson jasper jpeg jq json-c jsoncpp jxrlib kealib keyutils krb5 lame lcms2 lerc level-zero
    leveldb llvm llvm-openmp lz4-c lzo m4 maeparser magma make mariadb-connector-c mesalib metis mkl mkl-devel
    mkl-include mongodb mpc mpfr mpg123 mpi mpich mscorefonts msmpi msys2-conda-epoch muparser mysql mysql-common
    mysql-libs nasm nccl nccl2 ncurses netcdf-fortran nettle ninja ninja-base nlohmann-json nodejs nomkl
    nsight-compute nspr nss ocl-icd oniguruma openblas opencl-headers openexr openh264 openjdk openjpeg openldap
    openmp openmpi openssh openssl orc p11-kit p7zip pandoc pango parallel parquet-cpp patch patchelf pcre pcre2
    perl pigz pixman pkg-config poppler poppler-data popt portaudio postgresql proj proj4 prometheus-cpp
    pthread-stubs pugixml pulseaudio-client pybind11-abi python-abi python-gil pytorch-cuda pytorch-mutex qhull qt
    qt-main qt-webengine qt6-main qtwebkit r rav1e rdma-core re2 readline reproc reproc-cpp rhash rocksdb rsync ruby
    rust s2n samtools scotch screen sdl2 sed seqtk skopeo sleef snappy sox soxr spdlog spirv-tools sqlite
    suitesparse superlu svt-av1 swig tar tbb tbb-devel tcl texinfo texlive-core tiledb tini tk tktable tmux tree
    tzdata ucrt ucx udunits2 unixodbc unzip util-linux vc vc14-runtime vim wayland wayland-protocols wget which
    winpty x264 x265 xerces-c xkeyboard-config xxhash xz xz-tools yaml yaml-cpp yarn yasm zeromq zfp zip zlib
    zlib-ng zsh zstd
"""
_NONE = frozenset(_PLAIN.split())
# families of them: no package of these installs a distribution, but for the exceptions below
_FAMILIES = (
    "r-", "m2-", "m2w64-", "perl-", "xorg-", "xcb-", "ros-", "bioconductor-", "cuda-", "gcc-", "gxx-", "gfortran-",
    "binutils-", "clang-", "libxcb-", "nss-", "magma-cuda", "font-ttf-", "rust-std-", "kernel-headers-",
    "sysroot-", "ld-impl-", "llvm-tools", "cctools", "ld64", "sdkroot-env-", "vs2", "gst-plugins-", "aws-c-",
)  # fmt: skip
_PYTHON_CUDA = frozenset(("cuda-bindings", "cuda-core", "cuda-pathfinder", "cuda-python"))
# "lib…" is a C library in conda, but for these
_PYTHON_LIB = frozenset((
    "libcst", "libensemble", "libgravatar", "libhxl", "libiio", "libipld", "libmambapy", "libneuroml", "libpysal",
    "librabbitmq", "librosa", "libsass", "libsvm-python", "libsvmdata", "libtmux", "libusb-package", "libusb1",
))  # fmt: skip


def distribution(package: str) -> str:
    """The canonical name of the distribution that a conda package installs; "" when it installs none.

    Python itself is "python".  A name that is not known is taken for its own distribution, as most are.
    """
    name = canonical(package)
    if not name or name in _NONE:
        return ""
    known = _INSTALLS.get(name)
    if known:
        return known
    if name.startswith(_FAMILIES) and name not in _PYTHON_CUDA:
        return ""
    if name.startswith("lib") and name not in _PYTHON_LIB:
        return ""
    return names.from_conda(name) or ""
