"""Parquet files, read and written with PyArrow, the extra `parquet`. No other module imports it."""

import io
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import Errors
from .columns import Columns
from .records import Record, Reject
from .rows import COLUMNS
from .sources import Source

_BATCH = 256  # rows read at a time


def require_pyarrow() -> None:
    """RAISES (ImportError): If PyArrow is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise ImportError(Errors.WN118) from error


def read_parquet(source: Source, columns: Columns) -> Iterator[tuple[Record | Reject, int]]:
    """Read a Parquet file, a group of rows after the other.

    source (Source): The file.
    columns (Columns): Where documents have their parts.
    YIELDS (Tuple[Union[Record, Reject], int]): A document, or what could not be read, and how many
        bytes were read after it, roughly.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    number = 0
    try:
        with ParquetFile(source.path) as file:
            names = file.schema_arrow.names
            wanted = [name for name in (columns.text, columns.id) if name in names]
            needed = [columns.text, *([columns.id] if columns.id_required else [])]
            missing = [name for name in needed if name not in names]
            if missing:
                reason = f"no column {', '.join(missing)}, but {', '.join(names)}"
                yield Reject(source.name, 0, reason, None), source.size
                return
            total = max(1, file.metadata.num_rows)
            for batch in file.iter_batches(batch_size=_BATCH, columns=wanted):
                values = [_values(column) for column in batch.columns]
                for row in zip(*values, strict=True):
                    number += 1
                    fields = dict(zip(batch.schema.names, row, strict=True))
                    item = columns.read(fields, source.name, number, None)
                    yield item, source.size * number // total
    except (ArrowException, OSError) as error:
        reason = f"the file can't be read on after row {number} ({_first_line(error)})"
        yield Reject(source.name, 0, reason, None), source.size


def _values(column: Any) -> list[Any]:
    """The values of a pyarrow.Array. Strings that are no UTF-8 are bytes."""
    try:
        return column.to_pylist()
    except UnicodeDecodeError:
        return [_value(scalar) for scalar in column]


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return scalar.as_buffer().to_pybytes()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def write_parquet(rows: Sequence[tuple[Any, ...]]) -> bytes:
    """Rows as a Parquet file.

    rows (Sequence[Tuple[Any, ...]]): The rows, in the order of `COLUMNS`.
    RETURNS (bytes): The file.
    """
    import pyarrow
    from pyarrow.parquet import write_table

    types = [pyarrow.string(), pyarrow.int64(), pyarrow.int64(), pyarrow.string(),
             pyarrow.string(), pyarrow.float64()]  # fmt: skip
    schema = pyarrow.schema(list(zip(COLUMNS, types, strict=True)))
    values = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    arrays = [pyarrow.array(column, kind) for column, kind in zip(values, types, strict=True)]
    file = io.BytesIO()
    write_table(pyarrow.Table.from_arrays(arrays, schema=schema), file)
    return file.getvalue()
