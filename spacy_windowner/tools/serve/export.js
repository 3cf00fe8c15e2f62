// What was found as JSON or CSV, to copy or to download.

/** An array of one document, in the JSON that the command `convert` reads. */
export function toJson(text, entities) {
  return `${JSON.stringify([{ text, spans: entities }], null, 2)}\n`;
}

/** A row for each entity. */
export function toCsv(entities) {
  const rows = entities.map(({ start, end, label, text, score }) => [start, end, label, text, score]);
  const cell = (value) => {
    const content = value === null ? "" : String(value);
    return /[",\r\n]/.test(content) ? `"${content.replaceAll('"', '""')}"` : content;
  };
  return [["start", "end", "label", "text", "score"], ...rows]
    .map((row) => `${row.map(cell).join(",")}\r\n`)
    .join("");
}

export async function copy(content) {
  try {
    await navigator.clipboard.writeText(content);
    return;
  } catch {
    // Pages of other machines have no clipboard, and people can forbid it. There is an older way.
  }
  const field = document.createElement("textarea");
  field.value = content;
  document.body.append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  if (!isDone) throw new Error("The browser doesn’t allow copying. Download the file instead.");
}

export function download(content, name, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
