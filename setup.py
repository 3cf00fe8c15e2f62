"""Builds the compiled parts. Without a C compiler the package installs all the same, and runs on
their twins in plain Python. All other metadata is in pyproject.toml."""

import sys
from pathlib import Path

import numpy
import spacy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# Sums are to have the same order, and so the same bits, on every run: no -ffast-math. Without errno
# square roots are taken four at a time. Without debugging symbols files are a fifth as large.
FLAGS = ["/O2"] if sys.platform == "win32" else ["-O3", "-fno-math-errno", "-g0"]
SPACY_SERIES = ".".join(spacy.__version__.split(".")[:2])

extensions = [
    Extension(
        ".".join(path.with_suffix("").parts),
        [str(path)],
        include_dirs=[numpy.get_include(), "spacy_windowner"],
        define_macros=[
            ("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION"),
            ("SPACY_SERIES", f'"{SPACY_SERIES}"'),
        ],
        extra_compile_args=FLAGS,
        depends=[str(header) for header in Path("spacy_windowner").rglob("*.h")],
        language="c++",
        optional=True,
    )
    for path in sorted(Path("spacy_windowner").rglob("*.pyx"))
]
directives = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
}


class BuildWhatCompiles(build_ext):
    """Builds extensions, and goes on without those that can't be compiled."""

    def run(self) -> None:
        super().run()
        # Commands that run in a checkout import the package from there.
        self.copy_extensions_to_source()

    def build_extension(self, ext: Extension) -> None:
        try:
            super().build_extension(ext)
        except Exception as error:  # setuptools lets some errors of optional extensions through
            self.warn(f"{ext.name} can't be compiled, so its twin in plain Python runs: {error}")


setup(
    ext_modules=cythonize(extensions, compiler_directives=directives),
    cmdclass={"build_ext": BuildWhatCompiles},
    options={"build_ext": {"parallel": True}},
)
