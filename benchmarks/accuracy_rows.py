"""What `accuracy.py` trains: a function that trains and tests one row, and the rows' configs."""

import copy
import datetime
import json
import re
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import crf
import spacy
from accuracy_score import score
from machine import PACKAGES, bytes_on_disk, describe_machine
from spacy.cli.init_config import init_config
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.training import Corpus
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import get_lang_class, load_config, registry
from speed_texts import cut
from speed_timing import interleave
from speed_variants import component_task, pipeline_task, run_pipeline
from thinc.api import Config

from spacy_windowner.tools.report.matching import entities

CONFIGS = Path(__file__).parent.parent / "configs"
NER = "components.window_ner"
MODEL = f"{NER}.model"
LOSS = f"{NER}.loss"
VECTORS_EMBED = {
    "@architectures": "spacy-windowner.VectorsEmbed.v1",
    "width": 96,
    "update_vectors": False,
}

CLUSTER_EMBED = {
    "@architectures": "spacy-windowner.ClusterEmbed.v1",
    "source": "spacy-lookups-data",
    "width": 64,
    "prefixes": [4, 6, 10, 16],
}

MIXED_FEATURES = {
    "@architectures": "spacy.MultiHashEmbed.v2",
    "width": 64,
    "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
    "rows": [5000, 1000, 2500, 2500],
    "include_static_vectors": False,
}

# What each row changes in configs/default.cfg.
VARIANTS: dict[str, dict[str, Any]] = {
    "window_ner": {},
    "cross-entropy": {LOSS: {"@losses": "spacy-windowner.CrossEntropy.v1"}},
    "sequence term alone": {f"{LOSS}.pairwise_weight": 0.0},
    "bio": {"components.window_ner.scheme": "bio"},
    "no recall bias": {"training.before_to_disk": None},
    "features mixed": {f"{MODEL}.embed.features": MIXED_FEATURES},
    "average": {f"{MODEL}.pooling": "average"},
    "hidden depth 0": {f"{MODEL}.hidden_depth": 0},
    "hidden depth 2": {f"{MODEL}.hidden_depth": 2},
    "no n-grams": {f"{MODEL}.embed.ngrams": None},
    "clusters": {f"{MODEL}.embed.clusters": CLUSTER_EMBED},
}
# spaCy's `ner`, by what its config is made for.
PEERS = {"ner efficiency": "efficiency", "ner accuracy": "accuracy"}
PEER = "ner efficiency"
BEAM = "beam_ner"
"""spaCy's `ner` with beam search, in the config of PEER. Its entities have scores."""
CRF = crf.NAME
BEST = "model-best"
_SECTIONS = [
    *["paths", "system", "nlp", "components", "corpora", "training", "initialize", "pretraining"]
]
"""What a config has at its root."""
SPEED_WORDS = 20_000
"""About how many words of the test part the speed of prediction is measured on."""


class Job(NamedTuple):
    """A row to train and test.

    row (str): Its name: CRF, BEAM, one of PEERS or of VARIANTS.
    corpus (Path): A folder with train, dev and test.spacy, named as the corpus is.
    models (Path): Where to save the model, in a folder of its own.
    seed (int): The seed. CRFsuite needs none.
    vectors (Optional[Path]): A folder of word vectors. CRFsuite uses none.
    lang (str): The language code.
    changes (Tuple[str, ...]): What else a row of VARIANTS changes, such as "loss.transitions=true":
        a setting of the component or, from the root of the config, of all else, and its value in
        JSON.
    """

    row: str
    corpus: Path
    models: Path
    seed: int = 0
    vectors: Path | None = None
    lang: str = "en"
    changes: tuple[str, ...] = ()

    @property
    def key(self) -> dict[str, Any]:
        """What tells the row from others."""
        vectors = None if self.vectors is None else self.vectors.resolve().name
        return {"corpus": self.corpus.name, "row": self.name, "vectors": vectors, "seed": self.seed}

    @property
    def name(self) -> str:
        """The name of the row, with what it changes."""
        return " ".join([self.row, *self.changes])

    @property
    def folder(self) -> Path:
        """Where the models of the row are saved."""
        name = "-".join(str(value) for value in self.key.values() if value is not None)
        return self.models / re.sub(r"[^\w.,=-]+", "-", name)


def make_config(job: Job) -> Config:
    """The config of a row, one that spaCy trains."""
    if job.row in PEERS or job.row == BEAM:
        optimize = PEERS.get(job.row, PEERS[PEER])
        config = init_config(lang=job.lang, pipeline=["ner"], optimize=optimize)
        if job.row == BEAM:
            config["components"]["ner"]["factory"] = BEAM
        embed = config["components"]["tok2vec"]["model"]["embed"]
        embed["include_static_vectors"] = job.vectors is not None
    else:
        config = load_config(CONFIGS / "default.cfg")
        config["nlp"]["lang"] = job.lang
        # Some languages have a tokenizer of their own.
        tokenizer = get_lang_class(job.lang).default_config["nlp"]["tokenizer"]
        config["nlp"]["tokenizer"] = copy.deepcopy(tokenizer)
        if job.vectors is not None:
            _set(config, f"{MODEL}.embed.vectors", VECTORS_EMBED)
        for path, value in [*VARIANTS[job.row].items(), *map(_read_change, job.changes)]:
            _set(config, path, value)
    config["paths"]["train"] = str(job.corpus / "train.spacy")
    config["paths"]["dev"] = str(job.corpus / "dev.spacy")
    config["paths"]["vectors"] = None if job.vectors is None else str(job.vectors)
    config["system"]["seed"] = job.seed
    config["training"]["logger"] = {"@loggers": "accuracy.Log.v1"}
    return config


def _read_change(text: str) -> tuple[str, Any]:
    """The path from the root of the config, and the value, of a change such as "dropout=0.1"."""
    path, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text} has no value: expected `setting=value`.")
    if path.split(".")[0] not in _SECTIONS:
        path = f"{NER}.{path}"
    try:
        return path, json.loads(value)
    except json.JSONDecodeError:
        return path, value


def _set(config: Config, path: str, value: Any) -> None:
    """Set what is at a path of keys, with points between, where there is something."""
    *parents, key = path.split(".")
    block: Any = config
    for parent in parents:
        block = block.get(parent) if isinstance(block, dict) else None
    if not isinstance(block, dict) or key not in block:
        raise ValueError(f"The config of window_ner has no setting {path}.")
    block[key] = copy.deepcopy(value)


LOG: list[tuple[float, float]] = []


@registry.loggers("accuracy.Log.v1")
def make_log():
    """A logger that notes the CPU time and the score of each evaluation in LOG."""

    def setup(nlp, stdout, stderr):
        def log_step(info):
            if info is not None and info["score"] is not None:
                LOG.append((time.process_time(), info["score"]))

        return log_step, lambda: None

    return setup


def train_row(job: Job) -> Path:
    """Train one row.

    job (Job): The row.
    RETURNS (Path): The folder of the model that is best on dev.spacy or, of CRFsuite, that of the
        last iteration.
    """
    LOG.clear()
    best = job.folder / BEST
    if job.row == CRF:
        nlp = spacy.blank(job.lang)
        crf.train_pipeline(job.lang, Corpus(job.corpus / "train.spacy")(nlp), best)
    else:
        nlp = init_nlp(make_config(job))
        job.folder.mkdir(parents=True, exist_ok=True)
        train(nlp, job.folder, use_gpu=-1)
    return best


def run(job: Job) -> dict[str, Any]:
    """Train and test one row.

    job (Job): The row.
    RETURNS (Dict): Its key, its scores in percent, the CPU seconds of its training, the rates of
        its prediction in tokens a second, its size in bytes, and what it was measured on.
    """
    start = time.process_time()
    folder = train_row(job)
    total = time.process_time() - start
    nlp = spacy.load(folder)
    known = entities(_read(nlp, job.corpus / "train.spacy"))
    dev, test = (evaluate(nlp, job.corpus / f"{part}.spacy", known) for part in ("dev", "test"))
    # CRFsuite is scored once, at the end.
    curve = [(at - start, 100 * f) for at, f in LOG] or [(total, dev["all"]["f"] or 0.0)]
    best = max(f for _, f in curve)
    return {
        **job.key,
        "dev_f": best,
        "dev": dev,
        "test": test,
        "seconds_to_best": seconds_to_reach(curve, best),
        "seconds": total,
        "curve": [(round(at, 2), round(f, 3)) for at, f in curve],
        "tokens_per_second": measure_speed(nlp, job.corpus / "test.spacy"),
        "bytes": bytes_on_disk(folder),
        "date": datetime.date.today().isoformat(),
        "machine": describe_machine([*PACKAGES, "python-crfsuite"]),
    }


def _read(nlp: Language, path: Path) -> list:
    return list(DocBin().from_disk(path).get_docs(nlp.vocab))


def evaluate(nlp: Language, path: Path, known: set) -> dict[str, dict[str, Any]]:
    """The scores of a pipeline on a part of a corpus, of all, seen and unseen entities."""
    examples = list(Corpus(path)(nlp))
    for eg, doc in zip(examples, nlp.pipe(eg.predicted for eg in examples), strict=True):
        eg.predicted = doc
    return {kind: found._asdict() for kind, found in score(examples, known).items()}


def seconds_to_reach(curve: list[tuple[float, float]], f: float) -> float | None:
    """The seconds after which a row's dev score is at least this high, None if never."""
    return next((seconds for seconds, reached in curve if reached >= f), None)


def measure_speed(nlp: Language, path: Path, rounds: int = 3) -> dict[str, float]:
    """Tokens a CPU second that a pipeline tags, warm: from texts to entities, and without the
    tokenizer, in turns."""
    texts = cut((doc.text for doc in _read(nlp, path)), SPEED_WORDS)
    tasks = {"pipeline": pipeline_task(nlp, texts), "component": component_task(nlp, texts)}
    n_tokens = run_pipeline(nlp, texts)
    seconds = interleave(tasks, rounds)
    return {name: n_tokens / median(each) for name, each in seconds.items()}
