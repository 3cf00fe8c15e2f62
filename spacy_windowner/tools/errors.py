"""The messages of the commands, with codes that a search engine finds. `spacy_windowner.errors` has
those of the component."""

from spacy.errors import ErrorsWithCodes


class Errors(metaclass=ErrorsWithCodes):
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
    WN048 = (
        "Can't write pretrained words to {path}: it is a file. Give the name of a folder. If the "
        "folder doesn't exist, it is created."
    )
    WN050 = (
        "The pipeline must have {wanted}. Found: {names}. Choose one with `--component` "
        "(`component` in Python), enable it if it is disabled, or use another pipeline."
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
        "Other pipelines can be compared with it, with `--compare` (`compare_with` in Python)."
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
    WN098 = (
        "The component '{name}' of {model} isn't trained, so it can't find entities. Train the "
        "pipeline first, e.g. with `python -m spacy windowner train`."
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
    WN136 = "Can't import the code in {path}: {reason}"
    WN167 = (
        "The pretraining has diverged: {what}. Start over with a lower `--learn-rate` "
        "(`learn_rate` in Python). Nothing of this epoch was written to {path}."
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
    WN240 = (
        "Can't compare with {versus!r:.100}. Give one of the labels ({labels}), `none` for no "
        "entity, or a span as START:END or START:END:LABEL, in characters, such as {example}."
    )
    WN241 = (
        "The span {start}:{end} has no words. The text has {n} characters, so give a START of at "
        "least 0 and an END of at most {n} with a word in between{example}."
    )
    WN242 = (
        "The span {start}:{end}, {text!r:.100}, begins or ends within a word, so it can't be an "
        "entity. The nearest span of whole words is {near}, {near_text!r:.100}."
    )
    WN243 = (
        "The span {start}:{end}, {text!r:.100}, can't be an entity: {why}. Possible within it: "
        "{possible}."
    )
    WN244 = (
        "{text!r:.100} is already found as {label}, so there is nothing to compare. Compare it "
        "with another label ({others}), with `none` for no entity, or with another span."
    )
    WN245 = (
        "All entities that are found here have the label {label}, so none can be compared with it. "
        "Compare with another label ({others}), with `none` for no entity, or with a span."
    )
    WN246 = "'{name}' doesn't have the label {label!r:.100}. Its labels are: {labels}."
    WN247 = (
        "The text {text!r:.100} has bytes that aren't UTF-8, or halves of surrogate pairs, which "
        "aren't characters. Give it in UTF-8."
    )
    WN250 = (
        "Can't go on with the training that was interrupted: {path} can't be read ({reason}). "
        "Delete this file to train from scratch."
    )
    WN251 = (
        "Another process is training in {path}. Wait until it ends, or use another folder with "
        "`--output`."
    )
    WN252 = (
        "Can't read {path}: column {column} can't have both the words and the tags. Name the other "
        "one with `--word-column` (`word_column`) or `--tag-column` (`tag_column`)."
    )
    WN253 = (
        "Can't find the word vectors {vectors!r}: there is no such folder, and no installed "
        "package has this name. `python -m spacy init vectors` makes a folder from a file of "
        "vectors."
    )
    WN254 = (
        "There are no entities in the {part} data, {path}, so nothing can be {verb}. Annotate more "
        "documents. If they were split, you can also try another `--seed` (`seed`)."
    )
    WN255 = (
        "There are no documents in {path}. Give a .spacy file, or a folder of them. `python -m "
        "spacy windowner convert` makes them from other formats."
    )
    WN256 = (
        "The first model found no entity in {n_words:,} words of {path}, so there is nothing more "
        "to learn from them. Is this text of the kind and the language of the annotated data?"
    )
    WN257 = (
        "The first model, {model}, finds no entity of the dev data correctly, so the second one "
        "can't learn from it. Train without `--raw-text` (`raw_text`), and annotate more documents."
    )
    WN258 = (
        "The recipe {recipe!r} learns one label, {label}, which no entity of the training data "
        "has. The data has: {labels}. Rename one to {label} with `python -m spacy windowner "
        "convert --rename`. Or set the label in a config, and train that one: `python -m spacy "
        "windowner init config.cfg --recipe {recipe}`, and `python -m spacy train config.cfg "
        "--initialize.components.window_ner.labels '[\"{first}\"]'`."
    )
    WN262 = (
        "The pipeline {base} is for the language {own!r}, and the data for {lang!r}. Set the "
        "language with `--lang` (`lang`), or use another pipeline."
    )
    WN263 = (
        "Can't start from {base}: its component '{name}' listens to another component. Give it its "
        'own copy first: `nlp.replace_listeners("tok2vec", "{name}", ["model.embed"])`.'
    )
    WN264 = (
        "All labels of the data are among those of {base}, which are: {labels}. So none can be "
        "added. To train these labels further, leave out `--keep-labels` (`keep_labels`)."
    )
    WN275 = (
        "'{name}' can't tell how many errors to expect, because it isn't calibrated. Calibrate it "
        "with `python -m spacy windowner calibrate MODEL DATA`, or choose by learning."
    )
    WN280 = (
        "Can't split {path} into {folds} folds: each fold needs two different documents, and there "
        "are {n}. Choose fewer folds with `--folds` (`folds`), or annotate more documents."
    )
    WN281 = (
        "Fold {fold} can't be evaluated: there are no entities in its {part} data, {n} documents. "
        "Choose another number of folds with `--folds` (`folds`), or annotate more documents."
    )
    WN282 = (
        "Corrections with the label {label}, which '{name}' doesn't have. Its labels: {labels}. "
        "Add the label and train it first, as docs/growth.md says, or correct its name in the "
        "documents."
    )
    WN283 = (
        "Corrections with the label {label}, which is frozen in '{name}' and can't learn. To let "
        'all labels learn: `nlp.get_pipe("{name}").cfg["frozen_labels"] = []`, and save the '
        "pipeline."
    )
    WN284 = (
        "The entities {one!r:.100} ({first}) and {other!r:.100} ({second}) overlap, and a text can "
        "have only one of them. Remove one."
    )
    WN285 = (
        "The entity {expected!r:.100} should be at {start}:{end}, but the text has {found!r:.100} "
        "there. It has changed since the entity was marked. Mark it again."
    )
    WN286 = (
        "Can't read the corrections in {path}, line {line}: {why}. Fix or remove this line, or "
        "name another file with `--corrections`. Nothing was written."
    )
    WN287 = (
        "Can't write the corrections to {path}: {why}. Nothing was saved. Fix the problem and save "
        "again, or name another file with `--corrections`."
    )
    WN288 = "The model can't learn corrections now: {why} {fix}"
    WN289 = (
        "The corrections have {n:,} characters together, and only {limit:,} are allowed. Train "
        "with them instead: add {path} to the training data, and run `windowner train`."
    )
    WN290 = "The text has no words, so there is nothing to correct. Use a text with words."


class Warnings(metaclass=ErrorsWithCodes):
    WW040 = (
        "{skipped} of {lines} lines of {path} are unreadable and are skipped. The first one: "
        '{example}. Lines must be UTF-8 and, in a .jsonl file, JSON objects with "text" or '
        '"tokens".'
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
    WW131 = (
        "Everyone who can reach this machine at {host} can use the page, read the model's output, "
        "save corrections and teach them. Without `--host`, only this machine can."
    )
    WW191 = (
        "What the served model learned is gone. To keep it, teach the corrections to the pipeline "
        "in its folder: `python -m spacy windowner convert {path} corrected.spacy`, and then "
        "examples/corrections.py (docs/corrections.md)."
    )
    WW184 = (
        "The labels {labels} of {base} stay as they are. The data isn't annotated for them, so in "
        "the report each of their entities counts as wrong. Look at the rows of the other labels."
    )
    WW186 = (
        "The recipe {recipe!r} learns one label, {label}. The other labels of the data are left "
        "out: {labels}. In the report, each of their entities counts as wrong. Look at the row of "
        "{label}."
    )
    WW185 = (
        "The pipeline {base} has other components than '{name}', which the new pipeline doesn't "
        "have: {names}. To have one there, add it after the training, and save the pipeline: "
        '`nlp.add_pipe("{first}", source=spacy.load("{base}"), {side}="{name}")`.'
    )
    WW180 = "{what} ({n:,}). The first one: {first}. {fix}"
