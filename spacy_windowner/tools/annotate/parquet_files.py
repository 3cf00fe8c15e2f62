"""Reads and writes Parquet files with PyArrow, the extra `parquet`."""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ..reading import first_line
from .records import COLUMNS, KEPT, Columns, Record, Reject
from .sources import Source

_BATCH = 256  # rows read at a time
_BATCH_BYTES = 2**25  # approximate maximum size of a batch with more than one row
_STRINGS = ("string", "large_string", "string_view")


def read_parquet(
    source: Source, columns: Columns, max_text: int
) -> Iterator[tuple[Record | Reject, int]]:
    """Read a Parquet file, one row group after the other.

    source (Source): The file.
    columns (Columns): The columns of the text and the ID.
    max_text (int): The maximum size of a text, in bytes.
    YIELDS (Tuple[Union[Record, Reject], int]): A document or a reject, and roughly how many bytes
        have been read.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    number = 0
    try:
        with ParquetFile(source.path) as file:
            schema, total = file.schema_arrow, max(1, file.metadata.num_rows)
            no_text = _problem(schema, columns.text, is_id=False)
            no_id = _problem(schema, columns.id, is_id=True)
            problem = no_text or (no_id if columns.id_required else "")
            if problem:
                yield Reject.of(source.name, 0, problem, None), source.size
                return
            # The default ID column is ignored if it can't be used.
            names = [columns.text] if no_id else list(dict.fromkeys([columns.text, columns.id]))
            for row in _rows(file, source.path, names, max_text):
                number += 1
                item = _read_row(dict(zip(names, row, strict=True)), number, source, columns)
                yield item, source.size * number // total
    except (ArrowException, OSError, UnicodeDecodeError) as error:
        reason = f"the file can't be read after row {number} ({first_line(error)})"
        yield Reject.of(source.name, 0, reason, None), source.size


def _problem(schema: Any, name: str, is_id: bool) -> str:
    """Why a column of a pyarrow.Schema can't be used for texts or IDs, empty if it can. Other types
    are never converted to Python, which doesn't support all of them."""
    from pyarrow import types

    n_columns = schema.names.count(name)
    if n_columns != 1:
        others = f", but {', '.join(schema.names)}"
        return f"{n_columns} columns {name}" if n_columns else f"no column {name}{others}"
    kind = schema.types[schema.names.index(name)]
    if types.is_dictionary(kind):
        kind = kind.value_type
    if str(kind) in _STRINGS or (is_id and types.is_integer(kind)):
        return ""
    return f"the column {name} is {kind}, not {'string or integer' if is_id else 'string'}"


class _Long(NamedTuple):
    """A string that is too long.

    raw (bytes): The beginning of the string.
    size (int): Its size, in bytes.
    max_text (int): The maximum size.
    """

    raw: bytes
    size: int
    max_text: int


def _rows(
    file: Any, path: Path | None, names: list[str], max_text: int
) -> Iterator[tuple[Any, ...]]:
    """The rows of a pyarrow.parquet.ParquetFile, with a value for each name."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path, metadata=file.metadata, read_dictionary=names) as packed:
        leaves = [i for i in range(len(file.schema)) if file.schema.column(i).path in names]
        for number in range(file.num_row_groups):
            group = file.metadata.row_group(number)
            settings = {"row_groups": [number], "columns": names}
            size = sum(group.column(i).total_uncompressed_size for i in leaves)
            a_row = max(1, size // max(1, group.num_rows))
            if size * _BATCH > _BATCH_BYTES:
                a_row = max(a_row, _longest_shared(packed, settings))
            n_rows = max(1, min(_BATCH, _BATCH_BYTES // a_row))
            for batch in file.iter_batches(batch_size=n_rows, **settings):
                values = [_values(batch.column(name), max_text) for name in names]
                yield from zip(*values, strict=True)


def _longest_shared(packed: Any, settings: dict[str, Any]) -> int:
    """The size of the longest string that a row group stores once for several rows. A file of one
    kilobyte can have hundreds of rows of 20 MB.

    packed (pyarrow.parquet.ParquetFile): The file, opened to read dictionaries of strings.
    settings (Dict[str, Any]): The rows and columns to read.
    RETURNS (int): The size in bytes, 0 if there is no such string.
    """
    from pyarrow import compute, types

    longest = 0
    batch = next(packed.iter_batches(batch_size=1, **settings), None)
    for column in [] if batch is None else batch.columns:
        if types.is_dictionary(column.type) and not types.is_integer(column.type.value_type):
            length = compute.max(compute.binary_length(column.dictionary)).as_py()
            longest = max(longest, length or 0)
    return longest


def _values(column: Any, max_text: int) -> Iterable[Any]:
    """The values of a pyarrow.Array of strings or integers. Strings that aren't UTF-8 are bytes."""
    if column.nbytes <= max_text:
        with suppress(UnicodeDecodeError):
            return column.to_pylist()  # faster
    return _checked_values(column, max_text)


def _checked_values(column: Any, max_text: int) -> Iterator[Any]:
    from pyarrow import types

    is_packed = types.is_dictionary(column.type)
    is_number = types.is_integer(column.type.value_type if is_packed else column.type)
    for scalar in column:
        if is_packed:
            scalar = scalar.value
        if is_number:
            yield scalar.as_py()
            continue
        data = scalar.as_buffer()
        if data is None:
            yield None
        elif data.size > max_text:
            yield _Long(data[:KEPT].to_pybytes(), data.size, max_text)
        else:
            try:
                yield str(data, "utf8")
            except UnicodeDecodeError:
                yield data.to_pybytes()


def _read_row(
    fields: dict[str, Any], number: int, source: Source, columns: Columns
) -> Record | Reject:
    for name, value in fields.items():
        if isinstance(value, _Long):
            reason = f"{name!r} has more than {value.max_text:,} bytes"
            return Reject.of(source.name, number, reason, value.raw, value.size)
    return columns.read(fields, source.name, number, None)


def write_parquet(rows: Sequence[tuple[Any, ...]]) -> bytes:
    """Convert rows to a Parquet file.

    rows (Sequence[Tuple[Any, ...]]): The rows, with values in the order of `COLUMNS`.
    RETURNS (bytes): The content of the file.
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
