"""All error and warning messages. Each has a code that users can search for."""

from spacy.errors import ErrorsWithCodes


class Errors(metaclass=ErrorsWithCodes):
    WN001 = (
        "The setting {name} = {value!r} can't be used. {why} Change it in the config of the "
        "component, or in the call that sets it."
    )
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
        '`nlp.resume_training()`: nlp.replace_listeners("tok2vec", "{name}", ["model.embed"]).'
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
    WN040 = (
        "Can't read raw text from {path}: {why}. Use a file with one text per line, or with one "
        'JSON object per line, {{"text": "..."}} or {{"tokens": ["...", ...]}}.'
    )
    WN041 = (
        "There are no words in {path}: of {lines} lines, {skipped} are unreadable{example}, and "
        "the others are blank. Use a file with one text per line, in UTF-8, or with one JSON "
        'object per line, {{"text": "..."}} or {{"tokens": ["...", ...]}}.'
    )
    WN042 = (
        "'{name}' can't learn words from raw text: {why}. Pretrain a component that has the "
        "architecture spacy-windowner.WindowClassifier.v1, at least one hidden layer, a window of "
        "more than one word, and an embedding that depends on the word alone, as in "
        "configs/default.cfg."
    )
    WN043 = (
        "The config must have {wanted} in its pipeline. Found: {names}. Choose one with "
        "`--component` (`component` in Python), or use another config."
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
    WN048 = (
        "Can't write pretrained words to {path}: it is a file. Give the name of a folder. If the "
        "folder doesn't exist, it is created."
    )
    WN050 = (
        "The pipeline must have {wanted}. Found: {names}. Choose one with `--component` (`name` in "
        "Python), enable it if it is disabled, or use another pipeline."
    )
    WN051 = (
        "Can't explain the entities of '{name}': its model, {model!r}, doesn't tell which word "
        "each part of a score comes from. Train the component with the architecture "
        "spacy-windowner.WindowClassifier.v1 or spacy-windowner.TorchWindowClassifier.v1, which do."
    )
    WN052 = (
        "Can't explain the entities of '{name}': the scores of its `scorer`, a {kind}, have no "
        "gradient with respect to the words ({reason}). The module must compute its scores from "
        "its input with differentiable operations, without torch.no_grad() or detach()."
    )
    WN060 = (
        "Can't calibrate '{name}' on {path}: the data has no entities with the component's labels, "
        "or the component finds none in it. Use annotated text of the kind that the component was "
        "trained for, but not its training data."
    )
    WN061 = (
        "Can't read the calibration of '{name}': {reason}. Calibrate the model again with `python "
        "-m spacy windowner calibrate MODEL DATA`, or set `calibration` to null in the component's "
        "cfg file."
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
    WN079 = (
        "'{name}' has frozen labels but no calibration. While labels are frozen, only the curves "
        "of the other labels are fitted, to complete an existing calibration. To calibrate all "
        "labels, first set `frozen_labels` to [] in the component's cfg file, and use data that is "
        "annotated for all labels."
    )
    WN080 = (
        "'{name}' can't suggest documents because it isn't trained, so it is unsure about "
        "everything. First annotate a few hundred documents, chosen at random, and train on them."
    )
    WN081 = (
        "No documents of {path} are left to suggest: all {n} are among those to exclude. Use more "
        "raw text, or exclude fewer documents."
    )
    WN082 = (
        "Can't write the suggested documents to {path}: {why}. Choose another file, with a name "
        "that ends in .jsonl."
    )
    WN090 = (
        "'{model}' has no `window_ner` to report on. Found: {names}. Use a pipeline that has one. "
        "Other pipelines can be compared with it, with `--compare` (`compare` in Python)."
    )
    WN091 = (
        "'{model}' has no component that finds entities, and found none. Its components are: "
        "{names}. Use a pipeline with a named entity recognizer."
    )
    WN092 = (
        "Can't read annotated documents from {path}: {reason}. Use a file in spaCy's binary "
        "format, .spacy, or a folder of such files. `python -m spacy convert` and `DocBin.to_disk` "
        "write this format."
    )
    WN093 = (
        "There are no entities in the {n_docs} documents of {path}, so there is nothing to "
        "measure. Use annotated documents, in which doc.ents is set."
    )
    WN094 = (
        "Can't write to {path}: {reason}. Nothing there was changed. Free some disk space, or "
        "choose another folder."
    )
    WN095 = (
        "There is no `window_ner` in the pipeline of {config}. Found: {names}. Use the config of a "
        "pipeline that has one. To check the data of other components, use `python -m spacy debug "
        "data`."
    )
    WN096 = (
        "Can't read the corpus `{name}` of the config: {reason} Check the path, e.g. "
        "`--paths.train train.spacy --paths.dev dev.spacy`."
    )
    WN097 = (
        "Can't create the pipeline of {config}: {reason} Use a complete config, such as "
        "configs/default.cfg."
    )
    WN110 = (
        "Can't read {path}: {why}. Use a file of lines (.txt, .jsonl, also with .gz), a .parquet "
        "file, a folder of such files, or - for standard input."
    )
    WN111 = (
        "Can't write to {path}: {why}. Use a new or empty folder, or the folder of the same run, "
        "which then continues."
    )
    WN112 = (
        "The shards in {path} were written with other settings: {differences}. Use the same "
        "settings to continue, or use another folder."
    )
    WN113 = (
        "Can't read {path}: none of the first {count} lines is a document. The first error: "
        "{first}. If the columns have other names, name the text column with --text-column "
        "(`text_column`) and the id column with --id-column. Set the format of standard input with "
        "--input-format."
    )
    WN114 = (
        "The shards in {path} were written from another input: shard {number} differs. Use the "
        "same input, in the same order, to continue, or use another folder."
    )
    WN115 = (
        "Can't write to {path}: {reason}. All shards there are complete. Fix the problem, and run "
        "the same command again. It continues after these shards."
    )
    WN116 = (
        "One of {n_process} processes ended unexpectedly, perhaps because there was not enough "
        "memory. All shards that were written are complete. Run the same command again. It "
        "continues after these shards. Fewer processes or smaller shards (--shard-size) need less "
        "memory."
    )
    WN118 = (
        "Parquet files need PyArrow, which is not installed. Install it with `pip install "
        '"spacy-windowner[parquet]"`, or use .jsonl.'
    )
    WN119 = (
        "The engine `ray` needs Ray Data, which is not installed. Install it on all machines of "
        'the cluster with `pip install "spacy-windowner[ray]"`, or use the engine `local`.'
    )
    WN120 = (
        "Can't continue: {path} is damaged ({reason}). Delete the folder to start over, or use "
        "another one."
    )
    WN121 = (
        "Can't load the pipeline {model}: {error}. Give the folder or the package of a pipeline. "
        "If this is one, its files are damaged, or it needs a package that isn't installed, or it "
        "needs code of your own, which you can name with --code (`code`)."
    )
    WN122 = (
        "Can't reach a Ray cluster at {address}: {error}. Start one with `ray start --head`, or "
        "leave out the address to use this machine. If the cluster asks for a token, set "
        "RAY_AUTH_MODE=token here as well."
    )
    WN123 = (
        "Can't write to standard output: {reason}. The rows of some documents are missing. Fix the "
        "problem, or name a folder as the output, so that a run that stops can be continued."
    )
    WN124 = (
        "{rejects:,} of {lines:,} documents could not be read or annotated, but --strict allows "
        "none. All other documents were written. Fix or remove these documents, or leave out "
        "--strict."
    )
    WN130 = (
        "Serving a page needs packages that are not installed. Install them with `pip install "
        "'spacy-windowner[serve]'`."
    )
    WN131 = (
        "Can't listen at {host}, port {port}: {reason}. Choose another port with `--port` (0 for "
        "any free port), or an address of this machine with `--host`."
    )
    WN132 = (
        "The text has {n} characters, but only {limit} are allowed. Shorten the text, or start the "
        "server with a higher `--max-chars`."
    )
    WN133 = (
        "'{name}' doesn't find this {label} in this text, so it can't explain the entity. Either "
        "another component of the pipeline found it, or the text has changed. In that case, click "
        "again."
    )
    WN134 = (
        "This is not a request that the page sends. Send JSON (Content-Type: application/json) "
        "with the fields {fields}, and no others."
    )
    WN135 = (
        "`labels` of the logger contains {unknown}, which the pipeline doesn't have. It has: "
        "{names}. Correct `labels` in [training.logger], or leave it out to show the first labels."
    )
    WN136 = "Can't import the code in {path}: {reason}"
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
    WN167 = (
        "The pretraining has diverged: {what}. Start over with a lower `--learn-rate` "
        "(`learn_rate` in Python). Nothing of this epoch was written to {path}."
    )
    WN168 = (
        "'{name}' can't learn {labels}: `initialize` didn't see this label, and the model can't "
        "grow. List all labels in [initialize.components.{name}.labels] (`spacy init labels` "
        "writes them), or use a model that can grow, such as `spacy-windowner.WindowClassifier.v1`."
    )
    WN180 = "Can't read {path}: {why}. Give files of annotated documents, or folders of them."
    WN181 = (
        "Can't recognize the format of {path}, which begins with {line!r:.100}. Set it with "
        "`--format` (`format`): {formats}. docs/convert.md shows each format."
    )
    WN182 = (
        "{where}: {tag!r:.50} is not a tag. A tag is O, or one of B, I, L, U, S and E with a "
        "hyphen and a label, such as B-PER. A hyphen alone stands for missing annotation. {fix}"
    )
    WN183 = (
        "{where}: expected {expected}, found {found}: {line!r:.100}. Correct or remove the line, "
        "or set another format with `--format` (`format`)."
    )
    WN184 = (
        "{where}: {tag} {why}. Correct the tag. Or set the scheme with `--scheme` (`scheme`). In "
        "iob1, an entity may start with B- or with I-."
    )
    WN185 = "{where}: this is not {encoding} ({reason}). Set the encoding of the file, e.g. {fix}."
    WN186 = (
        "{where}: the label {label!r:.100} {why}. Rename it, e.g. with `--rename "
        "'{label:.50}={fix:.50}'` (`rename`)."
    )
    WN187 = "Can't write to {path}: {why}. {fix}"
    WN188 = "There are no annotated documents in {path}. {why}"
    WN189 = (
        "{where}: {tag!r:.50} stands for a tag, but it isn't known which one. List all tags in "
        "their order with `--tag-names` (`tag_names`), e.g. O,B-PER,I-PER."
    )
    WN190 = (
        "{where}: the first column should hold the words, but it numbers them ({line!r:.100}). Set "
        "the column of the words, e.g. `--word-column 2` (`word_column`), or 1 if the numbers are "
        "the words."
    )
    WN191 = (
        "{where}: this row belongs to a text that already had rows further up: {text!r:.100}. Sort "
        "the file so that all rows of a text are together. Otherwise, each group of rows would "
        "become its own document, without the entities of the others."
    )
    WN192 = (
        "{where}: can't read any further ({reason}). Fix the file there, or set another format "
        "with `--format` (`format`)."
    )
    WN193 = (
        "Can't split {n} documents into {parts} parts: near-duplicates stay together, and only "
        "{n_groups} documents are different. Add documents, or leave out `--split` (`split`)."
    )
    WN194 = "Can't create a tokenizer for the language {lang!r}: {reason} Use another language."
    WN200 = (
        "The shares {shares} can't be used. Give different percentages above 0 and up to 100, e.g. "
        "25,50,75,100."
    )
    WN201 = (
        "{share:g} % of {n_docs:,} training documents is {size:,} documents. This is none at all, "
        "or no more than in a smaller share. Use larger shares that are farther apart, or more "
        "documents."
    )
    WN202 = (
        "There are no entities in {share:g} % of the training documents, for which {n_docs:,} were "
        "drawn. Use larger shares, or annotated documents."
    )
    WN203 = (
        "There are no entities in the {n_docs:,} documents of the corpus `{name}`, so models can't "
        "be evaluated. Use an annotated dev set, e.g. `--paths.dev dev.spacy`."
    )
    WN204 = (
        "The pipeline {names} has no entity scores (`ents_f`). Use the config of a named entity "
        "recognizer."
    )
    WN220 = (
        "Can't create a config for the language {lang!r}: {reason} Use a language that spaCy "
        "knows, such as en, or xx for no particular language."
    )
    WN221 = (
        "Can't read {path}, which records what was trained ({reason}). Delete it to train from "
        "scratch, or use another folder."
    )
    WN230 = (
        "Can't read the lexicon {path}: {why}. Name a .jsonl file with a phrase a line, "
        '{{"label": "DRUG", "pattern": "acetylsalicylic acid"}}, a .txt file with the phrases of '
        "one class, which is the file's name, or a folder of such files."
    )
    WN231 = (
        "Can't use line {line} of the lexicon {path}: {why}. A line of a .jsonl file has a class "
        'and a phrase, {{"label": "DRUG", "pattern": "acetylsalicylic acid"}}. Correct the line, '
        "or remove it."
    )
    WN232 = (
        "The lexicon {path} has a phrase of the class {found!r} in line {line}, which the model "
        "wasn't trained with. Its classes are: {classes}. Use only these, or train again with "
        "this lexicon."
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


class Warnings(metaclass=ErrorsWithCodes):
    WW001 = (
        "'{name}' can't learn from {count} of {total} entities in {source}, and treats their "
        "tokens as not annotated: {kinds}. For example: {shown}. Correct the offsets of these "
        "entities."
    )
    WW002 = (
        "The compiled parts of spacy-windowner are missing ({missing}). It finds the same entities "
        "without them, but is many times slower. Install a C compiler, and then run `pip install "
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
    WW040 = (
        "{skipped} of {lines} lines of {path} are unreadable and are skipped. The first one: "
        '{example}. Lines must be UTF-8 and, in a .jsonl file, JSON objects with "text" or '
        '"tokens".'
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
    WW110 = (
        "{rejects:,} of {lines:,} documents could not be read or annotated. They are in {path}, "
        "with the reasons. The first one: {first}."
    )
    WW111 = (
        "{n:,} of the finished shards in {path} changed after they were written, and are written "
        "again. The first one: {first}. Find out what changes or truncates files there."
    )
    WW112 = (
        "{rejects:,} of {lines:,} documents could not be read or annotated. The first one: "
        "{first}. To keep all of them, with the reasons, name a folder as the output."
    )
    WW130 = (
        "Can't save the learning curve to {path} ({reason}). Training continues without it. Make "
        "the folder writable, or set `picture = false` in [training.logger]."
    )
    WW131 = (
        "Everyone who can reach this machine at {host} can use the page and read the model's "
        "output. Without `--host`, only this machine can."
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
    WW180 = "{n:,} {what}. The first one: {first}. {fix}"


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
