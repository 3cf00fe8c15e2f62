"""What `speed.py` measures, a function for each of its rows."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from machine import bytes_on_disk
from spacy.language import Language
from spacy.tokens import Doc
from speed_labels import make_pipeline
from speed_texts import Letters, Source, cut
from speed_timing import CPU, WALL, Task, compare, interleave, rates, ratio
from speed_variants import (
    NER,
    TOKENIZER,
    UNCALIBRATED,
    WINDOW_NER,
    Variant,
    compare_pipelines,
    component_task,
    load,
    pipeline_task,
    run_components,
    run_pipeline,
)
from speed_worker import run_job

# Words on which one process and two are compared, and on which lengths and labels are.
_FEW_WORDS = 100_000
LENGTHS = [10, 100, 1000, 10_000, 100_000]
LABELS = [4, 18, 100]
SHORT = range(12, 19)
"""The number of words of a short text."""
THREADS = 4


class Setup(NamedTuple):
    """What there is to measure with.

    variants (List[Variant]): The pipelines.
    docs (List[Doc]): The annotated documents of the test part.
    sources (List[Source]): The texts, those of the test part first.
    letters (Letters): What made-up words are made of.
    rounds (int): Turns of each pipeline.
    vocabularies (List[int]): Numbers of distinct words.
    zone_words (int): Words to process in memory zones.
    """

    variants: list[Variant]
    docs: list[Doc]
    sources: list[Source]
    letters: Letters
    rounds: int
    vocabularies: list[int]
    zone_words: int

    @property
    def few(self) -> list[Variant]:
        """The tokenizer, `ner`, and `window_ner` as it was saved."""
        names = (TOKENIZER.name, NER, WINDOW_NER)
        return [variant for variant in self.variants if variant.name in names]

    @property
    def ours(self) -> list[Variant]:
        """The variants of `window_ner`."""
        return [variant for variant in self.variants if variant.name in (WINDOW_NER, UNCALIBRATED)]

    @property
    def fewer_rounds(self) -> int:
        """Turns where one is long."""
        return min(self.rounds, 3)

    @property
    def largest(self) -> Source:
        """The source with the most words."""
        return max(self.sources, key=lambda source: sum(map(len, source.texts)))


def measure_throughput(setup: Setup) -> dict[str, Any]:
    """Batches of texts, from end to end and the components alone, warm."""
    pipelines = {variant.name: load(variant) for variant in setup.variants}
    found: dict[str, Any] = {}
    for name, texts in setup.sources:
        found[name] = compare_pipelines(pipelines, texts, setup.rounds)
        seconds = {key: each["seconds"] for key, each in found[name]["component"].items()}
        found[name]["with_groups"] = ratio(seconds, UNCALIBRATED, WINDOW_NER)
    return found


def measure_plain(setup: Setup) -> dict[str, Any]:
    """Batches of texts with the plain-Python twins of what is compiled, warm."""
    return run_job(
        "throughput",
        env={"SPACY_WINDOWNER_PLAIN": "1"},
        variants=setup.variants,
        sources=dict(setup.sources[:2]),
        rounds=setup.fewer_rounds,
    )


def measure_latency(setup: Setup) -> dict[str, Any]:
    """Single short texts, many different ones: the median time of `nlp(text)`."""
    docs = [doc for doc in setup.docs if len(doc) in SHORT]
    groups = {
        "all": [doc.text for doc in docs],
        "with entities": [doc.text for doc in docs if doc.ents],
        "without entities": [doc.text for doc in docs if not doc.ents],
    }
    pipelines = {variant.name: load(variant) for variant in setup.variants}
    found: dict[str, Any] = {"texts": {name: len(texts) for name, texts in groups.items()}}
    found["fresh"] = {name: _latency(nlp, groups["all"]) for name, nlp in pipelines.items()}
    for name, texts in groups.items():
        seconds: dict[str, list[float]] = {key: [] for key in pipelines}
        for _ in range(setup.rounds):
            for key, nlp in pipelines.items():
                seconds[key].append(_latency(nlp, texts))
        found[name] = {
            key: {
                "seconds": median(values),
                "of_ner": ratio(seconds, NER, key),
                "of_tokenizer": ratio(seconds, TOKENIZER.name, key),
            }
            for key, values in seconds.items()
        }
    return found


def _latency(nlp: Language, texts: list[str]) -> float:
    """The median seconds of a text by itself."""
    seconds = []
    for text in texts:
        start = time.perf_counter()
        nlp(text)
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def measure_cold_start(setup: Setup) -> dict[str, Any]:
    """The time to load a pipeline, and its first pass over texts in its fresh vocabulary."""
    texts = setup.sources[0].texts
    found: dict[str, Any] = {
        variant.name: {"load_seconds": [], "words_per_second": []} for variant in setup.variants
    }
    for _ in range(setup.fewer_rounds + 1):
        for variant in setup.variants:
            start = CPU()
            nlp = load(variant)
            loaded = CPU()
            n_words = run_pipeline(nlp, texts)
            found[variant.name]["load_seconds"].append(loaded - start)
            found[variant.name]["words_per_second"].append(n_words / (CPU() - loaded))
    # The first round also imported modules.
    return {
        name: {key: median(values[1:]) for key, values in lists.items()}
        for name, lists in found.items()
    }


def measure_memory(setup: Setup) -> dict[str, Any]:
    """Peak memory of processes that do nothing else."""
    texts = setup.largest.texts
    found = {"source": setup.largest.name}
    for variant in setup.few:
        found[variant.name] = run_job("memory", variant=variant, texts=texts)
    return found


def measure_disk(setup: Setup) -> dict[str, Any]:
    """Bytes of the saved pipelines, and of their folders."""
    found = {}
    for variant in setup.few[1:]:
        folder = Path(variant.path or "")
        parts = {part.name: bytes_on_disk(part) for part in sorted(folder.iterdir())}
        found[variant.name] = {"total": sum(parts.values()), "parts": parts}
    return found


def measure_lengths(setup: Setup) -> dict[str, Any]:
    """Growth with the length of a text: a single text, from end to end, warm."""
    pipelines = {variant.name: load(variant) for variant in setup.few}
    for nlp in pipelines.values():
        # In a text with a special case, such as "don't", the tokenizer remembers no new strings.
        run_pipeline(nlp, setup.sources[0].texts)
    words = [token.text for doc in setup.docs for token in doc if not token.is_space]
    words *= 1 + LENGTHS[-1] // len(words)
    found = {}
    for length in LENGTHS:
        text = " ".join(words[:length])
        tasks = {name: pipeline_task(nlp, [text]) for name, nlp in pipelines.items()}
        n_words = run_pipeline(pipelines[TOKENIZER.name], [text])
        found[str(length)] = compare(interleave(tasks, setup.fewer_rounds), n_words)
    return found


def measure_vocabularies(setup: Setup) -> dict[str, Any]:
    """Growth with the number of distinct words, all equally frequent, in made-up text."""
    return {
        str(size): {
            variant.name: run_job(
                "vocabulary",
                variant=variant,
                letters=setup.letters,
                n_distinct=size,
                n_words=max(size, _FEW_WORDS),
            )
            for variant in setup.few
        }
        for size in setup.vocabularies
    }


def measure_labels(setup: Setup) -> dict[str, Any]:
    """Growth with the number of labels, components alone, untrained."""
    texts = setup.sources[0].texts
    sample = cut(texts, 2000)
    found: dict[str, Any] = {}
    for kind in (NER, WINDOW_NER):
        made = {str(n_labels): make_pipeline(kind, n_labels, sample) for n_labels in LABELS}
        tasks: dict[str, Task] = {key: component_task(nlp, texts) for key, (nlp, _) in made.items()}
        n_words = sum(len(made["4"][0].make_doc(text)) for text in texts)
        seconds = interleave(tasks, setup.fewer_rounds)
        found[kind] = compare(seconds, n_words)
        for key, (_, share) in made.items():
            found[kind][key]["share_in_entities"] = share
            found[kind][key]["slower_than_4"] = ratio(seconds, "4", key)
    return found


def measure_processes(setup: Setup) -> dict[str, Any]:
    """`nlp.pipe` with two processes, from end to end."""
    texts = cut(setup.largest.texts, _FEW_WORDS)
    found: dict[str, Any] = {"source": setup.largest.name}
    for variant in setup.few[1:]:
        nlp = load(variant)
        tasks = {str(number): pipeline_task(nlp, texts, number) for number in (1, 2)}
        seconds = interleave(tasks, setup.fewer_rounds, WALL)
        found[variant.name] = compare(seconds, run_pipeline(nlp, texts))
        found[variant.name]["speedup"] = ratio(seconds, "2", "1")
    return found


def measure_threads(setup: Setup) -> dict[str, Any]:
    """The component alone, each of several threads with its share of the same documents, over one
    thread with all of them. The time is that on the wall."""
    pipelines = {variant.name: load(variant) for variant in setup.ours}
    found: dict[str, Any] = {}
    for source, texts in setup.sources[:2]:
        found[source] = {}
        for name, nlp in pipelines.items():
            tasks = {str(number): _thread_task(nlp, texts, number) for number in (1, THREADS)}
            seconds = interleave(tasks, setup.rounds, WALL)
            n_words = run_pipeline(nlp, texts)
            found[source][name] = {
                "words_per_second": {key: rates(each, n_words) for key, each in seconds.items()},
                "speedup": ratio(seconds, str(THREADS), "1"),
            }
    return found


def _thread_task(nlp: Language, texts: list[str], n_threads: int) -> Task:
    """The components alone, in some threads."""

    def run(docs: list[Doc]) -> None:
        shares = [docs[i::n_threads] for i in range(n_threads)]
        with ThreadPoolExecutor(n_threads) as threads:
            list(threads.map(lambda share: run_components(nlp, share), shares))

    return Task(run, prepare=component_task(nlp, texts).prepare)


def measure_zone(setup: Setup) -> dict[str, Any]:
    """Memory while ever new words go by in memory zones; of the tokenizer alone, too. It is memory
    that counts here, so that they run side by side."""
    variants = [variant for variant in setup.few if variant.name != NER]

    def run(variant: Variant) -> list[dict[str, float]]:
        mark = min(1_000_000, setup.zone_words // 20)
        words = {"letters": setup.letters, "n_words": setup.zone_words}
        return run_job("zone", variant=variant, mark=mark, **words)

    with ThreadPoolExecutor() as threads:
        marks = list(threads.map(run, variants))
    return {
        variant.name: {"marks": each, "growth": memory_growth([mark["mb"] for mark in each])}
        for variant, each in zip(variants, marks, strict=True)
    }


def memory_growth(mb: list[float]) -> dict[str, float]:
    """The most memory in the first and the last quarter."""
    quarter = max(1, len(mb) // 4)
    first, last = max(mb[:quarter]), max(mb[-quarter:])
    return {"first_mb": first, "last_mb": last, "ratio": last / first}


ROWS = {
    "throughput": measure_throughput,
    "plain": measure_plain,
    "latency": measure_latency,
    "cold": measure_cold_start,
    "memory": measure_memory,
    "disk": measure_disk,
    "lengths": measure_lengths,
    "vocabularies": measure_vocabularies,
    "labels": measure_labels,
    "processes": measure_processes,
    "threads": measure_threads,
    "zone": measure_zone,
}
