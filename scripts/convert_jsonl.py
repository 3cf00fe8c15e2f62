"""Convert JSONL with character offsets: {"text": ..., "spans": [{"start", "end", "label"}]}."""

from pathlib import Path
from typing import Annotated, Any

import spacy
import srsly
import typer
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from wasabi import msg


def make_doc(nlp: Language, record: dict[str, Any]) -> tuple[Doc, list[str]]:
    """Tokenize a text and set its entities. Spans that don't align with tokens, start or end on
    whitespace or overlap an earlier one are skipped, and their tokens count as not annotated.

    RETURNS (Tuple[Doc, List[str]]): The document, and a line for each span that was skipped.
    """
    doc = nlp.make_doc(record["text"])
    ents: list[Span] = []
    unknown: set[int] = set()
    skipped: list[str] = []
    for item in sorted(record["spans"], key=lambda item: (item["start"], item["end"])):
        start, end, label = item["start"], item["end"], item["label"]
        span = doc.char_span(start, end, label=label)
        if span is None:
            reason = "not aligned with the tokens"
        elif span[0].is_space or span[-1].is_space:
            reason = "on whitespace"
        elif ents and span.start < ents[-1].end:
            reason = f"overlaps {ents[-1].text!r}"
        else:
            ents.append(span)
            continue
        covered = span or doc.char_span(start, end, alignment_mode="expand")
        unknown.update(token.i for token in covered or [])
        skipped.append(f"{reason}: {record['text'][start:end]!r} ({label})")
    taken = {token.i for ent in ents for token in ent}
    doc.set_ents(ents, missing=[doc[i : i + 1] for i in sorted(unknown - taken)])
    return doc, skipped


def main(
    source: Annotated[Path, typer.Argument(help="JSONL file with `text` and `spans`")],
    target: Annotated[Path, typer.Argument(help="The .spacy file to write")],
    lang: Annotated[str, typer.Option(help="Language code")] = "en",
) -> None:
    """Convert JSONL with character offsets to spaCy's format, with the blank tokenizer."""
    nlp = spacy.blank(lang)
    doc_bin = DocBin()
    n_ents, problems = 0, []
    for index, record in enumerate(srsly.read_jsonl(source)):
        if "text" not in record or "spans" not in record:
            missing = "text" if "text" not in record else "spans"
            why = "A text without entities has an empty list of spans."
            msg.fail(f"{source}: document {index} has no `{missing}`", why, exits=1)
        doc, skipped = make_doc(nlp, record)
        doc_bin.add(doc)
        n_ents += len(doc.ents)
        problems += [f"document {index}, {line}, in {record['text']!r}" for line in skipped]
    target.parent.mkdir(parents=True, exist_ok=True)
    doc_bin.to_disk(target)
    if problems:
        msg.warn(f"{source}: skipped {len(problems)} spans", "\n".join(problems))
    msg.good(f"{target}: {len(doc_bin):,} documents, {n_ents:,} entities")


if __name__ == "__main__":
    typer.run(main)
