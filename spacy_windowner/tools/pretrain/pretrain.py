"""Learns word vectors and a first layer from raw text, to start training with."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import srsly
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import fix_random_seed
from thinc.api import Config, Model, Optimizer, set_dropout_rate, use_ops

from ...errors import check_setting
from ...files import write_atomically
from ...models.saved import NotFinite, require_finite
from ...models.words_file import load_words, save_words
from ...optimizers.sparse_adam import SparseAdam
from ..errors import Errors
from ..raw_text import Batch, RawText
from .ranking import RankingNetwork, initialize_network, make_network, ranking_loss
from .source import RenewingTokenizer, component_in_config, load_parts, read_config

WORDS = "words.bin"


class Status(NamedTuple):
    """What `pretrain` reports after each batch.

    epoch (int): The current epoch, from 1.
    share (float): The share of the file that has been read in this epoch.
    words (int): Words learned from so far, in all epochs.
    loss (float): The loss of the batch: the mean of max(0, 1 - s + s_c).
    batch_words (int): Words in the batch.
    seconds (float): Seconds since learning began.
    """

    epoch: int
    share: float
    words: int
    loss: float
    batch_words: int
    seconds: float


class Done(NamedTuple):
    """What `pretrain` did.

    epochs (int): Epochs.
    words (int): Words learned from, in all epochs.
    """

    epochs: int
    words: int


def pretrain(
    raw_text: str | Path,
    output: str | Path,
    *,
    config: Config | str | Path | None = None,
    overrides: dict[str, Any] | None = None,
    component: str | None = None,
    init_words: str | Path | None = None,
    epochs: int = 5,
    batch_words: int = 20_000,
    corrupt_windows: int = 1,
    learn_rate: float = 0.002,
    dropout: float = 0.0,
    seed: int = 0,
    on_batch: Callable[[Status], None] | None = None,
) -> Done:
    """Learn the embedding and the first layer of a window classifier from raw text. Windows of the
    text should score higher than the same windows with another word in their centre. That word is
    drawn from the words of the batch.

    After each epoch, three files are written to the folder `output`: `words.bin`, the averaged
    weights; `config.cfg`, the settings of the component; and `meta.json`, what was trained. Each
    file is replaced as a whole. `words.bin` is for the setting `init_words` of the component's
    initialization, or for `init_words` below.

    raw_text (Union[str, Path]): A file, see `RawText`.
    output (Union[str, Path]): The folder to write. It is created if necessary. The first epoch
        replaces the files of an earlier pretraining.
    config (Optional[Union[Config, str, Path]]): The config whose component is pretrained. If None,
        that of an English pipeline with the factory's default component.
    overrides (Optional[Dict[str, Any]]): Settings of the config to replace, by dotted names.
    component (Optional[str]): The component's name. If None, the only `window_ner`.
    init_words (Optional[Union[str, Path]]): A `words.bin` of an earlier pretraining of the same
        layers, to start from its weights. It may be the one in `output`. If None, the weights are
        random.
    epochs (int): How often the text is read.
    batch_words (int): Words in a step.
    corrupt_windows (int): Corrupt windows for each true one.
    learn_rate (float): The learning rate of `SparseAdam`.
    dropout (float): The dropout rate of the embeddings. That of the model is ignored.
    seed (int): The seed of everything random.
    on_batch (Optional[Callable[[Status], None]]): Called after each batch.
    RETURNS (Done): What was done.
    RAISES (ValueError): If a setting, the text, the config, the folder or `init_words` can't be
        used, or the pretraining diverges.

    Source: the lecture's word vectors from a ranking task; Collobert and Weston (2008).
    """
    for name, value in [("epochs", epochs), ("batch_words", batch_words),
                        ("corrupt_windows", corrupt_windows)]:  # fmt: skip
        check_setting(value >= 1, name, value, "It is at least 1.")
    check_setting(seed >= 0, "seed", seed, "It is at least 0.")
    is_rate = 0.0 < learn_rate < math.inf
    check_setting(is_rate, "learn_rate", learn_rate, "It is a number above 0.")
    check_setting(0.0 <= dropout < 1.0, "dropout", dropout, "A rate is at least 0 and below 1.")
    config = read_config(config, overrides or {})
    component = component_in_config(config, component)
    text = RawText(raw_text, RenewingTokenizer(config))
    folder = Path(output)
    if folder.is_file():
        raise ValueError(Errors.WN048.format(path=folder))
    # The layers run on any device, but the hinge is made for the CPU's cache.
    with use_ops("numpy"):
        fix_random_seed(seed)
        nlp = load_parts(config, [component])
        model: Model = nlp.get_pipe(component).model  # type: ignore[attr-defined]
        network = make_network(model, component)
        initialize_network(network, [Doc(nlp.vocab, words=["word"])])
        if init_words is not None:
            load_words(model, Path(init_words), component)
        set_dropout_rate(network.words, dropout)
        meta: dict[str, Any] = {
            "component": component,
            "raw_text": text.path.name,
            "settings": {
                "lang": nlp.lang,
                "model": nlp.config["components"][component]["model"],
                "vectors": list(nlp.vocab.vectors.shape),
                "text_bytes": text.size,
                "init_words": None if init_words is None else str(init_words),
                "batch_words": batch_words,
                "corrupt_windows": corrupt_windows,
                "learn_rate": learn_rate,
                "dropout": dropout,
                "seed": seed,
            },
        }
        optimizer = SparseAdam(learn_rate)
        words, begin = 0, time.perf_counter()
        for epoch in range(1, epochs + 1):
            for batch in text.batches(batch_words):
                loss = _learn(network, optimizer, batch, corrupt_windows)
                if not math.isfinite(loss):
                    raise ValueError(
                        Errors.WN167.format(what=f"the loss of a batch is {loss}", path=folder)
                    )
                words += batch.n_words
                if on_batch is not None:
                    seconds = time.perf_counter() - begin
                    on_batch(Status(epoch, batch.share, words, loss, batch.n_words, seconds))
            if epoch == 1:  # report it once
                text.report_lines(words > 0)
            _require_finite(network, folder)
            _save(folder, nlp, model, optimizer, {**meta, "epochs": epoch, "words": words})
    return Done(epochs, words)


def _save(
    folder: Path, nlp: Language, model: Model, optimizer: Optimizer, meta: dict[str, Any]
) -> None:
    """Save the averaged weights, and what they belong to."""
    folder.mkdir(parents=True, exist_ok=True)
    with model.use_params(optimizer.averages):  # type: ignore[arg-type]
        save_words(model, folder / WORDS)
    write_atomically(folder / "config.cfg", nlp.config.to_bytes())
    write_atomically(folder / "meta.json", srsly.json_dumps(meta, indent=2).encode("utf8"))


def _require_finite(network: RankingNetwork, folder: Path) -> None:
    try:
        for layer in network:
            require_finite(layer)
    except NotFinite as error:
        raise ValueError(
            Errors.WN167.format(what=f"{error} are not all finite", path=folder)
        ) from error


def _learn(
    network: RankingNetwork, optimizer: Optimizer, batch: Batch, corrupt_windows: int
) -> float:
    """Make one step. The centres of the corrupt windows are drawn from the tokens of the batch, so
    frequent words are drawn often."""
    centres = numpy.random.randint(batch.n_words, size=(corrupt_windows, batch.n_words))
    loss = ranking_loss(network, batch.docs, centres)
    network.finish_update(optimizer)
    return loss
