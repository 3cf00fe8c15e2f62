"""Every message of the package, once. The code helps to find it again in a search engine."""


class Errors:
    WN001 = (
        "[WN001] Can't build a window classifier with {name} = {value!r}. {why} "
        "Change it in the block [components.window_ner.model] of the config."
    )
    WN002 = (
        "[WN002] Unknown activation {name!r}. Available: {known}. "
        "Change `activation` in the block [components.window_ner.model] of the config."
    )
    WN003 = (
        "[WN003] {setting} = {value!r} is not one of the available values: {known}. "
        "Change it in the config or in the call of nlp.add_pipe."
    )
    WN004 = (
        "[WN004] A loss can't be made with {name} = {value!r}. {why} "
        "Change it in the block [components.window_ner.loss] of the config."
    )
    WN005 = (
        "[WN005] `update_vectors = true` needs a table of word vectors, one row a word, and the "
        "vocabulary has none. Name vectors in `initialize.vectors` of the config, made with "
        "`spacy init vectors` (mode 'default'; floret vectors have no row for each word), "
        "or set `vectors = null` in the block [components.window_ner.model.embed]."
    )
    WN006 = (
        "[WN006] The model was trained with {expected} word vectors, but the vocabulary has {got}. "
        "Load the pipeline with the vectors it was trained with, or train it again."
    )
    WN007 = (
        "[WN007] The model of '{name}' has {columns} tag columns, but its {n_labels} labels need "
        "{needed} (O, and B- and I- of each label): {labels}. Set `nO = null` in the model's "
        "config so that it follows the labels, or train again with these labels."
    )
    WN008 = (
        "[WN008] Can't load '{name}' from {path}: the file '{file}' is missing. The directory is "
        "incomplete: copy the pipeline again, or save it again with nlp.to_disk."
    )
    WN009 = (
        "[WN009] Can't load '{name}' from {path}: {reason}. The data is damaged or cut short, or "
        "belongs to a model of another shape than the config describes: copy the pipeline again, "
        "or save it again with nlp.to_disk."
    )
    WN010 = (
        "[WN010] '{name}' has no labels to learn: the training examples contain no entities, and "
        "none were added. Check that the training data has entities (doc.ents), call add_label, "
        "or give `labels` in the block [initialize.components.{name}] of the config."
    )
    WN011 = (
        "[WN011] `label_weights` of '{name}' names the label {label!r}, which the component does "
        "not have. Its labels: {labels}."
    )
    WN012 = (
        "[WN012] `label_weights` of '{name}' gives {label!r} the weight {weight!r}. "
        "A weight is a number of at least 0."
    )
    WN013 = (
        "[WN013] Unexpected labels for '{name}': {labels!r}. Expected a list of strings, as "
        "`python -m spacy init labels` writes it."
    )
    WN014 = (
        "[WN014] `entity_weight` = {weight!r} makes no sense: a weight is a number of at least 0. "
        "Change it in the config or in the call of nlp.add_pipe."
    )


class Warnings:
    WW001 = (
        "[WW001] '{name}' can't learn from {count} of {total} entities, and treats their tokens as "
        "not annotated: {kinds}. For example: {shown}. Correct the offsets of these entities."
    )
    WW002 = (
        "[WW002] '{name}': the span {text!r} of doc.spans['{key}'] is both an entity and known "
        "not to be one ({label}); the entity is kept. Check the annotation of the text {doc!r}."
    )
