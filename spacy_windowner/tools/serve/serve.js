// The page: finds the entities of a text after a short pause in typing, explains them, and corrects
// them.

import { Asker, send } from "./ask.js";
import { Drafts } from "./corrections.js";
import { copy, download, toCsv, toJson } from "./export.js";
import { countChars, element, markedSpan, sameEntity, sameSpan, showText } from "./text.js";

const REST = 150; // milliseconds
const SLOW = 600; // milliseconds until the page says that the model is working
const LONGEST = 40; // characters of the marked part that are shown
const byId = (id) => document.getElementById(id);
const [main, text, status, found, why, versus] = [
  "main", "text", "status", "found", "why", "versus",
].map(byId);
const maxChars = Number(main.dataset.maxChars);
const finder = new Asker();
const explainer = new Asker();
const drafts = new Drafts();
let shown = { text: "", entities: [], words: [] }; // what was found last, and in which text
let version = null; // of the model
let chosen = null; // the entity that is explained
let marked = null; // the part of the text that is marked
let sample = 0;
let timer = 0;

function say(message, isProblem = false) {
  status.textContent = message;
  status.classList.toggle("problem", isProblem);
}

const plural = (n, one, several) => `${n.toLocaleString("en")} ${n === 1 ? one : several}`;
const clip = (part) => (part.length > LONGEST ? `${part.slice(0, LONGEST)}…` : part);
const chosenMark = () => found.querySelector('[aria-pressed="true"]');
const entitiesNow = () => drafts.of(shown.text, shown.entities);

/** Runs what a button does, and says if it fails. */
function onClick(id, act) {
  const button = byId(id);
  if (!button) return;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await act();
    } catch (error) {
      say(error.message, true);
      status.scrollIntoView({ block: "nearest" });
    } finally {
      button.disabled = false;
    }
  });
}

// Finding entities

async function find() {
  const value = text.value;
  const n = countChars(value, maxChars);
  byId("count").textContent =
    `${n.toLocaleString("en")} of ${maxChars.toLocaleString("en")} characters`;
  main.classList.toggle("too-long", n > maxChars);
  const left = shown.text !== value && drafts.isUnsaved(shown.text);
  const undo = left ? " The corrections of the text before were not saved. Undo the edit to get them back." : "";
  if (n > maxChars || !value.trim()) {
    finder.forget();
    shown = { text: "", entities: [], words: [] };
    show(n > maxChars ? "" : "Entities appear here as you type.");
    const tooLong = "The text is too long. Shorten it, or start the server with another --max-chars.";
    say((n > maxChars ? tooLong : "") + undo, n > maxChars || left);
    return;
  }
  const slow = setTimeout(() => say("The model is working …"), SLOW);
  try {
    const answer = await finder.ask("entities", { text: value });
    if (!answer) return;
    const hasLearned = version !== null && version !== answer.version;
    version = answer.version;
    shown = { text: value, ...answer };
    show("");
    const many = plural(answer.entities.length, "entity", "entities");
    say(
      `${answer.entities.length ? many : "No entities"} in ` +
        plural(answer.words.length, "word", "words") +
        (hasLearned ? ". The model has learned in the meantime" : "") + (undo && `.${undo}`),
      left,
    );
    if (hasLearned) await showLessons();
  } catch (error) {
    found.classList.add("stale");
    say(error.message, true);
  } finally {
    clearTimeout(slow);
  }
}

function show(otherwise) {
  const before = [...found.querySelectorAll(".entity")].indexOf(document.activeElement);
  found.classList.remove("stale");
  const entities = entitiesNow();
  const isCorrected = (entity) => !shown.entities.some((other) => sameEntity(entity, other));
  showText(found, shown.text, entities, isCorrected, toggle);
  if (otherwise) found.append(element("span", otherwise, "empty"));
  const marks = [...found.querySelectorAll(".entity")];
  if (before >= 0) (marks[Math.min(before, marks.length - 1)] || text).focus();
  const n = drafts.count(shown.text, shown.entities);
  const isUnsaved = drafts.isUnsaved(shown.text);
  byId("draft").hidden = !shown.text;
  byId("discard").hidden = !n;
  byId("changes").textContent = drafts.has(shown.text)
    ? `${plural(n, "correction", "corrections")}, ${isUnsaved ? "not saved" : "saved"}`
    : "";
  byId("exports").hidden = !entities.length;
  const again = chosen && nearest(marks, chosen);
  if (again) choose(again);
  else unchoose();
  mark();
}

/** The same entity after the text has changed. */
function nearest(marks, entity) {
  const distance = (one) => Math.abs(one.entity.start - entity.start);
  return marks
    .filter((one) => one.entity.text === entity.text && one.entity.label === entity.label)
    .sort((one, other) => distance(one) - distance(other))[0];
}

// Explaining

function toggle(entityMark) {
  if (entityMark === chosenMark()) unchoose();
  else choose(entityMark, true);
  offer(null);
}

function choose(entityMark, isNew = false) {
  const last = chosenMark();
  if (last) last.setAttribute("aria-pressed", "false");
  entityMark.setAttribute("aria-pressed", "true");
  chosen = entityMark.entity;
  return ask(chosen, isNew);
}

/** Asks why a span is an entity or, if it wasn't found, why not. */
function ask(span, isNew) {
  const { start, end, label } = span;
  const isFound = shown.entities.some((entity) => sameEntity(entity, span));
  for (const option of versus.options) option.disabled = option.value === label;
  if (versus.value === label) versus.selectedIndex = 0;
  byId("rivals").hidden = !isFound;
  const question = { text: shown.text, start, end, label };
  return isFound
    ? explain("why", { ...question, versus: versus.value }, isNew, span.text)
    : explain("why-not", question, isNew, span.text);
}

/** Shows the answer to a question about an entity. */
async function explain(path, question, isNew, name) {
  try {
    const answer = await explainer.ask(path, question);
    if (!answer) return;
    const isOpen = !isNew && why.querySelector("details[open]");
    // A parsed document runs no scripts, and the server escapes the text.
    const parsed = new DOMParser().parseFromString(answer.html, "text/html");
    why.replaceChildren(...parsed.body.childNodes);
    if (isOpen) why.querySelector("details").open = true;
    byId("legend").hidden = false;
    for (const table of why.querySelectorAll(".scroll")) table.tabIndex = 0;
    if (isNew) say(`The explanation of “${clip(name)}” is below.`);
  } catch (error) {
    why.replaceChildren(element("p", error.message, "note"));
    byId("legend").hidden = true;
  }
  if (isNew) why.querySelector("h2, p").scrollIntoView({ block: "nearest" });
}

function unchoose() {
  const last = chosenMark();
  if (last) last.setAttribute("aria-pressed", "false");
  explainer.forget();
  chosen = null;
  why.replaceChildren();
  byId("legend").hidden = true;
  byId("rivals").hidden = true;
  versus.selectedIndex = 0;
}

// Marking and correcting

/** Notices which part of the text is marked. It stays marked while the keyboard is at its buttons. */
function mark() {
  if (byId("marked").contains(document.activeElement)) return;
  offer(text.value === shown.text ? markedSpan(text, found, shown.words) : null);
}

/** Offers what can be done with a part of the text, or with the chosen entity. */
function offer(span) {
  marked = span || chosen;
  byId("marked").hidden = !marked;
  if (!marked) return;
  const part = [...shown.text].slice(marked.start, marked.end).join("");
  const here = entitiesNow().find((entity) => sameSpan(entity, marked));
  byId("part").textContent = `“${clip(part)}”`;
  byId("why-not").hidden = marked === chosen;
  byId("why-not").textContent = here ? "Why?" : "Why not?";
  for (const button of byId("labelling").querySelectorAll("[data-as]")) {
    button.setAttribute("aria-pressed", String(here !== undefined && here.label === button.dataset.as));
  }
  byId("nothing").hidden = !here;
}

function correct(label) {
  const span = marked;
  if (!span) return;
  drafts.label(shown.text, shown.entities, span, label);
  window.getSelection().removeAllRanges();
  if (document.activeElement === text) text.setSelectionRange(text.selectionEnd, text.selectionEnd);
  chosen = null;
  byId("marked").hidden = true;
  show("");
}

// A click on a button must not end the marking.
byId("marked").addEventListener("mousedown", (event) => event.preventDefault());
onClick("why-not", async () => {
  const span = marked;
  if (!span) return;
  const here = entitiesNow().find((entity) => sameSpan(entity, span));
  unchoose();
  await ask(here || { ...span, label: "", text: [...shown.text].slice(span.start, span.end).join("") }, true);
});
for (const button of byId("labelling").querySelectorAll("[data-as]")) {
  button.addEventListener("click", () => correct(button.dataset.as));
}
onClick("nothing", () => correct(null));
onClick("discard", () => {
  drafts.discard(shown.text);
  show("");
});
onClick("save", async () => {
  const { text: about, entities: were } = shown;
  const entities = drafts.of(about, were).map(({ start, end, label, text: part }) => ({
    start, end, label, text: part,
  }));
  await send("corrections", { text: about, entities });
  if (drafts.has(about)) drafts.markSaved(about);
  show("");
  say("The correction is saved.");
  await showLessons();
});

// Teaching

async function showLessons() {
  const model = await send("model");
  version = model.version;
  byId("lessons").hidden = !model.corrections && !byId("lesson").textContent;
  byId("forget").hidden = !model.version;
  byId("teach").hidden = !model.can_teach;
  const where = model.corrections_file ? `in ${model.corrections_file}` : "until the server stops";
  const how = model.can_teach
    ? ""
    : " To teach them to the model, start the server with --texts and some typical text.";
  byId("kept").textContent =
    `${plural(model.corrections, "corrected text is", "corrected texts are")} kept ${where}.${how}`;
  return model;
}

async function teach(path, wait, describe) {
  const lesson = byId("lesson");
  lesson.textContent = wait;
  lesson.classList.remove("problem");
  byId("left").hidden = true;
  try {
    const answer = await send(path, {});
    drafts.discardSaved();
    version = answer.version;
    lesson.textContent = describe(answer);
    const left = answer.left || [];
    byId("left").replaceChildren(...left.map((each) => element("li", each)));
    byId("left").hidden = !left.length;
  } catch (error) {
    lesson.textContent = error.message;
    lesson.classList.add("problem");
  }
  await showLessons();
  await find();
}

onClick("teach", () =>
  teach("teach", "The model is learning …", ({ learned, left }) =>
    `The model has learned ${plural(learned, "corrected text", "corrected texts")}.` +
    (left.length ? ` It still finds other entities in ${left.length}, which may contradict each other:` : ""),
  ),
);
onClick("forget", () => teach("forget", "", () => "The model is as it was before."));

// Samples and files

const asFile = () =>
  byId("format").value === "csv"
    ? [toCsv(entitiesNow()), "entities.csv", "text/csv"]
    : [toJson(shown.text, entitiesNow()), "entities.json", "application/json"];

onClick("sample", async () => {
  const { samples } = await send("model");
  text.value = samples[sample++ % samples.length];
  await find();
});
onClick("copy", async () => {
  await copy(asFile()[0]);
  say("Copied.");
});
onClick("download", () => download(...asFile()));
onClick("download-corrections", async () => {
  const { corrections } = await send("corrections");
  const lines = corrections.map((each) => `${JSON.stringify(each)}\n`).join("");
  download(lines, "corrections.jsonl", "application/x-ndjson");
});

versus.addEventListener("change", () => {
  if (chosen) ask(chosen, false);
});
document.addEventListener("selectionchange", mark);
for (const event of ["select", "keyup", "pointerup"]) text.addEventListener(event, mark);
text.addEventListener("input", () => {
  mark();
  clearTimeout(timer);
  timer = setTimeout(find, REST);
});
find(); // browsers keep the text when the page is reloaded
showLessons().catch((error) => say(error.message, true));
