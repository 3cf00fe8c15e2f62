"""Embedding layers: lexical features, character n-grams, word vectors, word clusters and a lexicon,
side by side."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from spacy.attrs import IDS
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import (
    HashEmbed,
    LayerNorm,
    Linear,
    Model,
    chain,
    concatenate,
    list2ragged,
    ragged2list,
    with_array,
)
from thinc.types import Floats2d

from ..errors import check_setting
from ..layers.char_ngrams import CharNgrams
from ..layers.cluster_features import ClusterFeatures
from ..layers.clusters import MAX_DEPTH
from ..layers.lexicon import ATTRS
from ..layers.lexicon_features import LexiconFeatures
from ..layers.vectors import FixedVectors, VectorsTable
from ..layers.word_attributes import WordAttributes
from .clusters_file import read_clusters
from .features import LEXICAL, attr_name, name_features
from .lexicon_file import load_lexicon


@registry.architectures("spacy-windowner.WordEmbed.v1")
def WordEmbed(
    features: Model[list[Doc], list[Floats2d]],
    ngrams: Model[list[Doc], list[Floats2d]] | None = None,
    vectors: Model[list[Doc], list[Floats2d]] | None = None,
    lexicon: Model[list[Doc], list[Floats2d]] | None = None,
    clusters: Model[list[Doc], list[Floats2d]] | None = None,
) -> Model[list[Doc], list[Floats2d]]:
    """Embed words by lexical features, character n-grams, word vectors, word clusters and a
    lexicon, side by side.

    features (Model[List[Doc], List[Floats2d]]): Lexical features, e.g.
        spacy-windowner.LexicalEmbed.v1.
    ngrams (Optional[Model[List[Doc], List[Floats2d]]]): Character n-grams, e.g.
        spacy-windowner.CharNgramEmbed.v1.
    vectors (Optional[Model[List[Doc], List[Floats2d]]]): Word vectors, e.g.
        spacy-windowner.VectorsEmbed.v1.
    lexicon (Optional[Model[List[Doc], List[Floats2d]]]): The word's place in the phrases of a
        list, e.g. spacy-windowner.LexiconEmbed.v1.
    clusters (Optional[Model[List[Doc], List[Floats2d]]]): Word clusters, e.g.
        spacy-windowner.ClusterEmbed.v1.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer. Its width is the sum of its parts'
        widths.
    """
    parts = [features, ngrams, vectors, lexicon, clusters]
    return cast(Any, concatenate)(*[part for part in parts if part is not None])


@registry.architectures("spacy-windowner.LexicalEmbed.v1")
def LexicalEmbed(
    attrs: Sequence[str], rows: Sequence[int], width: int = 64, attr_dropout: float = 0.0
) -> Model[list[Doc], list[Floats2d]]:
    """Embed words by lexical attributes. Each attribute is hashed into a table of its own, and the
    embeddings are put side by side and normalized. spaCy's MultiHashEmbed is similar, but mixes the
    attributes in a layer of its own. Here the first layer of the classifier sees each of them
    separately.

    attrs (Sequence[str]): The attributes, e.g. "NORM".
    rows (Sequence[int]): The rows of each attribute's table.
    width (int): The width of each table. The output is len(attrs) times as wide.
    attr_dropout (float): The probability that training hides an attribute of a word. Each attribute
        is drawn separately. In prediction, values that training has never shown are hidden in the
        same way. If it is 0, nothing is ever hidden.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer.
    RAISES (ValueError): If an attribute is unknown or there is none, if there is not one number of
        rows for each, or if attr_dropout is not a probability below 1.

    Source: thinc's HashEmbed, the Bloom embeddings of Serra and Karatzoglou (2017).
    """
    check_setting(width >= 1, "width", width, "A vector has at least 1 number.")
    check_setting(len(attrs) >= 1, "attrs", attrs, "There must be at least one.")
    known = all(attr_name(attr) in IDS for attr in attrs)
    check_setting(known, "attrs", attrs, "Choose from spaCy's attributes, such as NORM and SHAPE.")
    check_setting(
        len(rows) == len(attrs), "rows", rows, f"There must be one for each of {len(attrs)} attrs."
    )
    check_setting(min(rows) >= 1, "rows", rows, "A table has at least 1 row.")
    check_setting(
        0.0 <= attr_dropout < 1.0,
        "attr_dropout",
        attr_dropout,
        "A rate is at least 0 and below 1.",
    )
    context_free = all(attr_name(attr) in LEXICAL for attr in attrs)
    tables: list[Model] = [
        HashEmbed(width, n_rows, column=column, seed=column) for column, n_rows in enumerate(rows)
    ]
    model: Model[list[Doc], list[Floats2d]] = cast(Any, chain)(
        WordAttributes(attrs, attr_dropout, context_free),
        list2ragged(),
        with_array(cast(Any, chain)(concatenate(*tables), LayerNorm(width * len(tables)))),
        ragged2list(),
    )
    return name_features(model, [("word" if attr == "NORM" else attr, width) for attr in attrs])


@registry.architectures("spacy-windowner.CharNgramEmbed.v1")
def CharNgramEmbed(
    width: int, rows: int, lengths: Sequence[int] = (2, 5), attr: str = "LOWER"
) -> Model[list[Doc], list[Floats2d]]:
    """Embed words by their character n-grams, with marks at the word's start and end. The n-grams
    are hashed into a table, averaged and normalized. Without normalization, the mean of many small
    vectors would be too small beside the other features to learn from.

    width (int): Output width.
    rows (int): Rows of the table.
    lengths (Sequence[int]): The shortest and the longest n-gram, in characters. The marks count.
    attr (str): The spelling to use, "ORTH", "NORM" or "LOWER".
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer.
    RAISES (ValueError): If the lengths or the attribute are invalid.
    """
    check_setting(width >= 1, "width", width, "A vector has at least 1 number.")
    check_setting(rows >= 1, "rows", rows, "A table has at least 1 row.")
    check_setting(
        len(lengths) == 2 and 1 <= lengths[0] <= lengths[1],
        "lengths",
        lengths,
        "Expected two numbers, 1 <= shortest <= longest.",
    )
    check_setting(attr in ("ORTH", "NORM", "LOWER"), "attr", attr, "Choose ORTH, NORM or LOWER.")
    mean = CharNgrams(width, rows, min_n=lengths[0], max_n=lengths[1], attr=attr)
    model: Model = chain(mean, cast(Any, with_array(cast(Any, LayerNorm(width)))))
    return name_features(model, [("n-grams", width)])


@registry.architectures("spacy-windowner.VectorsEmbed.v1")
def VectorsEmbed(width: int, update_vectors: bool = False) -> Model[list[Doc], list[Floats2d]]:
    """Embed words by the vocabulary's word vectors, mapped linearly to a width and normalized. So
    the scale of the vectors doesn't matter, and all words without a vector have the same learned
    one.

    width (int): Output width.
    update_vectors (bool): Whether training also updates the vectors. By default they stay fixed.
        Updated vectors are stored in the model, and the vocabulary's own never change.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer.
    RAISES (ValueError): At initialization, if the vocabulary has no vectors or, with
        `update_vectors`, floret vectors, in which a word has no row of its own; when called, if the
        vectors differ from those in training.
    """
    check_setting(width >= 1, "width", width, "A vector has at least 1 number.")
    model: Model[list[Doc], list[Floats2d]]
    if update_vectors:
        linear = cast(Any, chain)(Linear(width), LayerNorm(width))
        model = chain(VectorsTable(), with_array(linear))
    else:
        norm: Any = with_array(cast(Any, LayerNorm(width)))
        model = cast(Any, chain)(FixedVectors(width), norm, ragged2list())
    return name_features(model, [("vector", width)])


@registry.architectures("spacy-windowner.LexiconEmbed.v1")
def LexiconEmbed(
    path: str | Path, width: int = 16, attr: str = "LOWER", dropout: float = 0.3
) -> Model[list[Doc], list[Floats2d]]:
    """Embed words by their place in the phrases of a lexicon, such as a list of products: for each
    class of phrases, whether the word is its beginning, inside, its last or its only word. The
    lexicon is read at initialization and saved with the model.

    path (Union[str, Path]): A .jsonl file with a phrase a line, `{"label": "DRUG", "pattern":
        "acetylsalicylic acid"}`; a .txt file with the phrases of one class, which is the file's
        name without ".txt"; or a folder of such files. Their names may also end in ".gz". Or the
        folder or the package of a trained pipeline, whose lexicon has the same `attr`.
    width (int): Output width.
    attr (str): The attribute by which words are compared, "LOWER" or, to distinguish capitals,
        "ORTH".
    dropout (float): The probability that a match is hidden in training. Without it, the model
        relies on the lexicon too much if it has more of the entities in the training data than it
        will have of others.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer.
    RAISES (ValueError): If a setting is invalid; at initialization, if the lexicon can't be read.
    """
    check_setting(width >= 1, "width", width, "A vector has at least 1 number.")
    check_setting(attr in ATTRS, "attr", attr, "Choose LOWER or ORTH.")
    check_setting(0.0 <= dropout < 1.0, "dropout", dropout, "A rate is at least 0 and below 1.")
    model = LexiconFeatures(width, dropout, partial(load_lexicon, Path(path), attr))
    return name_features(model, [("lexicon", width)])


@registry.architectures("spacy-windowner.ClusterEmbed.v1")
def ClusterEmbed(
    source: str | Path, width: int = 64, prefixes: Sequence[int] = (4, 6, 10, 16)
) -> Model[list[Doc], list[Floats2d]]:
    """Embed words by their clusters: words that occur in similar contexts in much raw text are in
    the same cluster, or in clusters that are close in a binary tree. So what training shows of one
    word also holds for words that it doesn't show. The clusters are read at initialization and
    saved with the model.

    source (Union[str, Path]): "spacy-lookups-data", the package with spaCy's clusters for English,
        German and Spanish; the folder or the package of a trained pipeline with clusters; or a file
        of Brown clusters with the path from the root of the tree to a word's cluster, a tab and the
        word on each line: "0110<TAB>Paris". A path has up to 30 branches. Further columns, such as
        the word's frequency, are ignored. The file's name may end in ".gz".
    width (int): Output width.
    prefixes (Sequence[int]): The lengths of the starts of a path that are embedded, in branches.
        Short ones are large clusters.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer.
    RAISES (ValueError): If a setting is invalid; at initialization, if the clusters can't be read.

    Source: Brown et al. (1992); prefixes of paths as features, Miller, Guinness and Zamanian
    (2004).
    """
    check_setting(width >= 1, "width", width, "A vector has at least 1 number.")
    check_setting(
        len(prefixes) >= 1 and all(1 <= length <= MAX_DEPTH for length in prefixes),
        "prefixes",
        prefixes,
        f"Expected at least one number from 1 to {MAX_DEPTH}.",
    )
    model = ClusterFeatures(width, prefixes, partial(read_clusters, source, list(prefixes)))
    return name_features(model, [("cluster", width)])
