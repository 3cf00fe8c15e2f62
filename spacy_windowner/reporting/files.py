import os
from collections.abc import Mapping
from pathlib import Path

from ..errors import Errors


def write_files(folder: str | Path, files: Mapping[str, str]) -> list[Path]:
    """Write files of text into a folder, which is made if necessary: all of them, whole, or none.
    They are written beside their places first, and then moved there.

    folder (Union[str, Path]): The folder.
    files (Mapping[str, str]): Their texts, by their names.
    RETURNS (List[Path]): The files.
    RAISES (ValueError): If they can't be written. What was there before stays as it was.
    """
    folder = Path(folder)
    places = {folder / name: folder / f".{name}.part" for name in files}
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for (place, beside), text in zip(places.items(), files.values(), strict=True):
            if place.is_dir():
                raise IsADirectoryError(f"{place} is a folder")
            written.append(beside)
            with beside.open("w", encoding="utf8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        for place, beside in places.items():
            os.replace(beside, place)
    except OSError as error:
        raise ValueError(Errors.WN094.format(path=folder, reason=error)) from error
    finally:
        for beside in written:
            beside.unlink(missing_ok=True)
    return list(places)
