// Sends the text to the server after a short pause in typing. Answers may arrive in another order
// than the requests: only the answer to the last request counts. All external text becomes text
// nodes.

const REST = 150; // milliseconds
const SLOW = 600; // milliseconds until the page says that the model is working
const main = document.getElementById("main");
const text = document.getElementById("text");
const status = document.getElementById("status");
const count = document.getElementById("count");
const found = document.getElementById("found");
const legend = document.getElementById("legend");
const why = document.getElementById("why");
const whyNot = document.getElementById("why-not");
const rivals = document.getElementById("rivals");
const versus = document.getElementById("versus");
const maxChars = Number(main.dataset.maxChars);
const colors = new Map();
for (const chip of document.querySelectorAll("#labels [data-label]")) {
  colors.set(chip.dataset.label, chip.dataset.color);
}

/** Sends requests of one kind to the server, and keeps only the last one. */
class Asker {
  constructor() {
    this.last = 0;
    this.abort = null;
  }

  /** The answer, or null if another request has been sent in the meantime. */
  async ask(path, question) {
    const number = ++this.last;
    if (this.abort) this.abort.abort();
    this.abort = new AbortController();
    try {
      const answer = await this.send(path, question, this.abort.signal);
      return number === this.last ? answer : null;
    } catch (error) {
      if (number !== this.last) return null;
      throw error;
    }
  }

  async send(path, question, signal) {
    let response;
    try {
      response = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(question),
        signal,
      });
    } catch (error) {
      throw new Error("The server doesn’t answer. Is it still running?", { cause: error });
    }
    const answer = await response.json().catch(() => null);
    if (response.ok && answer) return answer;
    throw new Error(
      (answer && answer.error) ||
        `The server failed (status ${response.status}). See its terminal for the reason.`,
    );
  }

  forget() {
    this.last++;
    if (this.abort) this.abort.abort();
  }
}

const finder = new Asker();
const explainer = new Asker();
let shownText = ""; // the text whose entities are shown, possibly not the latest
let chosen = null; // the entity that is explained
const LONGEST = 40; // characters of the marked part that the question shows
let timer = 0;

function say(message, isProblem = false) {
  status.textContent = message;
  status.classList.toggle("problem", isProblem);
}

const plural = (n, one, several) => `${n.toLocaleString("en")} ${n === 1 ? one : several}`;

/** The number of characters as the server counts them. */
function countChars(value) {
  let n = value.length;
  if (n > 2 * maxChars) return n; // too long in any case
  for (const char of value) n -= char.length - 1;
  return n;
}

async function find() {
  const value = text.value;
  const n = countChars(value);
  count.textContent = `${n.toLocaleString("en")} of ${maxChars.toLocaleString("en")} characters`;
  main.classList.toggle("too-long", n > maxChars);
  if (n > maxChars || !value.trim()) {
    finder.forget();
    show("", [], n > maxChars ? "" : "Entities appear here as you type.");
    say(
      n > maxChars
        ? "The text is too long. Shorten it, or start the server with another --max-chars."
        : "",
      n > maxChars,
    );
    return;
  }
  const slow = setTimeout(() => say("The model is working …"), SLOW);
  try {
    const answer = await finder.ask("entities", { text: value });
    if (!answer) return;
    show(value, answer.pieces, "");
    say(
      `${answer.entities ? plural(answer.entities, "entity", "entities") : "No entities"} in ` +
        plural(answer.words, "word", "words"),
    );
  } catch (error) {
    found.classList.add("stale");
    say(error.message, true);
  } finally {
    clearTimeout(slow);
  }
}

function show(ofText, pieces, otherwise) {
  shownText = ofText;
  offerWhyNot();
  const before = [...found.querySelectorAll("button")].indexOf(document.activeElement);
  found.classList.remove("stale");
  found.replaceChildren(...pieces.map((piece) => ("label" in piece ? entity(piece) : piece.text)));
  if (otherwise) {
    const empty = element("span", otherwise);
    empty.className = "empty";
    found.append(empty);
  }
  const buttons = [...found.querySelectorAll("button")];
  if (before >= 0) (buttons[Math.min(before, buttons.length - 1)] || text).focus();
  const again = chosen && nearest(buttons, chosen);
  if (again) choose(again);
  else unchoose();
}

function element(name, content) {
  const made = document.createElement(name);
  made.textContent = content;
  return made;
}

function entity(piece) {
  const button = element("button", piece.text);
  button.type = "button";
  button.className = `entity color-${colors.get(piece.label) ?? 7}`;
  button.append(element("small", `\u00a0${piece.label}`));
  button.title = "Why?";
  if (piece.score !== null) {
    button.append(element("small", `\u00a0${piece.score.toFixed(2)}`));
    button.title = `Probability ${piece.score.toFixed(2)}. Why?`;
    button.style.setProperty("--score", piece.score.toFixed(3));
  }
  button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-controls", "why");
  button.piece = piece;
  button.addEventListener("click", () => {
    if (button === chosenButton()) unchoose();
    else choose(button, true);
  });
  return button;
}

const chosenButton = () => found.querySelector('[aria-pressed="true"]');

/** The button of the same entity after the text has changed. */
function nearest(buttons, piece) {
  const distance = (button) => Math.abs(button.piece.start - piece.start);
  return buttons
    .filter((button) => button.piece.text === piece.text && button.piece.label === piece.label)
    .sort((one, other) => distance(one) - distance(other))[0];
}

function choose(button, isNew = false) {
  const last = chosenButton();
  if (last) last.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", "true");
  chosen = button.piece;
  const { start, end, label } = chosen;
  for (const option of versus.options) option.disabled = option.value === label;
  if (versus.value === label) versus.selectedIndex = 0;
  rivals.hidden = false;
  const question = { text: shownText, start, end, label, versus: versus.value };
  return explain("why", question, isNew, chosen.text);
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
    legend.hidden = false;
    for (const table of why.querySelectorAll(".scroll")) table.tabIndex = 0;
    if (isNew) say(`The explanation of “${name}” is below.`);
  } catch (error) {
    const problem = element("p", error.message);
    problem.className = "note";
    why.replaceChildren(problem);
    legend.hidden = true;
  }
  if (isNew) why.querySelector("h2, p").scrollIntoView({ block: "nearest" });
}

function unchoose() {
  const last = chosenButton();
  if (last) last.setAttribute("aria-pressed", "false");
  explainer.forget();
  chosen = null;
  why.replaceChildren();
  legend.hidden = true;
  rivals.hidden = true;
  versus.selectedIndex = 0;
}

/** The marked part of the text whose entities are shown, or "". */
function marked() {
  const part = text.value.slice(text.selectionStart, text.selectionEnd);
  return text.value === shownText && part.trim() ? part : "";
}

function offerWhyNot() {
  const part = marked();
  whyNot.hidden = !part;
  const shown = part.length > LONGEST ? `${part.slice(0, LONGEST)}…` : part;
  whyNot.textContent = `Why not “${shown.trim()}”?`;
}

whyNot.addEventListener("click", () => {
  const part = marked();
  if (!part) return;
  unchoose();
  // As the server counts characters.
  const start = [...shownText.slice(0, text.selectionStart)].length;
  explain("why-not", { text: shownText, start, end: start + [...part].length }, true, part);
});
for (const event of ["select", "keyup", "pointerup", "input"]) {
  text.addEventListener(event, offerWhyNot);
}
document.addEventListener("selectionchange", offerWhyNot);
versus.addEventListener("change", () => {
  const button = chosenButton();
  if (button) choose(button);
});

text.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(find, REST);
});
find(); // browsers keep the text when the page is reloaded
