"""All error and warning messages. Each has a code that users can search for."""

from spacy.errors import ErrorsWithCodes


class Errors(metaclass=ErrorsWithCodes):
    WN001 = "The setting {name} = {value!r} can't be used. {why}"
    WN002 = (
        "spacy-windowner was compiled for spaCy {built}, but spaCy {installed} is installed. "
        "Rebuild it for the installed version: `pip install --force-reinstall --no-deps "
        "--no-cache-dir spacy-windowner`. Or install the spaCy version that it was compiled for: "
        "`pip install 'spacy~={built}.0'`."
    )
    WN005 = (
        "The model's embedding needs word vectors, but the vocabulary has none{that}. Create "
        "vectors with `spacy init vectors`, and name them in `paths.vectors` or "
        "`initialize.vectors` of the config. Or set `vectors = null` in the `embed` block of the "
        "component's model (`include_static_vectors = false` in a layer of spaCy's)."
    )
    WN006 = (
        "The model was trained with {expected}, but the vocabulary has {got}. Load the pipeline "
        "with the vectors that it was trained with, or train it again."
    )
    WN007 = (
        "The model of '{name}' has {columns} tag columns, but its {n_labels} labels need {needed} "
        "(O, and {tags}- for each label): {labels}. Set `nO = null` in the model's config, so that "
        "the number of columns follows from the labels, or train again with these labels."
    )
    WN008 = (
        "Can't load '{name}' from {path}: the file '{file}' is missing. The directory is "
        "incomplete. Copy the pipeline again, or save it again with nlp.to_disk."
    )
    WN009 = (
        "Can't load '{name}' from {path}: {reason}. The data is damaged or truncated, or belongs "
        "to a model with another shape. Load the pipeline with spacy.load, which builds the model "
        "that its config describes, or copy or save the pipeline again."
    )
    WN010 = (
        "'{name}' has no labels to learn: the training examples contain no entities, and no labels "
        "were added. Check that the training data has entities (doc.ents), call add_label, or set "
        "`labels` in the block [initialize.components.{name}] of the config."
    )
    WN011 = (
        "`{setting}` of '{name}' contains the label {label!r}, which the component doesn't have. "
        "Its labels are: {labels}."
    )
    WN013 = (
        "Invalid labels for '{name}': {labels!r}. Pass a list of strings, as `python -m spacy init "
        "labels` writes it."
    )
    WN015 = (
        "'{name}' has no earlier model to rehearse. Call `optimizer = nlp.resume_training()` "
        "before the first update. This keeps a copy of the model as it is."
    )
    WN016 = (
        "'{name}' can't rehearse because its model listens to another component, which "
        "`nlp.rehearse` doesn't run. Give it its own copy of that layer before "
        '`nlp.resume_training()`: nlp.replace_listeners("tok2vec", "{name}", '
        '["model.embed"]).'
    )
    WN017 = (
        "'{name}': the annotation of the span {text!r} contradicts itself. According to "
        "doc.spans['{key}'], the span is not {label}, but doc.ents has it as {label}. Remove one "
        "of the two from the document {doc!r}."
    )
    WN018 = (
        "Can't add {labels!r} to '{name}'. Pass a list of at least one new label, without "
        'duplicates, e.g. `add_labels(["ORG"])`.'
    )
    WN019 = (
        "'{name}' can't learn transitions because its model, {model}, has no parameters for them. "
        "Set `transitions = false` in the `loss` block of the component, or use the architecture "
        "spacy-windowner.WindowClassifier.v1 or spacy-windowner.TorchWindowClassifier.v1."
    )
    WN020 = (
        "This model needs PyTorch, which is not installed. Install it with `pip install "
        '"spacy-windowner[torch]"`. Or use the architecture spacy-windowner.WindowClassifier.v1, '
        "which doesn't need PyTorch, and train again."
    )
    WN021 = (
        "The `scorer` must build a torch.nn.Module that maps a float32 tensor of shape {shape}, "
        "the window features of 2 tokens, to scores of shape {expected}. Found {found}. Correct "
        "the function that the `scorer` block of the model's config names. It must return a "
        "callable, which is called with the number of features and the number of tags, here ({nI}, "
        "{nO})."
    )
    WN022 = (
        "Can't add labels to this scorer, a {kind}. Labels can be added only to a module whose "
        "scores are the output of a torch.nn.Linear with a bias and one output per tag, and in "
        "which nothing else depends on the number of tags. Add all labels before training, or "
        "train again with them."
    )
    WN023 = (
        "The saved parameters don't belong to the module that the `scorer` builds. They differ in "
        "{names}. Load them with the scorer that they were trained with."
    )
    WN024 = (
        "A prediction has no gradient. To get one, call the model with is_train=True, or call "
        "begin_update."
    )
    WN025 = (
        "The model of '{name}' uses word vectors, but none of the {n_words} words of the training "
        "data has one. There are vectors for {n_vectors} words, such as {shown}. Are they for "
        "another language, or all in lower case? Name other vectors in `paths.vectors` of the "
        "config."
    )
    WN045 = (
        "Can't load pretrained words from {path}: {reason}. Set `paths.init_words`, or "
        "`init_words` in the component's block of [initialize.components], to the file `words.bin` "
        "that `python -m spacy windowner pretrain` wrote. Set it to null to start with random "
        "weights."
    )
    WN046 = (
        "The pretrained words in {path} don't fit the model of '{name}'. {where}: the file has "
        "{found}, the model {expected}. Change the model in the config to what the file has, or "
        "pretrain again with this config: `python -m spacy windowner pretrain RAW.txt OUT --config "
        "config.cfg`."
    )
    WN061 = (
        "Can't read the calibration of '{name}': {reason}. Calibrate the model again with `python "
        "-m spacy windowner calibrate MODEL DATA`, or set `calibration` to null in the component's "
        "cfg file."
    )
    WN062 = (
        "There is no corpus {path} to calibrate on. Correct `path` in [training.before_to_disk], "
        "which is `--paths.dev` in the recipes. With null, nothing is calibrated."
    )
    WN070 = (
        "'{name}' has nothing to learn because all its labels are frozen ({labels}). Add a label "
        'with `add_labels([...])`, or set `cfg["frozen_labels"]` of the component to the labels '
        "that should not change, [] for none."
    )
    WN071 = (
        "Can't add the label {label!r} to '{name}', which already has it. Its labels are: "
        "{labels}. Add only new labels. To train all existing labels further, set "
        '`nlp.get_pipe("{name}").cfg["frozen_labels"]` to [].'
    )
    WN072 = (
        "'{name}' can't learn {label!r} while other labels are frozen ({frozen}), because they "
        "share layers. Freeze {label!r} as well, or freeze no label, `frozen_labels = []`. Only "
        "labels that are added to a trained component while others are frozen can learn separately "
        "from these."
    )
    WN073 = (
        "Can't add labels to '{name}' while others are frozen, because its model, {model!r}, "
        "doesn't support this. Freeze no label, `frozen_labels = []`, or train the component with "
        "the architecture spacy-windowner.WindowClassifier.v1 or "
        "spacy-windowner.TorchWindowClassifier.v1."
    )
    WN074 = (
        "Can't add labels to {component!r}, which is not a `window_ner` of the pipeline. Found: "
        "{names}. Set `component` of the callback spacy-windowner.add_labels.v1 to the name of a "
        "`window_ner`."
    )
    WN075 = (
        "Can't initialize '{name}' with `frozen_labels`: initialization starts from scratch, so no "
        "label can stay unchanged. To train a trained component further, load it, or name its "
        "pipeline as `source` in the config. To start from scratch, set `frozen_labels = []`."
    )
    WN076 = (
        "'{name}' can't read user_data['{key}'] = {value!r} of the document {doc!r}. It must be a "
        "list of the labels that the document is annotated for. Leave it out if the document is "
        "annotated for all labels."
    )
    WN077 = (
        "'{name}' can't read user_data['{key}'] = {value!r} of the document {doc!r}. It must be a "
        "number of at least 0, the factor on the document's loss. Leave it out for a factor of 1."
    )
    WN078 = (
        "'{name}': the document {doc!r} has an entity {text!r} with the label {label!r}, but "
        "according to its user_data['{key}'] it isn't annotated for this label. Add the label "
        "there, or remove the entity."
    )
    WN094 = (
        "Can't write to {path}: {reason}. Nothing there was changed. Free some disk space, or "
        "choose another folder."
    )
    WN135 = (
        "`labels` of the logger contains {unknown}, which the pipeline doesn't have. It has: "
        "{names}. Correct `labels` in [training.logger], or leave it out to show the first labels."
    )
    WN150 = (
        "Can't add labels to '{component}', which isn't trained: the config creates a new "
        "component. In [components.{component}], name a trained pipeline, `source = ...`, and "
        "remove `factory`. The config that is saved with a pipeline has no `source`, so start from "
        "configs/grow.cfg."
    )
    WN151 = (
        "'{component}' listens to '{upstream}', which isn't before it in the pipeline ({names}). "
        "Put '{upstream}' there. If '{component}' has a `source`, '{upstream}' needs the same "
        "`source`, and must be in `frozen_components` and `annotating_components`. Or give "
        "'{component}' its own embedding, or its own copy: `replace_listeners = [\"model.embed\"]` "
        "in [components.{component}]."
    )
    WN160 = (
        "Can't load '{name}' from {path}: `{setting}` of its cfg is {value!r:.200}. {why} Correct "
        "it in the file `cfg` of the component, or save the pipeline again."
    )
    WN161 = (
        "'{name}' can't be {act} because it would find nothing: {what} are not all finite (NaN or "
        "infinite). Its training has diverged. Train again with a lower `learn_rate` in "
        "[training.optimizer], or load a pipeline that was saved earlier, which is unchanged."
    )
    WN162 = (
        "The training of '{name}' has diverged: {what} of a batch is {value}. Lower `learn_rate` "
        "in [training.optimizer] (0.001 is usual), and keep `grad_clip` above 0. If both are "
        "already so, look for NaN in the input of '{name}': word vectors, or a shared `tok2vec`. "
        "Pipelines that were saved earlier are unchanged."
    )
    WN163 = (
        "'{name}' can't find entities in the document {doc!r:.100} because it listens to "
        "'{upstream}', which hasn't run on this document ({why}). Load the pipeline with "
        "'{upstream}', and keep it enabled and before '{name}'. `nlp.select_pipes` and `exclude` "
        "must name both or neither. To use '{name}' alone, give it its own copy before you save "
        'it: nlp.replace_listeners("{upstream}", "{name}", ["model.embed"]).'
    )
    WN164 = (
        "'{name}' can't learn {labels}: no entity in the training data {corpus} has this label. "
        "The data has {found}. Annotate entities with the label, or correct `labels` in "
        "[initialize.before_init]."
    )
    WN165 = (
        "'{name}' has nothing to learn from: in {n_words:,} words of training data, no entity has "
        "one of the labels that it should learn ({labels}). Annotate entities with these labels, "
        "or correct the labels in [initialize] of the config. If the entities come later in the "
        "data, shuffle it."
    )
    WN166 = (
        "'{name}' can't learn from the word vectors of the vocabulary: {count} of {total} have "
        "values that are NaN or infinite, such as the vector of {shown}. Correct these rows in the "
        "file that you passed to `spacy init vectors`, or leave them out, and create the vectors "
        "again."
    )
    WN168 = (
        "'{name}' can't learn {labels}: `initialize` didn't see this label, and the model can't "
        "grow. List all labels in [initialize.components.{name}.labels] (`spacy init labels` "
        "writes them), or use a model that can grow, such as `spacy-windowner.WindowClassifier.v1`."
    )
    WN230 = (
        "Can't read the lexicon {path}: {why}. Name a .jsonl file with a phrase a line, "
        '{{"label": "DRUG", "pattern": "acetylsalicylic acid"}}, a .txt file with the '
        "phrases of one class, which is the file's name, or a folder of such files."
    )
    WN231 = (
        "Can't use line {line} of the lexicon {path}: {why}. A line of a .jsonl file has a class "
        'and a phrase, {{"label": "DRUG", "pattern": "acetylsalicylic acid"}}. Correct the '
        "line, or remove it."
    )
    WN232 = (
        "The lexicon {path} has a phrase of the class {found!r} in line {line}, which the model "
        "wasn't trained with. Its classes are: {classes}. Use only these, or train again with this "
        "lexicon."
    )
    WN233 = (
        "'{name}' has no lexicon that could be replaced. Add the block "
        "[components.{name}.model.embed.lexicon] to the config, as docs/lexicon.md shows, and "
        "train again."
    )
    WN234 = (
        "'{name}' can't replace its lexicon, because its model isn't initialized. Train it first, "
        "or load a trained pipeline."
    )
    WN235 = (
        "Can't read the word clusters {source}: {why}. Name a file with the path to a word's "
        "cluster, a tab and the word on each line, such as 0110<TAB>Paris, a trained pipeline with "
        'clusters, or "spacy-lookups-data", the package with those of spaCy.'
    )
    WN236 = (
        "Can't use line {line} of the word clusters {path}: {why}. A line has the path to a "
        "word's cluster, a tab and the word, such as 0110<TAB>Paris. Correct the line, or remove "
        "it."
    )
    WN237 = (
        "The model of '{name}' uses word clusters, but none of the {n_words} words of the training "
        "data is in one. Are the clusters, which have {n_known} words, for another language? Name "
        "another `source` in the block [components.{name}.model.embed.clusters] of the config, or "
        "other `paths.clusters` if it refers to that."
    )
    WN260 = (
        "{base} has no `window_ner` with the name '{name}'. Its components are: {names}. Set "
        "`component` in the block [initialize.after_init] to a name that both pipelines have."
    )
    WN261 = (
        "Can't start from the weights of {base}: {why}. The model of the new pipeline must have "
        "the config of that one. `python -m spacy windowner train --base` makes such a config."
    )
    WN270 = (
        "Can't read the promise of '{name}': {reason}. Make it again with `python -m spacy "
        "windowner calibrate MODEL DATA --recall 0.95`, or set `promise` to null in the "
        "component's cfg file."
    )
    WN271 = (
        "'{name}' can't promise a recall, because it doesn't write candidates. Set `candidates = "
        "true` and `spans_key` to write them to `doc.spans`, or `redact = true` to write them to "
        "`doc.ents` (with `calibrate`: --spans-key or --redact)."
    )
    WN272 = (
        "Can't promise that '{name}' finds {recall:.4g} of the entities: there are {count:,} "
        "entities in {n_docs:,} documents, and up to {largest:,} in one. With documents like "
        "these, the promise needs about {needed:,} entities, even if none is missed.{possible}"
    )
    WN273 = (
        "Can't promise that '{name}' finds {recall:.4g} of the entities: {lost:,} of {count:,} "
        "can't be entities of any tag sequence, because they don't fit the tokens or cross the "
        "end of a line or sentence. At most {possible:.4g} could be found. Run `debug-data` to "
        "see such entities."
    )


class Warnings(metaclass=ErrorsWithCodes):
    WW001 = (
        "'{name}' can't learn from {count} of {total} entities in {source}, and treats their "
        "tokens as not annotated: {kinds}. For example: {shown}. Correct their offsets. If they "
        "are right, the pipeline's tokenizer splits the text in other places: use the tokenizer "
        "that the data was made with."
    )
    WW002 = (
        "The compiled parts of spacy-windowner are missing ({missing}). It finds the same entities "
        "without them, but is many times slower. Install a C++ compiler, and then run `pip install "
        "--force-reinstall --no-deps --no-cache-dir spacy-windowner`. To run without the compiled "
        "parts and without this warning, set the environment variable {variable}=1."
    )
    WW003 = (
        "'{name}' can't use {count} spans of doc.spans['{key}'] because they don't align with the "
        "tokens, for example {text!r} in {doc!r}. Correct their offsets."
    )
    WW004 = (
        "'{name}' finds a word vector for only {share:.0%} of the {n_words} words of the training "
        "data that were looked up. Words without a vector include {shown}. Are the vectors for "
        "another language, or all in lower case? You can name other vectors in `paths.vectors` of "
        "the config."
    )
    WW005 = (
        "'{name}' is evaluated on entities with labels that it doesn't have: {unknown}. It can't "
        "find any of these entities, so recall counts them as missed. Its labels are: {labels}. "
        "Add training data with the missing labels, or rename or remove them in the evaluation "
        "data."
    )
    WW006 = (
        "'{name}' is evaluated on {n_docs} documents without any entities, so its scores say "
        "nothing, and can't tell a better model from a worse one. Check that the evaluation data "
        "(`paths.dev` in training) is annotated."
    )
    WW007 = (
        "'{name}' finds a word cluster for only {share:.0%} of the {n_words} words of the training "
        "data that were looked up. Words in no cluster include {shown}. Are the clusters for "
        "another language? You can name another `source` in the block "
        "[components.{name}.model.embed.clusters] of the config, or other `paths.clusters` if it "
        "refers to that."
    )
    WW008 = (
        "The augmenter of the corpus {path} removed all of its entities, so there is nothing to "
        "learn or to find there. The data has entities with these labels: {labels}. Give the "
        "augmenter one of them, with configs/binary.cfg by "
        "`--initialize.components.window_ner.labels '[\"{first}\"]'`."
    )
    WW060 = (
        "'{name}' is calibrated on {path}, which has only {count} entities in total with the "
        "labels to calibrate ({labels}). Their probabilities are rough, or missing. At least "
        "{needed} entities are needed, and as many for each label that should have its own curve. "
        "Use more held-out data."
    )
    WW061 = (
        "'{name}' has a threshold but no calibration, so there are no probabilities to compare "
        "with the threshold, and no entity is dropped. Calibrate it with "
        "`spacy-windowner.calibrate.v1` in [training.before_to_disk], or with `python -m spacy "
        "windowner calibrate MODEL DATA`."
    )
    WW070 = (
        "'{name}' listens to another component. Its frozen labels stay unchanged only as long as "
        "that component does. Name that component in `frozen_components` and "
        "`annotating_components` of [training], or first give '{name}' its own copy: "
        'nlp.replace_listeners("tok2vec", "{name}", ["model.embed"]).'
    )
    WW130 = (
        "Can't save the learning curve to {path} ({reason}). Training continues without it. Make "
        "the folder writable, or set `picture = false` in [training.logger]."
    )
    WW150 = (
        "The pipeline {base} has components that this training leaves out, so the pipeline that it "
        "saves won't have them: {names}. To keep them, add them to `pipeline`, give each one "
        "`source = ${{paths.base}}`, and add them to `frozen_components`, as docs/growth.md shows. "
        "To leave them out, set `base = null` in [initialize.before_init]."
    )
    WW160 = (
        "'{name}' doesn't learn {labels}: in {n_words:,} words of training data, no entity has "
        "this label. Annotate entities with it, or leave out the label."
    )
    WW161 = (
        "'{name}' added new labels from a batch of training data, which `initialize` didn't see: "
        "{labels}. It learns them from now on."
    )
    WW162 = (
        "'{name}' doesn't learn {labels}: the training data has entities with this label, but "
        "`initialize` was given other labels, or labels are frozen, so it isn't added. The tokens "
        "of such entities count as not annotated. To learn the label, add it "
        "(`nlp.get_pipe('{name}').add_label`, or `labels` in [initialize]). To teach that such "
        "tokens have none of the other labels, remove the entities from the data."
    )
    WW163 = (
        "{count} of {total} entities in {source} begin or end with whitespace or invisible "
        "characters. '{name}' learns them without these. The first ones: {shown}"
    )
    WW164 = (
        "Another package or your code has already registered the extension `span._.ner_score`, so "
        "it won't return the probabilities of `window_ner`. Register the other extension under a "
        "different name, or read the probabilities from `doc.spans` (`spans_key`)."
    )
    WW165 = (
        "'{name}' learns nothing from a document, because it is annotated only for labels that the "
        "component doesn't have: {annotated} (`user_data[{key!r}]`). Its labels are: {labels}. "
        "Check the spelling, or leave out such documents. Later documents of this kind are not "
        "reported. The document: {doc!r}"
    )
    WW187 = (
        "Another package or your code has already registered the extension `doc._.ner_doubt`, so "
        "it won't return the expected number of errors of `window_ner`. Register the other "
        "extension under a different name, or read the number from the `attrs` of the group of "
        "candidates in `doc.spans`."
    )
    WW188 = (
        "'{name}' has `redact = true`, but no promise yet. So `doc.ents` has only the entities "
        "that it finds. Calibrate it with `recall` in `spacy-windowner.calibrate.v1`, or with "
        "`python -m spacy windowner calibrate MODEL DATA --recall 0.95`."
    )
    WW189 = (
        "'{name}' is calibrated without `recall`, which removes its earlier promise. To keep one, "
        "calibrate it with `recall`."
    )
    WW190 = (
        "To find {recall:.4g} of the entities, '{name}' offers {offered} candidates for each "
        "entity. Promise a lower recall, or train a model that finds more: with more data, or "
        "with word vectors."
    )


def check_setting(right: bool, name: str, value: object, why: str) -> None:
    """Raise an error if the value of a setting can't be used.

    right (bool): Whether the value can be used.
    name (str): The name of the setting.
    value (object): The value.
    why (str): What is expected instead, as a sentence.
    RAISES (ValueError): If the value can't be used.
    """
    if not right:
        raise ValueError(Errors.WN001.format(name=name, value=value, why=why))
