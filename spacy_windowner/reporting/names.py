from collections.abc import Sequence
from pathlib import PurePath

_COMMON = {"model-best", "model-last"}  # what spaCy calls every trained pipeline


def short_names(paths: Sequence[str]) -> list[str]:
    """Names of pipelines that tell them apart: the ends of their paths, as short as that allows.

    paths (Sequence[str]): Their folders or packages.
    RETURNS (List[str]): The names. The same path twice has a number after it.
    """
    parts = [PurePath(path).parts or (".",) for path in paths]
    tails = {mine[-1] for mine in parts}
    if len(tails) == 1 and tails <= _COMMON and all(len(mine) > 1 for mine in parts):
        parts = [mine[:-1] for mine in parts]
    names = []
    for number, mine in enumerate(parts):
        others = {its for its in parts if its != mine}
        length = 1
        while length < len(mine) and (
            mine[-length] in _COMMON or any(its[-length:] == mine[-length:] for its in others)
        ):
            length += 1
        name = "/".join(mine[-length:])
        before = parts[:number].count(mine)
        names.append(f"{name} ({before + 1})" if before else name)
    return names
