"""What a config has for pretraining: its component, vocabulary and tokenizer."""

from pathlib import Path
from typing import Any

from spacy.attrs import IS_SPACE
from spacy.language import Language
from spacy.schemas import ConfigSchemaInit
from spacy.tokens import Doc
from spacy.training.initialize import init_vocab
from spacy.util import get_lang_class, load_config, load_model_from_config, registry
from thinc.api import Config

from ..errors import Errors

# How many strings a vocabulary may add. With their lexemes and the tokenizer's cache they take
# about 100 MB.
_MAX_NEW_STRINGS = 2**18


def read_config(config: Config | str | Path | None, overrides: dict[str, Any]) -> Config:
    """The config of the pipeline whose component is pretrained.

    config (Optional[Union[Config, str, Path]]): A config, or its file. If None, that of an
        English pipeline with the factory's default component.
    overrides (Dict[str, Any]): Settings to replace, by their dotted names.
    RETURNS (Config): The config, with all variables replaced by their values.
    """
    if config is None:
        nlp = get_lang_class("en")()
        nlp.add_pipe("window_ner")
        config = nlp.config
    if isinstance(config, str | Path):
        return load_config(config, overrides, interpolate=True)
    return Config().from_str(config.to_str(), overrides=overrides, interpolate=True)


def component_in_config(config: Config, name: str | None) -> str:
    """The name of the component to pretrain.

    config (Config): The pipeline's config.
    name (Optional[str]): Its name. If None, the only one of the factory "window_ner".
    RETURNS (str): The name.
    RAISES (ValueError): If there is no such component, or several, or if it has a `source`.
    """
    components = config.get("components", {})
    found = [
        component
        for component in config["nlp"]["pipeline"]
        if components.get(component, {}).get("factory") == "window_ner"
        and name in (None, component)
    ]
    if not found:
        _reject_source(config, name)
    if len(found) != 1:
        names = ", ".join(found or components)
        wanted = "one `window_ner` component" if name is None else f"a `window_ner` named '{name}'"
        raise ValueError(Errors.WN043.format(wanted=wanted, names=names or "none"))
    return found[0]


def _reject_source(config: Config, name: str | None) -> None:
    """Raise an error if the config takes the component to pretrain from a trained pipeline."""
    components = config.get("components", {})
    sourced = [
        component
        for component in config["nlp"]["pipeline"]
        if "source" in components.get(component, {}) and name in (None, component)
    ]
    if sourced:
        why = "`source` takes the layers from a trained pipeline, and this config doesn't have them"
        raise ValueError(Errors.WN042.format(name="', '".join(sourced), why=why))


def load_parts(config: Config, components: list[str]) -> Language:
    """Load a pipeline with some of its components, and with the vocabulary, word vectors and
    tokenizer that training would start with. The components are not initialized.

    config (Config): The config.
    components (List[str]): The names of the components.
    RETURNS (Language): The pipeline.
    """
    config = config.copy()
    config["nlp"]["pipeline"] = components
    config["components"] = {name: config["components"][name] for name in components}
    # The settings for training may name components and files that aren't needed here.
    initialize = config.pop("initialize", {})
    config = Config({"nlp": config["nlp"], "components": config["components"]})
    config["initialize"] = {**initialize, "components": {}}
    nlp = load_model_from_config(config, auto_fill=True)
    resolved = nlp.config.interpolate()["initialize"]
    settings = registry.resolve(resolved, schema=ConfigSchemaInit)
    if settings["before_init"] is not None:
        settings["before_init"](nlp)
    init_vocab(
        nlp,
        data=settings["vocab_data"],
        lookups=settings["lookups"],
        vectors=settings["vectors"],
    )
    if hasattr(nlp.tokenizer, "initialize"):
        nlp.tokenizer.initialize(lambda: [], nlp=nlp, **settings["tokenizer"])
    return nlp


class RenewingTokenizer:
    """Makes Docs of any number of texts. When the vocabulary is full, a new one replaces it. (In
    `nlp.memory_zone()` the tokenizer keeps no cache and takes three times as long.)

    config (Config): The config of the pipeline.
    max_strings (int): How many strings a vocabulary may add before it is full.
    """

    def __init__(self, config: Config, max_strings: int = _MAX_NEW_STRINGS) -> None:
        self.config = config
        self.max_strings = max_strings
        self._renew()

    def _renew(self) -> None:
        self.nlp = load_parts(self.config, [])
        self._limit = len(self.nlp.vocab.strings) + self.max_strings

    def __call__(self, text: str | list[str]) -> Doc:
        """Make a Doc.

        text (Union[str, List[str]]): A text, or its words.
        RETURNS (Doc): The Doc, without whitespace tokens. Two Docs may have different
            vocabularies.
        """
        if len(self.nlp.vocab.strings) > self._limit:
            self._renew()
        doc = self.nlp.tokenizer(text) if isinstance(text, str) else Doc(self.nlp.vocab, words=text)
        is_space = doc.to_array(IS_SPACE)
        if not is_space.any():
            return doc
        return Doc(self.nlp.vocab, words=[token.text for token in doc if not token.is_space])
