"""Every message of the package, once. The code helps to find it again in a search engine."""

from spacy.errors import ErrorsWithCodes


class Errors(metaclass=ErrorsWithCodes):
    WN001 = (
        "The setting {name} = {value!r} can't be used. {why} Change it in the component's config, "
        "or in the call that sets it."
    )
    WN002 = (
        "spacy-windowner was compiled for spaCy {built}, and spaCy {installed} is installed. Build "
        "it again for this one: `pip install --force-reinstall --no-deps --no-cache-dir "
        "spacy-windowner`. Or install the spaCy it was built for: `pip install 'spacy~={built}.0'`."
    )
    WN005 = (
        "The model's embedding needs word vectors, and the vocabulary has none{that}. Name vectors "
        "in `paths.vectors` or `initialize.vectors` of the config, made with `spacy init vectors`, "
        "or set `vectors = null` in the `embed` block of the component's model "
        "(`include_static_vectors = false` in a layer of spaCy's)."
    )
    WN006 = (
        "The model was trained with {expected}, but the vocabulary has {got}. Load the pipeline "
        "with the vectors it was trained with, or train it again."
    )
    WN007 = (
        "The model of '{name}' has {columns} tag columns, but its {n_labels} labels need {needed} "
        "(O, and {tags}- of each label): {labels}. Set `nO = null` in the model's config so that "
        "it follows the labels, or train again with these labels."
    )
    WN008 = (
        "Can't load '{name}' from {path}: the file '{file}' is missing. The directory is "
        "incomplete: copy the pipeline again, or save it again with nlp.to_disk."
    )
    WN009 = (
        "Can't load '{name}' from {path}: {reason}. The data is damaged or cut short, or belongs "
        "to a model of another shape: load a pipeline with spacy.load, which builds the model that "
        "its config describes; or copy it again, or save it again."
    )
    WN010 = (
        "'{name}' has no labels to learn: the training examples contain no entities, and none were "
        "added. Check that the training data has entities (doc.ents), call add_label, or give "
        "`labels` in the block [initialize.components.{name}] of the config."
    )
    WN011 = (
        "`{setting}` of '{name}' names the label {label!r}, which the component does not have. Its "
        "labels: {labels}."
    )
    WN013 = (
        "Unexpected labels for '{name}': {labels!r}. Expected a list of strings, as `python -m "
        "spacy init labels` writes it."
    )
    WN015 = (
        "'{name}' has no earlier model to rehearse. Call `optimizer = nlp.resume_training()` "
        "before the first update: it keeps a copy of the model as it is."
    )
    WN016 = (
        "'{name}' can't rehearse, for its model listens to another component, which `nlp.rehearse` "
        "doesn't run. Give it that layer for its own, before `nlp.resume_training()`: "
        'nlp.replace_listeners("tok2vec", "{name}", ["model.embed"]).'
    )
    WN017 = (
        "'{name}': the span {text!r} of doc.spans['{key}'] is known not to be {label}, but "
        "doc.ents has it as {label}. Remove one of them from the document {doc!r}."
    )
    WN018 = (
        "Can't add {labels!r} to '{name}'. Give a list of new labels, at least one, and each of "
        'them once, e.g. `add_labels(["ORG"])`.'
    )
    WN019 = (
        "'{name}' can't learn transitions: its model, {model}, has no place for them. Set "
        "`transitions = false` in the `loss` block of the component, or use the architecture "
        "spacy-windowner.WindowClassifier.v1 or TorchWindowClassifier.v1."
    )
    WN020 = (
        "This model needs PyTorch, which is not installed: `pip install "
        '"spacy-windowner[torch]"`. Without it, use the architecture '
        "spacy-windowner.WindowClassifier.v1, and train again."
    )
    WN021 = (
        "The `scorer` must build a torch.nn.Module that maps a float32 tensor of shape {shape}, "
        "window features of 2 tokens, to scores of shape {expected}. Found {found}. Correct the "
        "function that the `scorer` block of the model's config names: it returns a callable, "
        "which is called with ({nI}, {nO}), the numbers of features and of tags."
    )
    WN022 = (
        "Can't add labels to this scorer, a {kind}: that takes a module whose scores are the "
        "output of a torch.nn.Linear with a bias and one output for each tag, and in which nothing "
        "else depends on the number of tags. Add all labels before training, or train again with "
        "them."
    )
    WN023 = (
        "The saved parameters are not those of the module that the `scorer` builds. They differ in "
        "{names}. Load them with the scorer they were trained with."
    )
    WN024 = "A prediction has no gradient. Call the model with is_train=True, or begin_update."
    WN025 = (
        "The model of '{name}' uses word vectors, but none of the {n_words} words of the training "
        "data has one. Vectors of {n_vectors} words were found, such as {shown}. Are they of "
        "another language, or all in lower case? Name others in `paths.vectors` of the config."
    )
    WN040 = (
        "Can't read raw text from {path}: {why}. Give a file with one text a line, or one JSON "
        'object a line, {{"text": "..."}} or {{"tokens": ["...", ...]}}.'
    )
    WN041 = (
        "There are no words in {path}: of {lines} lines {skipped} are unreadable{example}, the "
        "others blank. Give a file with one text a line, in UTF-8, or one JSON object a line, "
        '{{"text": "..."}} or {{"tokens": ["...", ...]}}.'
    )
    WN042 = (
        "'{name}' can't learn words from raw text: {why}. Pretrain a component with "
        "spacy-windowner.WindowClassifier.v1, at least one hidden layer, a window of more than one "
        "word, and an embedding of the word alone, as in configs/default.cfg."
    )
    WN043 = (
        "The config must have {wanted} in its pipeline. Found: {names}. Name one with "
        "`--component` (`component` in Python), or give another config."
    )
    WN045 = (
        "Can't load pretrained words from {path}: {reason}. Give the file `words.bin` that `python "
        "-m spacy windowner pretrain` wrote, in `paths.init_words` or `init_words` of the block "
        "[initialize.components] of the config, or null to begin with random weights."
    )
    WN046 = (
        "The pretrained words in {path} don't fit the model of '{name}'. {where}: the file has "
        "{found}, the model {expected}. Set the model of the config to what the file has, or "
        "pretrain again with this config: `python -m spacy windowner pretrain RAW.txt OUT --config "
        "config.cfg`."
    )
    WN048 = (
        "Can't write pretrained words to {path}: it is a file. Give the name of a folder, which is "
        "made if necessary."
    )
    WN050 = (
        "The pipeline must have {wanted}. Found: {names}. Name one with `--component` (`name` in "
        "Python), enable it if it is disabled, or give another pipeline."
    )
    WN051 = (
        "The entities of '{name}' can't be explained, for its model, {model!r}, doesn't say which "
        "word each part of a score comes from. That takes the architecture "
        "spacy-windowner.WindowClassifier.v1 or spacy-windowner.TorchWindowClassifier.v1: train "
        "the component with one of these."
    )
    WN052 = (
        "The entities of '{name}' can't be explained, for the scores of its `scorer`, a {kind}, "
        "have no gradient with respect to the words: {reason}. Let the module compute its scores "
        "from its input by differentiable operations, without torch.no_grad() or detach()."
    )
    WN060 = (
        "Can't calibrate '{name}' on {path}: either there are no entities of its labels, or it "
        "finds none there. Give annotated text of the kind that it was trained for, and not its "
        "training data."
    )
    WN061 = (
        "The calibration of '{name}' can't be read: {reason}. Calibrate the model again, `python "
        "-m spacy windowner calibrate MODEL DATA`, or set `calibration` to null in the component's "
        "cfg file."
    )
    WN070 = (
        "'{name}' has nothing to learn: all its labels are frozen ({labels}). Add one, "
        '`add_labels([...])`, or set `cfg["frozen_labels"]` of the component to the labels that '
        "are to stay as they are, [] for none."
    )
    WN071 = (
        "Can't add the label {label!r} to '{name}', which has it already. Its labels: {labels}. "
        "Name only new ones; to go on teaching all that it has, set "
        '`nlp.get_pipe("{name}").cfg["frozen_labels"]` to [].'
    )
    WN072 = (
        "'{name}' can't learn {label!r} while {frozen} stand still, for they share their layers. "
        "Freeze {label!r} as well, or no label, `frozen_labels = []`: only labels that are added "
        "to a trained component while others are frozen can learn apart from them."
    )
    WN073 = (
        "Can't add labels to '{name}' while others are frozen: its model, {model!r}, isn't one of "
        "spacy-windowner.WindowClassifier.v1 or spacy-windowner.TorchWindowClassifier.v1. Freeze "
        "none, `frozen_labels = []`, or train the component with one of these."
    )
    WN074 = (
        "Can't add labels to {component!r}, which is no `window_ner` of the pipeline. Found: "
        "{names}. Name one as `component` of the callback spacy-windowner.add_labels.v1."
    )
    WN075 = (
        "'{name}' can't be initialized, which begins anew, while `frozen_labels` says that labels "
        "stay as they are. To teach a trained component more, load it, or name it as `source` in "
        "the config; to begin anew, set `frozen_labels = []`."
    )
    WN076 = (
        "'{name}' can't read user_data['{key}'] = {value!r} of the document {doc!r}. It is a list "
        "of labels, those that the document is annotated for; leave it out if it is annotated for "
        "all."
    )
    WN077 = (
        "'{name}' can't read user_data['{key}'] = {value!r} of the document {doc!r}. It is a "
        "number of at least 0, the factor on the document's loss; leave it out for 1."
    )
    WN078 = (
        "'{name}': the document {doc!r} has an entity {text!r} of the label {label!r}, and its "
        "user_data['{key}'] says that it isn't annotated for that label. Add the label there, or "
        "remove the entity."
    )
    WN079 = (
        "'{name}' has frozen labels and no calibration: only the curves of other labels would be "
        "fitted, which complete those of a calibration. To calibrate all labels, set "
        "`frozen_labels` to [] in the component's cfg file first, and give data with all of them."
    )
    WN080 = (
        "'{name}' can't suggest documents, for it isn't trained, and so is unsure of everything. "
        "Annotate a few hundred documents chosen at random first, and train on them."
    )
    WN081 = (
        "There is nothing left of {path} to suggest: all its documents, {n}, are among those to "
        "exclude. Give more raw text, or exclude fewer."
    )
    WN082 = (
        "Can't write the suggested documents to {path}: {why}. Give another file, whose name ends "
        "in .jsonl."
    )
    WN090 = (
        "There is no `window_ner` in '{model}' to report on. Found: {names}. Name a pipeline that "
        "has one; others can be compared with it, `--compare` (`compare` in Python)."
    )
    WN091 = (
        "'{model}' has nothing that finds entities, and found none. Its components: {names}. Name "
        "a pipeline with a named entity recognizer."
    )
    WN092 = (
        "Can't read annotated documents from {path}: {reason}. Give a file in spaCy's binary "
        "format, .spacy, or a folder with such files; `python -m spacy convert` and "
        "`DocBin.to_disk` write it."
    )
    WN093 = (
        "There is no entity in the {n_docs} documents of {path}, so that there is nothing to "
        "measure. Give annotated documents, whose doc.ents are set."
    )
    WN094 = (
        "Can't write to {path}: {reason}. Nothing there was changed. Free some space, or choose "
        "another folder."
    )
    WN095 = (
        "There is no `window_ner` in the pipeline of {config}. Found: {names}. Give the config of "
        "one; `python -m spacy debug data` looks at the data of other components."
    )
    WN096 = (
        "Can't read the corpus `{name}` of the config: {reason} Check the path it is given, e.g. "
        "`--paths.train train.spacy --paths.dev dev.spacy`."
    )
    WN097 = (
        "Can't make the pipeline of {config}: {reason} Give a complete config, as "
        "configs/default.cfg is one."
    )
    WN110 = (
        "Can't read {path}: {why}. Name a file of lines (.txt, .jsonl, also with .gz), a .parquet "
        "file, a folder of these, or - for standard input."
    )
    WN111 = (
        "Can't write to {path}: {why}. Name a folder that is new or empty, or that of the same "
        "run, which then goes on."
    )
    WN112 = (
        "The shards in {path} were made with other settings: {differences}. Use the same again to "
        "go on, or another folder."
    )
    WN113 = (
        "Can't read {path}: of the first {count} lines, none is a document. The first: {first}. If "
        "columns have other names, give that of the text by --text-column (`text_column`) and that "
        "of the ids by --id-column; the format of standard input is given by --input-format."
    )
    WN114 = (
        "The shards in {path} were made of another input: shard {number} differs. Give the same "
        "input, in the same order, to go on, or use another folder."
    )
    WN115 = (
        "Can't write to {path}: {reason}. All shards there are whole. When this is mended, the "
        "same command goes on after them."
    )
    WN116 = (
        "One of {n_process} processes ended unexpectedly, perhaps for lack of memory. All shards "
        "written are whole. The same command goes on after them; fewer processes, or smaller "
        "shards (--shard-size), take less memory."
    )
    WN118 = (
        "Parquet files need PyArrow, which is not installed: `pip install "
        '"spacy-windowner[parquet]"`. Or use .jsonl.'
    )
    WN119 = (
        "The engine ray needs Ray Data, which is not installed: `pip install "
        '"spacy-windowner[ray]"`, on all machines of the cluster. Or use `local`.'
    )
    WN120 = (
        "Can't go on: {path} is damaged ({reason}). Remove the folder, to begin anew, or use "
        "another one."
    )
    WN121 = (
        "Can't load the pipeline {model}: {error}. Name the folder or the package of a pipeline; "
        "if it is one, its files are damaged, or made for what isn't installed, or with code of "
        "your own, which --code (`code`) names."
    )
    WN122 = (
        "Can't reach a Ray cluster at {address}: {error}. Start one with `ray start --head`, or "
        "leave the address out to use this machine. If the cluster asks for a token, set "
        "RAY_AUTH_MODE=token here, too."
    )
    WN123 = (
        "Can't write to standard output: {reason}. The rows of some documents are missing. Mend "
        "this, or name a folder as the output, and a run that is stopped goes on."
    )
    WN124 = (
        "{rejects:,} of {lines:,} documents could not be read or annotated, and --strict allows "
        "none. All others are written. Mend or remove these, or leave out --strict."
    )
    WN130 = (
        "Serving a page needs packages that are not installed. Install the extra: pip install "
        "'spacy-windowner[serve]'."
    )
    WN131 = (
        "Can't listen at {host}, port {port}: {reason}. Choose another port with `--port`, 0 for "
        "any free one, or an address of this machine with `--host`."
    )
    WN132 = (
        "The text has {n} characters, and {limit} are allowed. Shorten it, or start the server "
        "with another `--max-chars`."
    )
    WN133 = (
        "'{name}' doesn't find this {label} in this text, so that it can't say why. Either another "
        "component of the pipeline found it, or the text has changed: click again."
    )
    WN134 = (
        "This isn't a question that the page asks. Send JSON (Content-Type: application/json) with "
        "the fields {fields}, and no others."
    )
    WN135 = (
        "The logger's `labels` name {unknown}, which the pipeline doesn't have. It has: {names}. "
        "Correct `labels` in [training.logger], or leave it out for the first ones."
    )
    WN136 = "Can't import the code in {path}: {reason}"
    WN150 = (
        "Can't add labels to '{component}', which isn't trained: the config makes it anew. Name a "
        "trained pipeline, `source = ...` and no `factory` in [components.{component}]. The config "
        "that is saved with a pipeline has no `source`; start from configs/grow.cfg."
    )
    WN151 = (
        "'{component}' listens to '{upstream}', which isn't before it in the pipeline ({names}). "
        "Put it there; if '{component}' has a `source`, with the same `source` and in "
        "`frozen_components` and `annotating_components`. Or give '{component}' an embedding of "
        'its own, or a copy, `replace_listeners = ["model.embed"]` in [components.{component}].'
    )
    WN160 = (
        "Can't load '{name}' from {path}: `{setting}` of its cfg is {value!r:.200}. {why} Correct "
        "it in the file `cfg` of the component, or save the pipeline again."
    )
    WN161 = (
        "'{name}' can't be {act}, because it would find nothing: {what} are not all finite (NaN or "
        "infinite). Its training has diverged. Train again with a lower `learn_rate` in "
        "[training.optimizer], or load a pipeline that was saved earlier, which is as it was."
    )
    WN162 = (
        "The training of '{name}' has diverged: {what} of a batch is {value}. Lower `learn_rate` "
        "in [training.optimizer] (0.001 is usual), and keep `grad_clip` above 0. If both are so, "
        "look for NaN in what '{name}' reads: word vectors, a shared `tok2vec`. Pipelines that "
        "were saved before are as they were."
    )
    WN163 = (
        "'{name}' can't find entities in the document {doc!r:.100}: it listens to '{upstream}', "
        "which hasn't run on it ({why}). Load the pipeline with '{upstream}', and keep it enabled "
        "and before '{name}'; `nlp.select_pipes` and `exclude` must name both or neither. To use "
        "'{name}' alone, give it a copy before it is saved: nlp.replace_listeners(\"{upstream}\", "
        '"{name}", ["model.embed"]).'
    )
    WN164 = (
        "'{name}' can't learn {labels}: no entity of the training data {corpus} has that label. It "
        "has {found}. Annotate it there, or correct `labels` in [initialize.before_init]."
    )
    WN165 = (
        "'{name}' has nothing to learn from: in {n_words:,} words of training data no entity has "
        "one of the labels that it is to learn ({labels}). Annotate them, or correct the labels, "
        "which stand in [initialize] of the config; if entities come later in the data, shuffle it."
    )
    WN166 = (
        "'{name}' can't learn from the word vectors of the vocabulary: {count} of {total} have "
        "numbers that are NaN or infinite, such as that of {shown}. Correct these rows in the file "
        "that you gave `spacy init vectors`, or leave them out, and make the vectors again."
    )
    WN167 = (
        "The pretraining has diverged: {what}. Start again with a lower `--learn-rate` "
        "(`learn_rate` in Python). Nothing of this epoch was written to {path}."
    )
    WN168 = (
        "'{name}' can't learn {labels}: `initialize` hadn't seen the label, and its model can't "
        "grow. List all labels in [initialize.components.{name}.labels] (`spacy init labels` "
        "writes them), or use a model that can grow, such as `spacy-windowner.WindowClassifier.v1`."
    )
    WN180 = "Can't read {path}: {why}. Name files of annotated documents, or folders of them."
    WN181 = (
        "Can't tell the format of {path}, which begins with {line!r:.100}. Name it by `--format` "
        "(`format`): {formats}. docs/convert.md shows each of them."
    )
    WN182 = (
        "{where}: {tag!r:.50} is no tag. A tag is O, or one of B, I, L, U, S and E with a hyphen "
        "and a label, such as B-PER; - stands for no annotation. {fix}"
    )
    WN183 = (
        "{where}: expected {expected}, found {found}: {line!r:.100}. Correct the line, or remove "
        "it, or name another format by `--format` (`format`)."
    )
    WN184 = (
        "{where}: {tag} {why}. Correct the tag. Or name the scheme by `--scheme` (`scheme`); with "
        "iob1 an entity may start with B- or with I-."
    )
    WN185 = "{where}: no {encoding} ({reason}). Name the file's encoding, e.g. {fix}."
    WN186 = (
        "{where}: the label {label!r:.100} {why}. Give it another name, e.g. `--rename "
        "'{label:.50}={fix:.50}'` (`rename`)."
    )
    WN187 = "Can't write to {path}: {why}. {fix}"
    WN188 = "There is no annotated document in {path}. {why}"
    WN189 = (
        "{where}: {tag!r:.50} stands for a tag, and it isn't known for which. Name all tags in "
        "their order by `--tag-names` (`tag_names`), e.g. O,B-PER,I-PER."
    )
    WN190 = (
        "{where}: the first column, which should hold the words, counts them ({line!r:.100}). Name "
        "the column of the words, e.g. `--word-column 2` (`word_column`), or 1 if they are there."
    )
    WN191 = (
        "{where}: a row of a text that had rows further up: {text!r:.100}. Sort the file, so that "
        "all rows of a text stand together; else each would be a document that lacks the entities "
        "of the others."
    )
    WN192 = (
        "{where}: the file can't be read on ({reason}). Mend the file there, or name another "
        "format by `--format` (`format`)."
    )
    WN193 = (
        "Can't split {n} documents into {parts} parts: near-duplicates stay together, and "
        "{n_groups} are different. Give more documents, or leave out `--split` (`split`)."
    )
    WN194 = "Can't make a tokenizer of the language {lang!r}: {reason} Name another one."
    WN200 = (
        "The shares {shares} can't be used. They are percentages above 0 and up to 100, each one "
        "once, e.g. 25,50,75,100."
    )
    WN201 = (
        "{share:g} % of {n_docs:,} training documents is {size:,}, no more than there are in a "
        "smaller share, or none at all. Give larger shares, farther apart, or more documents."
    )
    WN202 = (
        "There is no entity in {share:g} % of the training documents, of which {n_docs:,} were "
        "drawn. Give larger shares, or documents that are annotated."
    )
    WN203 = (
        "There is no entity in the {n_docs:,} documents of the corpus `{name}`, so that models "
        "can't be measured. Give annotated development data, e.g. `--paths.dev dev.spacy`."
    )
    WN204 = (
        "The pipeline {names} has no scores of entities, `ents_f`. Give the config of a named "
        "entity recognizer."
    )
    WN220 = (
        "Can't make a config for the language {lang!r}: {reason} Name a language that spaCy knows, "
        "such as en, or xx for none in particular."
    )
    WN221 = (
        "{path}, which says what was trained, can't be read ({reason}). Remove it, to train anew, "
        "or choose another folder."
    )


class Warnings(metaclass=ErrorsWithCodes):
    WW001 = (
        "'{name}' can't learn from {count} of {total} entities of {source}, and treats their "
        "tokens as not annotated: {kinds}. For example: {shown}. Correct the offsets of these "
        "entities."
    )
    WW002 = (
        "The compiled parts of spacy-windowner are missing ({missing}). It finds the same entities "
        "without them, but is many times slower. Install a C compiler and then `pip install "
        "--force-reinstall --no-deps --no-cache-dir spacy-windowner`. To run without them and "
        "without this warning, set the environment variable {variable}=1."
    )
    WW003 = (
        "'{name}' can't use {count} spans of doc.spans['{key}'] that don't align with the tokens, "
        "for example {text!r} in {doc!r}. Correct their offsets."
    )
    WW004 = (
        "'{name}' finds a word vector for only {share:.0%} of the {n_words} words of the training "
        "data that were looked up; among those without one: {shown}. Are the vectors of another "
        "language, or all in lower case? Others may be named in `paths.vectors` of the config."
    )
    WW005 = (
        "'{name}' is evaluated on entities of labels that it doesn't have: {unknown}. It can't "
        "find any of them, and recall counts them as missed. Its labels: {labels}. Add training "
        "data with these labels, or rename or remove them in the evaluation data."
    )
    WW006 = (
        "'{name}' is evaluated on {n_docs} documents without any entity, so that its scores say "
        "nothing, and can't tell a better model from a worse one. Check that the evaluation data "
        "(`paths.dev` in training) is annotated."
    )
    WW040 = (
        "{skipped} of {lines} lines of {path} are unreadable, and are skipped. The first: "
        '{example}. Lines must be UTF-8 and, in a .jsonl file, JSON objects with "text" or '
        '"tokens".'
    )
    WW060 = (
        "'{name}' is calibrated on {path}, which has only {count} entities of the labels that "
        "learn ({labels}), taken together: their probabilities are rough, or there are none. At "
        "least {needed} are wanted, and as many of each label that is to have a curve of its own. "
        "Give more held-out data."
    )
    WW061 = (
        "'{name}' has a threshold but no calibration, and so no probabilities to compare it with: "
        "no entity is dropped. Calibrate it: `spacy-windowner.calibrate.v1` in "
        "[training.before_to_disk], or `python -m spacy windowner calibrate MODEL DATA`."
    )
    WW070 = (
        "'{name}' listens to another component. Its frozen labels stay as they are only as long as "
        "that one does: name it in `frozen_components` and `annotating_components` of [training], "
        'or give it a copy of its own first: nlp.replace_listeners("tok2vec", "{name}", '
        '["model.embed"]).'
    )
    WW110 = (
        "{rejects:,} of {lines:,} documents could not be read or annotated. They are in {path}, "
        "with the reasons. The first: {first}."
    )
    WW111 = (
        "{n:,} of the finished shards in {path} were not as they had been written, and are made "
        "anew. The first: {first}. Look at what changes or cuts files there."
    )
    WW112 = (
        "{rejects:,} of {lines:,} documents could not be read or annotated. The first: {first}. To "
        "keep all of them, with the reasons, name a folder as the output."
    )
    WW130 = (
        "The learning curve can't be saved to {path} ({reason}), and training goes on without it. "
        "Make the folder writable, or set `picture = false` in [training.logger]."
    )
    WW131 = (
        "Everybody who can reach this machine at {host} can use the page and read what the model "
        "says. Without `--host` only this machine can."
    )
    WW150 = (
        "The pipeline {base} has components that this training leaves out, so that the pipeline it "
        "saves won't have them: {names}. To keep them, name them in `pipeline`, give each one "
        "`source = ${{paths.base}}`, and name them in `frozen_components`, as docs/growth.md "
        "shows. To go without, set `base = null` in [initialize.before_init]."
    )
    WW160 = (
        "'{name}' doesn't learn {labels}: in {n_words:,} words of training data no entity has such "
        "a label. Annotate it, or leave the label out."
    )
    WW161 = (
        "'{name}' has got new labels from a batch of training data, which `initialize` hadn't "
        "seen: {labels}. It learns them from now on."
    )
    WW162 = (
        "'{name}' doesn't learn {labels}: the training data has entities with this label, but it "
        "isn't among the labels that were given to `initialize`, or all others are frozen. The "
        "tokens of such entities count as not annotated. Add the label "
        "(`nlp.get_pipe('{name}').add_label`, or `labels` in [initialize]) to learn it. Take the "
        "entities out of the data to teach that they are none of the other labels."
    )
    WW163 = (
        "{count} of {total} entities in {source} begin or end with whitespace, or characters that "
        "nobody sees. '{name}' learns them without. The first: {shown}"
    )
    WW180 = "{n:,} {what}. The first: {first}. {fix}"


def check_setting(right: bool, name: str, value: object, why: str) -> None:
    """Reject the value of a setting.

    right (bool): Whether the value can be used.
    name (str): The setting's name.
    value (object): Its value.
    why (str): What is expected instead, as a sentence.
    RAISES (ValueError): If the value can't be used.
    """
    if not right:
        raise ValueError(Errors.WN001.format(name=name, value=value, why=why))
