// Corrections of texts: drafts on this page, and those that the server keeps.

import { sameEntity } from "./text.js";

/** The entities that a text should have, where they differ from those that were found. A draft
 * belongs to its text: it waits while the text is another one. */
export class Drafts {
  constructor() {
    this.byText = new Map();
  }

  /** The entities of a text, corrected or as they were found. */
  of(text, found) {
    const draft = this.byText.get(text);
    return draft ? draft.entities : found;
  }

  has(text) {
    return this.byText.has(text);
  }

  /** Whether a text has corrections that aren't saved. */
  isUnsaved(text) {
    const draft = this.byText.get(text);
    return draft !== undefined && !draft.isSaved;
  }

  markSaved(text) {
    this.byText.get(text).isSaved = true;
  }

  /** Gives a part of a text a label, or none. Entities that overlap it give way. */
  label(text, found, span, label) {
    const others = this.of(text, found).filter(
      (entity) => entity.end <= span.start || entity.start >= span.end,
    );
    const chars = [...text].slice(span.start, span.end).join("");
    const made = { start: span.start, end: span.end, label, text: chars, score: null };
    const known = found.find((entity) => sameEntity(entity, made));
    const entities = label === null ? others : [...others, known || made];
    entities.sort((one, other) => one.start - other.start);
    this.byText.set(text, { entities, isSaved: false });
  }

  discard(text) {
    this.byText.delete(text);
  }

  /** Forgets all drafts that are saved. */
  discardSaved() {
    for (const [text, draft] of this.byText) if (draft.isSaved) this.byText.delete(text);
  }

  /** How many entities were added or removed. */
  count(text, found) {
    const wanted = this.of(text, found);
    const missing = (these, those) =>
      these.filter((one) => !those.some((other) => sameEntity(one, other))).length;
    return Math.max(missing(wanted, found), missing(found, wanted));
  }
}
