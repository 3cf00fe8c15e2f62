"""The tables of `speed.py`, in Markdown."""

from collections.abc import Callable
from typing import Any, NamedTuple

from speed_rows import THREADS
from speed_texts import LONGER, TEST_PART
from speed_variants import NER, TOKENIZER, WINDOW_NER
from tables import make_table, number, words

MARKERS = "speed-tables"
Results = dict[str, Any]


def _throughput(found: Results) -> str:
    header = ["texts", "words/s", "best", "of tokenizer", "times ner", "component", "times ner"]
    rows: list[list[Any]] = []
    for source, result in found.items():
        distinct = number(result["distinct_words"])
        size = f"{number(result['words'])} tokens, {distinct} distinct words"
        rows.append([f"*{source}*: {size}", *[""] * (len(header) - 1)])
        for name, whole in result["end_to_end"].items():
            rate, part = whole["words_per_second"], result["component"].get(name)
            alone = words(part["words_per_second"]["median"]) if part else "-"
            row = [name, words(rate["median"]), words(rate["best"])]
            row += [whole["over_tokenizer"], whole["over_ner"]]
            rows.append([*row, alone, part and part["over_ner"]])
    return make_table(header, rows)


def _latency(found: Results) -> str:
    groups = ["all", "without entities", "with entities"]
    header = ["microseconds of nlp(text)", *groups, "of ner's time", "times the tokenizer's",
              "in a fresh vocabulary"]  # fmt: skip
    rows = []
    for name, fresh in found["fresh"].items():
        micros = [found[group][name]["seconds"] * 1e6 for group in groups]
        last = found[groups[-1]][name]
        rows.append([name, *micros, last["of_ner"], last["of_tokenizer"], fresh * 1e6])
    return make_table(header, rows)


def _cold(found: Results) -> str:
    header = ["fresh vocabulary", "seconds to load", "words/s, first pass"]
    rows = [[name, r["load_seconds"], words(r["words_per_second"])] for name, r in found.items()]
    return make_table(header, rows)


def _memory(found: Results) -> str:
    header = ["MB of memory", "imported", "loaded", "peak", "added", "seconds to start"]
    rows = []
    for name, result in found.items():
        if name != "source":
            imported, loaded, peak = (result[f"{key}_mb"] for key in ("imported", "loaded", "peak"))
            start = sum(result[f"{key}_seconds"] for key in ("import", "load", "first_text"))
            rows.append([name, imported, loaded, peak, peak - imported, start])
    return make_table(header, rows)


def _disk(found: Results) -> str:
    header = ["MB on disk", "whole pipeline", "components"]
    common = ("config.cfg", "meta.json", "tokenizer", "vocab")
    rows = []
    for name, result in found.items():
        own = sum(size for part, size in result["parts"].items() if part not in common)
        rows.append([name, result["total"] / 1e6, own / 1e6])
    return make_table(header, rows)


def _lengths(found: Results) -> str:
    names = list(next(iter(found.values())))
    rows = [
        [f"{int(length):,}", *(1e6 / r["words_per_second"]["median"] for r in result.values())]
        for length, result in found.items()
    ]
    return make_table(["words of one text: microseconds a word", *names], rows)


def _vocabularies(found: Results) -> str:
    names = list(next(iter(found.values())))
    header = [f"{name}, {each} pass" for name in names for each in ("1st", "2nd")]
    rows = []
    for size, result in found.items():
        rates = [result[n][f"{e}_words_per_second"] for n in names for e in ("first", "second")]
        memory = [result[name]["second_mb"] for name in names]
        rows.append([f"{int(size):,}", *map(words, rates), " / ".join(map(number, memory))])
    return make_table(["distinct words: words/s", *header, "MB grown by each"], rows)


def _labels(found: Results) -> str:
    header = ["labels, components alone", "words/s", "times as slow as with 4", "words in entities"]
    rows = []
    for kind, result in found.items():
        for n_labels, r in result.items():
            rate, share = words(r["words_per_second"]["median"]), f"{r['share_in_entities']:.1%}"
            rows.append([f"{kind}, {n_labels}", rate, r["slower_than_4"], share])
    return make_table(header, rows)


def _processes(found: Results) -> str:
    header = ["`n_process`", "1: words/s", "2: words/s", "times as fast"]
    rows = [
        [name, *(words(r[n]["words_per_second"]["median"]) for n in ("1", "2")), r["speedup"]]
        for name, r in found.items()
        if name != "source"
    ]
    return make_table(header, rows)


def _threads(found: Results) -> str:
    numbers = ["1", str(THREADS)]
    rows = [
        [f"{name}, {source}", *(words(r["words_per_second"][n]["median"]) for n in numbers),
         r["speedup"]]
        for source, result in found.items()
        for name, r in result.items()
    ]  # fmt: skip
    header = ["threads, component alone", *(f"{n}: words/s" for n in numbers), "times as fast"]
    return make_table(header, rows)


def _zone(found: Results) -> str:
    header = ["ever new words", "words", "MB, first quarter", "MB, last quarter", "words/s"]
    rows = []
    for name, result in found.items():
        last, growth = result["marks"][-1], result["growth"]
        rate = words(last["words"] / last["seconds"])
        rows.append([name, last["words"], growth["first_mb"], growth["last_mb"], rate])
    return make_table(header, rows)


TABLES: dict[str, tuple[str, Callable[[Results], str]]] = {
    "throughput": ("Batches of texts, warm", _throughput),
    "plain": ("The same without the compiled core", _throughput),
    "latency": ("One short text at a time (12 to 18 words), the median", _latency),
    "cold": ("Cold start, test part", _cold),
    "memory": ("Memory of a process, most of it of Python and spaCy", _memory),
    "disk": ("Size on disk", _disk),
    "lengths": ("Length of a text, warm", _lengths),
    "vocabularies": ("Number of words, all equally frequent and made up", _vocabularies),
    "labels": ("Number of labels, untrained", _labels),
    "processes": ("Two processes", _processes),
    "threads": ("Threads", _threads),
    "zone": ("Memory under `nlp.memory_zone()`", _zone),
}


class Target(NamedTuple):
    """What is to be reached.

    text (str): What it says.
    row (str): The row of `speed.py` that measures it.
    limit (Optional[float]): The limit, None for what is only told.
    at_least (bool): Whether it is the least, or the most, that is wanted.
    measured (Callable[[Dict], Dict[str, float]]): Gets what was measured from the row's results.
    """

    text: str
    row: str
    limit: float | None
    at_least: bool
    measured: Callable[[Results], dict[str, float]]


def _of_sources(kind: str, key: str, source: str | None = None) -> Callable:
    """What was measured of the component on all sources of texts, or on one."""

    def measured(found: Results) -> dict[str, float]:
        names = found if source is None else [source] if source in found else []
        return {name: found[name][kind][WINDOW_NER][key] for name in names}

    return measured


def _of_short_texts(key: str) -> Callable[[Results], dict[str, float]]:
    return lambda found: {"": found["with entities"][WINDOW_NER][key]}


def _own_growth(found: Results) -> float:
    """How much memory grows beyond what the vocabulary of the tokenizer takes alone."""
    whole, alone = found[WINDOW_NER]["growth"], found[TOKENIZER.name]["growth"]
    return (whole["last_mb"] - alone["last_mb"] + alone["first_mb"]) / whole["first_mb"]


TARGETS = [
    Target("end to end, times `ner`", "throughput", None, True,
           _of_sources("end_to_end", "over_ner")),
    Target("end to end, of the tokenizer alone", "throughput", 0.55, True,
           _of_sources("end_to_end", "over_tokenizer", TEST_PART)),
    Target("end to end, of the tokenizer alone", "throughput", 0.7, True,
           _of_sources("end_to_end", "over_tokenizer", LONGER)),
    Target("component alone, times `ner`", "throughput", 100, True,
           _of_sources("component", "over_ner")),
    Target("component alone, its time with probabilities, times that without",
           "throughput", 1.15, False,
           lambda found: {source: r["with_groups"] for source, r in found.items()}),
    Target("end to end without the compiled core, times `ner`", "plain", 1.0, True,
           _of_sources("end_to_end", "over_ner")),
    Target("one short text with entities, of `ner`'s time", "latency", 0.03, False,
           _of_short_texts("of_ner")),
    Target("one short text with entities, times the tokenizer's time", "latency", 2.5, False,
           _of_short_texts("of_tokenizer")),
    Target(f"component alone, {THREADS} threads, times as fast as one", "threads", 1.8, True,
           lambda found: {source: r[WINDOW_NER]["speedup"] for source, r in found.items()}),
    Target("100 labels, times as slow as 4", "labels", 2.5, False,
           lambda found: {"": found[WINDOW_NER]["100"]["slower_than_4"]}),
    Target("saved pipeline, of `ner`'s size", "disk", 1.0, False,
           lambda found: {"": found[WINDOW_NER]["total"] / found[NER]["total"]}),
    Target("memory at the end, of that at the start, ever new words, less the tokenizer's growth",
           "zone", 1.05, False, lambda found: {"": _own_growth(found)}),
]  # fmt: skip


def check_targets(results: Results) -> list[dict[str, Any]]:
    """What was measured of each target, and whether it is met."""
    checked = []
    for target in TARGETS:
        if target.row in results:
            measured = target.measured(results[target.row])
            limit = target.limit
            met = [] if limit is None else [
                value >= limit if target.at_least else value <= limit
                for value in measured.values()
            ]  # fmt: skip
            checked.append({"target": target.text, "limit": limit, "measured": measured,
                            "at_least": target.at_least, "met": met})  # fmt: skip
    return checked


def targets_table(checked: list[dict[str, Any]]) -> str:
    """The targets, with what was measured."""
    rows = []
    for check in checked:
        bound = "at least" if check["at_least"] else "at most"
        bound = "-" if check["limit"] is None else f"{bound} {number(check['limit'])}"
        measured = ", ".join(f"{number(v)} {name}".strip() for name, v in check["measured"].items())
        met = check["met"]
        verdict = "yes" if all(met) else f"{sum(met)} of {len(met)}" if any(met) else "no"
        verdict = verdict if met else "-"
        rows.append([check["target"], bound, measured, verdict])
    return make_table(["`window_ner`", "target", "measured", "met"], rows)


def report(result: Results) -> str:
    """All that was measured, in Markdown."""
    machine, rows = result["machine"], result["rows"]
    about = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    parts = [f"{result['date']}, {machine['cpu']}, {machine['cores']} cores, one thread. {about}."]
    parts.append(targets_table(result["targets"]))
    for name, (title, make) in TABLES.items():
        if name in rows:
            parts.append(f"### {title}\n\n{make(rows[name])}")
    skipped = [f"Skipped: {reason}." for reason in result["skipped"]]
    return "\n\n".join([*parts, *skipped])
