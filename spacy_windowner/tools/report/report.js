// Filters the errors by kind, label, model and text, and sorts them in one of two orders.
(() => {
  const list = document.getElementById("errors");
  if (!list) return;
  const rows = Array.from(list.children);
  const chips = Array.from(document.querySelectorAll("[data-kind-chip]"));
  const byId = (id) => document.getElementById(id);
  const [label, maker, text, order] = ["label", "maker", "text", "order"].map(byId);
  let kind = "";

  const madeBy = (row, wanted) => {
    const models = row.dataset.models.split(" ");
    const [how, number] = wanted.split(" ");
    if (how === "all") return models.length === Number(number);
    return models.includes(number) && (how === "any" || models.length === 1);
  };

  const filter = () => {
    const words = text.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !(
        (!kind || row.dataset.kind === kind) &&
        (!label.value || row.dataset.labels.split(" ").includes(label.value)) &&
        (!maker || !maker.value || madeBy(row, maker.value)) &&
        (!words || row.lastElementChild.textContent.toLowerCase().includes(words))
      );
      shown += !row.hidden;
    }
    byId("shown").textContent = `${shown.toLocaleString("en")} shown`;
    for (const chip of chips) {
      chip.setAttribute("aria-pressed", String(chip.dataset.kindChip === kind));
    }
  };

  const sort = () => {
    const score = (row) => Number(row.dataset.score || -1);
    const sorted = order.value === "score" ? [...rows].sort((a, b) => score(b) - score(a)) : rows;
    list.append(...sorted);
  };

  // Print only the first of the errors that are shown.
  const most = Number(list.dataset.mostPrinted);
  window.addEventListener("beforeprint", () => {
    const shown = Array.from(list.children).filter((row) => !row.hidden);
    shown.forEach((row, i) => row.classList.toggle("unprinted", i >= most));
    byId("printed").hidden = shown.length <= most;
  });
  window.addEventListener("afterprint", () => {
    for (const row of rows) row.classList.remove("unprinted");
    byId("printed").hidden = true;
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
  filter();
})();
