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

from ...errors import Errors, check_setting
from ...files import write_atomically
from ...models.saved import NotFinite, require_finite
from ...models.words_file import save_words
from ...optimizers.sparse_adam import SparseAdam
from ..raw_text import Batch, Position, RawText
from .checkpoint import Progress, load_checkpoint, save_checkpoint
from .ranking import RankingNetwork, initialize_network, make_network, ranking_loss
from .source import DocMaker, choose_component, load_pipeline, read_config

WORDS = "words.bin"


class Status(NamedTuple):
    """What a pretraining tells of a batch.

    epoch (int): The epoch, from 1.
    share (float): The share of the file read in this epoch.
    words (int): Words learned from, in all epochs.
    loss (float): The batch's loss, the mean of max(0, 1 - s + s_c).
    batch_words (int): The batch's words.
    seconds (float): Seconds since this run began to learn.
    run_words (int): Words learned from in this run.
    """

    epoch: int
    share: float
    words: int
    loss: float
    batch_words: int
    seconds: float
    run_words: int


def pretrain(
    raw_text: str | Path,
    output: str | Path,
    *,
    config: Config | str | Path | None = None,
    overrides: dict[str, Any] | None = None,
    component: str | None = None,
    epochs: int = 5,
    batch_words: int = 20_000,
    corrupt_windows: int = 1,
    learn_rate: float = 0.002,
    dropout: float = 0.0,
    seed: int = 0,
    checkpoint_words: int = 1_000_000,
    on_batch: Callable[[Status], None] | None = None,
) -> Progress:
    """Learn the embedding and the first layer of a window classifier from raw text: windows of the
    text are to score higher than the same windows with another word in their centre, drawn from
    the words of the batch.

    The folder `output` then holds `words.bin`, the averaged weights, for `init_words` of the
    component's initialization; `config.cfg`, the component's settings; `meta.json`, what was
    trained; and `checkpoint.bin`.
    If it holds a checkpoint already, pretraining goes on from there, and gives the weights that it
    would have given without the interruption. With more epochs it can be continued.

    raw_text (Union[str, Path]): A file, see `RawText`.
    output (Union[str, Path]): The folder to write, made if necessary.
    config (Optional[Union[Config, str, Path]]): The config whose component is pretrained. If None,
        that of an English pipeline with the factory's default component.
    overrides (Optional[Dict[str, Any]]): Settings of the config to replace, by dotted names.
    component (Optional[str]): The component's name. If None, the only `window_ner`.
    epochs (int): Times the text is read.
    batch_words (int): Words learned from in a step.
    corrupt_windows (int): Corrupt windows of a true one.
    learn_rate (float): The learning rate of `SparseAdam`.
    dropout (float): The dropout rate of the embeddings, whatever that of the model is.
    seed (int): The seed of all that is random.
    checkpoint_words (int): Words between two checkpoints. There is one after each epoch, too.
    on_batch (Optional[Callable[[Status], None]]): Called after each batch.
    RETURNS (Progress): What was done.
    RAISES (ValueError): If a setting, the text, the config, the folder or a checkpoint in it can't
        be used.

    Source: the lecture's word vectors from a ranking task; Collobert and Weston (2008).
    """
    for name, value in [("epochs", epochs), ("batch_words", batch_words),
                        ("corrupt_windows", corrupt_windows),
                        ("checkpoint_words", checkpoint_words)]:  # fmt: skip
        check_setting(value >= 1, name, value, "It is at least 1.")
    check_setting(seed >= 0, "seed", seed, "It is at least 0.")
    is_rate = 0.0 < learn_rate < math.inf
    check_setting(is_rate, "learn_rate", learn_rate, "It is a number above 0.")
    check_setting(0.0 <= dropout < 1.0, "dropout", dropout, "A rate is at least 0 and below 1.")
    config = read_config(config, overrides or {})
    component = choose_component(config, component)
    text = RawText(raw_text, DocMaker(config))
    folder = Path(output)
    if folder.is_file():
        raise ValueError(Errors.WN048.format(path=folder))
    # The layers run on any device, but the hinge is made for the CPU's cache.
    with use_ops("numpy"):
        fix_random_seed(seed)
        nlp = load_pipeline(config, [component])
        model: Model = nlp.get_pipe(component).model  # type: ignore[attr-defined]
        network = make_network(model, component)
        initialize_network(network, [Doc(nlp.vocab, words=["word"])])
        set_dropout_rate(network.words, dropout)
        settings: dict[str, Any] = {
            "lang": nlp.lang,
            "model": nlp.config["components"][component]["model"],
            "vectors": list(nlp.vocab.vectors.shape),
            "text_bytes": text.size,
            "batch_words": batch_words,
            "corrupt_windows": corrupt_windows,
            "learn_rate": learn_rate,
            "dropout": dropout,
            "seed": seed,
            "checkpoint_words": checkpoint_words,
        }
        optimizer = SparseAdam(learn_rate)
        progress = load_checkpoint(folder, network, optimizer, settings)
        begin, first_word = time.perf_counter(), progress.words
        saved_words = progress.words

        def save() -> None:
            _require_finite(network, folder)
            folder.mkdir(parents=True, exist_ok=True)
            meta: dict[str, Any] = {
                "component": component,
                "raw_text": text.path.name,
                "settings": settings,
            }
            meta |= {"epochs": progress.epochs, "words": progress.words}
            _save_words(folder, nlp, model, optimizer, meta)
            save_checkpoint(folder, network, optimizer, progress, settings)

        while progress.epochs < epochs:
            text.position = progress.position
            for batch in text.batches(batch_words):
                # What is random in a step depends on its number alone, so that it is the same
                # after an interruption.
                numpy.random.seed((seed, progress.steps))
                loss = _learn(network, optimizer, batch, corrupt_windows)
                if not math.isfinite(loss):
                    raise ValueError(
                        Errors.WN167.format(what=f"the loss of a batch is {loss}", path=folder)
                    )
                progress = progress._replace(
                    position=text.position,
                    steps=progress.steps + 1,
                    words=progress.words + batch.n_words,
                )
                if on_batch is not None:
                    on_batch(Status(
                        progress.epochs + 1, batch.share, progress.words, loss, batch.n_words,
                        time.perf_counter() - begin, progress.words - first_word,
                    ))  # fmt: skip
                if batch.ends_line and progress.words - saved_words >= checkpoint_words:
                    save()
                    saved_words = progress.words
            if not progress.words or progress.epochs == 0:  # tell it once
                text.report_lines(bool(progress.words))
            progress = progress._replace(epochs=progress.epochs + 1, position=Position())
            save()
            saved_words = progress.words
    return progress


def _save_words(
    folder: Path, nlp: Language, model: Model, optimizer: Optimizer, meta: dict[str, Any]
) -> None:
    """Save the averaged weights, and what they belong to."""
    write_atomically(folder / "meta.json", srsly.json_dumps(meta, indent=2).encode("utf8"))
    write_atomically(folder / "config.cfg", nlp.config.to_bytes())
    with model.use_params(optimizer.averages):  # type: ignore[arg-type]
        save_words(model, folder / WORDS)


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
    """Make one step. The centres of corrupt windows are drawn from the words of the batch as they
    occur, so that frequent words are frequent among them."""
    centres = numpy.random.randint(batch.n_words, size=(corrupt_windows, batch.n_words))
    loss = ranking_loss(network, batch.docs, centres)
    network.finish_update(optimizer)
    return loss
