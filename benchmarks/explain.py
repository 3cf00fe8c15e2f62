"""How long explanations take: a click on the page of `serve`, and an overlong entity.

Takes the first words of a corpus as one text, and explains each of its entities as the page does,
without the server and through it. Then it explains a rival of many words, in which all tags differ
from the best sequence's. Prints milliseconds of processor time. Run with OMP_NUM_THREADS=1.

    python benchmarks/explain.py training/btc/model-best corpus/btc
"""

import json
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import spacy
import typer
from accuracy_data import find_corpus, read_part
from tables import make_table

from spacy_windowner import explain
from spacy_windowner.tools.serve import app, server
from spacy_windowner.tools.serve.corrections import Corrections
from spacy_windowner.tools.serve.tagger import Tagger
from spacy_windowner.tools.serve.teacher import Teacher


def milliseconds(act: Callable[[], Any]) -> float:
    """How long a function takes, with all threads."""
    start = time.process_time()
    act()
    return 1000.0 * (time.process_time() - start)


def main(
    model: Annotated[Path, typer.Argument(help="Folder of a trained pipeline")],
    corpus: Annotated[Path, typer.Argument(help="Folder with train, dev and test")],
    words: Annotated[int, typer.Option(help="Words of the text")] = 500,
    overlong: Annotated[int, typer.Option(help="Tokens of the overlong entity")] = 1900,
    repeats: Annotated[int, typer.Option(help="Explanations of the overlong entity")] = 5,
) -> None:
    """Measure how long explanations take."""
    nlp = spacy.load(model)
    docs = read_part(find_corpus(corpus).files["test"], nlp.vocab)
    text = " ".join([token.text for doc in docs for token in doc if not token.is_space][:words])
    tagger = Tagger(nlp, max_chars=len(text))
    found = tagger.find(text)["entities"]
    questions = [
        {"text": text, "versus": "", **{key: each[key] for key in ("start", "end", "label")}}
        for each in found
    ]
    rows = []

    def add(what: str, times: list[float]) -> None:
        rows.append([what, str(len(times)), f"{median(times):.1f}", f"{max(times):.1f}"])

    tagger.explain(**questions[0])  # warm
    times = [milliseconds(lambda q=q: tagger.explain(**q)) for q in questions]
    add(f"an entity of {words} words", times)
    add("the same through the server", ask_server(tagger, questions))
    long = " ".join(["and"] * overlong)
    label = tagger.labels[0]
    times = [
        milliseconds(lambda: explain(nlp, long, versus=(0, len(long), label)))
        for _ in range(repeats)
    ]
    add(f"an entity of {overlong:,} tokens", times)
    print(make_table(["explanation", "number", "median ms", "most ms"], rows))


def ask_server(tagger: Tagger, questions: list[dict[str, Any]]) -> list[float]:
    """How long the answers to clicks take, in milliseconds."""
    listening = server.listen("127.0.0.1", 0)
    served = app.Served(tagger, Teacher(tagger, Corrections()), "benchmark")
    running = server.make_server(app.make_app(served, server.allowed_hosts("127.0.0.1")))
    thread = threading.Thread(target=running.run, args=[[listening]])
    thread.start()
    connection = HTTPConnection(*listening.getsockname())

    def ask(question: dict[str, Any]) -> None:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/why", json.dumps(question), headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()

    ask(questions[0])  # warm
    times = [milliseconds(lambda q=q: ask(q)) for q in questions]
    connection.close()
    running.should_exit = True
    thread.join()
    listening.close()
    return times


if __name__ == "__main__":
    typer.run(main)
