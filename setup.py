"""Builds the compiled parts. Without a C++ compiler the package installs all the same, and runs on
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


class BuildInCheckout(build_ext):
    """Also puts what is built into the checkout, from where commands that run there import it."""

    def run(self) -> None:
        super().run()
        self.copy_extensions_to_source()


ext_modules = cythonize(extensions, compiler_directives=directives)
for extension in ext_modules:
    extension.optional = True  # cythonize forgets it
setup(
    ext_modules=ext_modules,
    cmdclass={"build_ext": BuildInCheckout},
    options={"build_ext": {"parallel": True}},
)
