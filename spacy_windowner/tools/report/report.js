// Filters the errors by kind, labels, model and text, sorts them in one of two orders, and shows them
// page by page. Without JavaScript all of them are shown.
(() => {
  const list = document.getElementById("errors");
  if (!list) return;
  const byId = (id) => document.getElementById(id);
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const [label, maker, text, order, pair] = ["label", "maker", "text", "order", "pair"].map(byId);
  const size = Number(list.dataset.page);
  const chips = all("[data-kind-chip]");
  const inOrder = Array.from(list.children);
  let rows = inOrder;
  let fitting = rows;
  let first = 0; // the first error of the page
  let kind = "";
  let labels = ""; // gold and predicted, from the matrix

  const madeBy = (row, wanted) => {
    const models = row.dataset.models.split(" ");
    const [how, number] = wanted.split(" ");
    if (how === "all") return models.length === Number(number);
    return models.includes(number) && (how === "any" || models.length === 1);
  };

  const show = () => {
    const shown = new Set(fitting.slice(first, first + size));
    for (const row of rows) row.hidden = !shown.has(row);
    const number = (n) => n.toLocaleString("en");
    const last = Math.min(first + size, fitting.length);
    const hasPages = fitting.length > size;
    byId("shown").textContent = hasPages
      ? `${number(first + 1)} to ${number(last)} of ${number(fitting.length)}`
      : `${number(fitting.length)} shown`;
    for (const button of all("[data-step]")) {
      button.hidden = !hasPages;
      button.disabled = button.dataset.step < 0 ? first === 0 : last === fitting.length;
    }
  };

  const filter = () => {
    const words = text.value.trim().toLowerCase();
    const fits = (row) =>
      (!kind || row.dataset.kind === kind) &&
      (!labels || row.dataset.pair === labels) &&
      (!label.value || row.dataset.pair.split(" ").includes(label.value)) &&
      (!maker || !maker.value || madeBy(row, maker.value)) &&
      (!words || row.lastElementChild.textContent.toLowerCase().includes(words));
    fitting = rows.filter(fits);
    first = 0;
    for (const chip of chips) {
      chip.setAttribute("aria-pressed", String(chip.dataset.kindChip === kind));
    }
    pair.hidden = !labels;
    show();
  };

  const sort = () => {
    const score = (row) => Number(row.dataset.score || -1);
    const byScore = order.value === "score";
    rows = byScore ? [...inOrder].sort((a, b) => score(b) - score(a)) : inOrder;
    list.append(...rows);
    filter();
  };

  /** Shows only some of the errors, whatever was chosen before. */
  const only = (ofKind, ofLabels, title) => {
    [kind, labels] = [ofKind, ofLabels];
    for (const control of [label, maker, text]) if (control) control.value = "";
    pair.querySelector("b").textContent = title;
    filter();
  };

  // Print the first of the errors that fit, from all pages.
  const most = Number(list.dataset.mostPrinted);
  window.addEventListener("beforeprint", () => {
    const printed = new Set(fitting.slice(0, most));
    for (const row of rows) row.hidden = !printed.has(row);
    byId("printed").hidden = fitting.length <= most;
  });
  window.addEventListener("afterprint", () => {
    byId("printed").hidden = true;
    show();
  });

  for (const chip of chips) {
    chip.addEventListener("click", () => {
      kind = chip.dataset.kindChip;
      filter();
    });
  }
  for (const select of [label, maker]) {
    if (select) select.addEventListener("change", filter);
  }
  text.addEventListener("input", filter);
  if (order) order.addEventListener("change", sort);
  for (const link of all("a[data-kind]")) {
    link.addEventListener("click", () => only(link.dataset.kind, "", ""));
  }
  for (const link of all("a[data-pair]")) {
    link.addEventListener("click", () => only("", link.dataset.pair, link.dataset.title));
  }
  pair.querySelector("button").addEventListener("click", () => only("", "", ""));
  const pages = all(".pages");
  for (const bar of pages) bar.hidden = false;
  for (const button of all("[data-step]")) {
    button.addEventListener("click", () => {
      first += Number(button.dataset.step) * size;
      show();
      if (button.closest(".pages") !== pages[0]) pages[0].scrollIntoView({ block: "center" });
    });
  }
  filter();
})();
