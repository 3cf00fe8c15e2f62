"""Find personal data with Presidio, using a trained pipeline for names of people and places."""

from collections.abc import Sequence
from typing import Annotated

import typer
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts, SpacyNlpEngine
from spacy.tokens import Doc

# Presidio's names for the labels of the pipeline.
ENTITIES = {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORGANIZATION"}


class WindowNerEngine(SpacyNlpEngine):
    """Passes the probability of each entity to Presidio, which otherwise uses a fixed score. Also
    sets lemmas, which Presidio compares with its context words, if there is no lemmatizer."""

    engine_name = "window_ner"

    def _get_scores_for_entities(self, doc: Doc) -> list[float]:
        fixed = self.ner_model_configuration.default_score
        return [fixed if ent._.ner_score is None else ent._.ner_score for ent in doc.ents]

    def _doc_to_nlp_artifact(self, doc: Doc, language: str) -> NlpArtifacts:
        if not doc.has_annotation("LEMMA"):
            for token in doc:
                token.lemma_ = token.lower_
        return super()._doc_to_nlp_artifact(doc, language)


def make_analyzer(
    model: str, entities: dict[str, str] = ENTITIES, ignored: Sequence[str] = ()
) -> AnalyzerEngine:
    """Make an analyzer for English texts.

    model (str): The folder or package of the pipeline.
    entities (Dict[str, str]): Presidio's name for each label of the pipeline.
    ignored (Sequence[str]): The labels that aren't personal data.
    RETURNS (AnalyzerEngine): The analyzer.
    """
    settings = NerModelConfiguration(
        model_to_presidio_entity_mapping=entities, labels_to_ignore=list(ignored)
    )
    engine = WindowNerEngine([{"lang_code": "en", "model_name": model}], settings)
    return AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])


def main(
    model: Annotated[str, typer.Argument(help="A trained pipeline")],
    text: Annotated[str, typer.Argument(help="An English text")],
    threshold: Annotated[float, typer.Option(help="The minimum score")] = 0.5,
) -> None:
    """Print the personal data in a text."""
    found = make_analyzer(model).analyze(text, language="en", score_threshold=threshold)
    for one in sorted(found, key=lambda one: one.start):
        typer.echo(f"{text[one.start : one.end]}  {one.entity_type}  {one.score:.2f}")


if __name__ == "__main__":
    typer.run(main)
