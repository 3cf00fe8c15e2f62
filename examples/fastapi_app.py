import os
from threading import Lock

import spacy
from fastapi import FastAPI
from pydantic import BaseModel, Field

nlp, lock = spacy.load(os.environ.get("MODEL", "model/model-best")), Lock()
app = FastAPI()


class Query(BaseModel):
    texts: list[str] = Field(max_length=1000)


@app.post("/entities")
def entities(query: Query) -> list[list[dict]]:
    with lock, nlp.memory_zone():  # discards the new words of a request afterwards
        return [[as_json(ent) for ent in doc.ents] for doc in nlp.pipe(query.texts)]


def as_json(ent):
    place = {"start": ent.start_char, "end": ent.end_char}
    return {**place, "label": ent.label_, "text": ent.text, "score": ent._.ner_score}
