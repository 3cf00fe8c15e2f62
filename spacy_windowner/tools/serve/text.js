// A text with its entities, and the part of it that is marked. The server counts characters as code
// points, and JavaScript in halves of some of them: all offsets here are the server's.

const colors = new Map();
for (const chip of document.querySelectorAll("#labels [data-label]")) {
  colors.set(chip.dataset.label, chip.dataset.color);
}

export function element(name, content, className = "") {
  const made = document.createElement(name);
  made.textContent = content;
  if (className) made.className = className;
  return made;
}

export const sameSpan = (one, other) => one.start === other.start && one.end === other.end;
export const sameEntity = (one, other) => sameSpan(one, other) && one.label === other.label;

/** The number of code points. */
export function countChars(value, most = Infinity) {
  let n = value.length;
  if (n > 2 * most) return n; // too long in any case
  for (const char of value) n -= char.length - 1;
  return n;
}

/** Shows a text with its entities. Everything that comes from elsewhere becomes text nodes. */
export function showText(place, text, entities, isCorrected, onChoose) {
  const chars = [...text];
  const shown = [];
  let end = 0;
  for (const entity of entities) {
    if (entity.start > end) shown.push(chars.slice(end, entity.start).join(""));
    shown.push(button(entity, isCorrected(entity), onChoose));
    end = entity.end;
  }
  place.replaceChildren(...shown, chars.slice(end).join(""));
}

function button(entity, isCorrected, onChoose) {
  const made = element("mark", entity.text, `entity color-${colors.get(entity.label) ?? 7}`);
  made.setAttribute("role", "button");
  made.tabIndex = 0;
  made.append(element("small", `\u00a0${entity.label}`));
  made.title = "Why?";
  if (isCorrected) {
    made.classList.add("corrected");
    made.title = "You marked this. Why wasn’t it found?";
  } else if (entity.score !== null) {
    made.append(element("small", `\u00a0${entity.score.toFixed(2)}`));
    made.title = `Probability ${entity.score.toFixed(2)}. Why?`;
    made.style.setProperty("--score", entity.score.toFixed(3));
  }
  made.setAttribute("aria-pressed", "false");
  made.setAttribute("aria-controls", "why");
  made.entity = entity;
  // Browsers end the marking of text that begins in an element that gets the focus.
  made.addEventListener("mousedown", () => {
    made.removeAttribute("tabindex");
    window.addEventListener("mouseup", () => (made.tabIndex = 0), { once: true });
  });
  made.addEventListener("click", () => {
    if (window.getSelection().isCollapsed) onChoose(made); // else it ends the marking of a part
  });
  made.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    onChoose(made);
  });
  return made;
}

/** The marked part of a text field or of a shown text, extended to whole words, or null. */
export function markedSpan(field, place, words) {
  const found = inPlace(place) || inField(field);
  if (!found) return null;
  const [start, end] = found;
  const inside = words.filter(([first, stop]) => first < end && stop > start);
  return inside.length ? { start: inside[0][0], end: inside[inside.length - 1][1] } : null;
}

function inField(field) {
  if (document.activeElement !== field || field.selectionStart === field.selectionEnd) return null;
  const [start, end] = [field.selectionStart, field.selectionEnd];
  return [start, end].map((offset) => countChars(field.value.slice(0, offset)));
}

function inPlace(place) {
  const selection = window.getSelection();
  if (selection.isCollapsed || !selection.rangeCount) return null;
  const marked = selection.getRangeAt(0);
  if (!place.contains(marked.commonAncestorContainer)) return null;
  return [
    offsetOf(place, marked.startContainer, marked.startOffset),
    offsetOf(place, marked.endContainer, marked.endOffset),
  ];
}

/** The number of characters of the text before a position. Labels don't count. */
function offsetOf(place, node, offset) {
  const before = document.createRange();
  before.selectNodeContents(place);
  before.setEnd(node, offset);
  const copy = before.cloneContents();
  for (const label of copy.querySelectorAll("small")) label.remove();
  return countChars(copy.textContent);
}
