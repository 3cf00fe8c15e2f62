"""Measure how far the confidence of `window_ner` can be trusted, beside others.

On each corpus it trains `window_ner`, the same with the cross-entropy loss, and spaCy's
`beam_ner`, and compares the confidence of the entities that each finds in the test part with how
many are right. Each finished row is kept in the output file and isn't run again, so that an
interrupted run goes on where it was. docs/confidence.md says what the numbers mean.

    python benchmarks/confidence.py corpus/btc corpus/bc5cdr --output confidence.json

Models in the folder `--models` are taken with `--skip-training`. What confidence costs is measured
by `candidates.py`.
"""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from accuracy import gather, is_done, note_corpus, read_results, run_job, save_results
from accuracy_rows import Job
from confidence_report import MARKERS, report
from confidence_rows import ROWS, run
from machine import use_one_thread
from tables import fill
from wasabi import msg


def main(
    output: Annotated[Path, typer.Option(help="JSON file of the results")],
    corpora: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders with train, dev and test, .spacy or CoNLL-style. None: only report",
            show_default=False,
        ),
    ] = None,
    rows: Annotated[
        str, typer.Option(help=f"Rows to run, with commas between: {', '.join(ROWS)}")
    ] = ",".join(ROWS),
    lang: Annotated[str, typer.Option(help="Language code")] = "en",
    again: Annotated[bool, typer.Option("--again", help="Run rows again that are done")] = False,
    models: Annotated[
        Path, typer.Option(help="Folder of the models, CORPUS-ROW-0/model-best")
    ] = Path("training/confidence"),
    skip_training: Annotated[
        bool, typer.Option("--skip-training", help="Take the models that are there")
    ] = False,
    docs: Annotated[Path | None, typer.Option(help="Markdown file to put the tables in")] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder to draw pictures in (needs matplotlib)")
    ] = None,
) -> None:
    """Measure how far the confidence of `window_ner` can be trusted."""
    names = rows.split(",")
    if unknown := [name for name in names if name not in ROWS]:
        known = ", ".join(ROWS)
        raise typer.BadParameter(f"There is no {', '.join(unknown)}. Choose from {known}.")
    use_one_thread()
    results = read_results(output)
    try:
        found = gather(corpora or [], {}, "", lang, models)
        for corpus, about in found.items():
            note_corpus(results, corpus, about)
    except (OSError, ValueError) as error:
        msg.fail(str(error), exits=1)
    save_results(output, results)
    measure = partial(run, trained=skip_training)
    for corpus in found:
        for name in names:
            job = Job(name, models / "data" / corpus, models, lang=lang)
            if again or not is_done(results, job.key):
                run_job(job, output, measure)
    results = read_results(output)
    text = report(results)
    print(text)
    if docs is not None:
        fill(docs, MARKERS, text)
    if pictures is not None:
        from confidence_plots import draw_all  # needs matplotlib, which nothing else does

        for path in draw_all(results, pictures):
            msg.good(f"{path}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    typer.run(main)
