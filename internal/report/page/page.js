"use strict";
// All of the page can be read without this: it sorts and filters the list of packages, and opens what is folded for
// the printer.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const all = [...body.rows];
  const value = (row, i) => row.cells[i].dataset.n ?? row.cells[i].textContent.replaceAll(",", "");
  [...table.tHead.rows[0].cells].forEach((head, i) => {
    const number = head.classList.contains("n");
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const sort = before ? (before === "ascending" ? "descending" : "ascending") : number ? "descending" : "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", sort);
      const sign = sort === "ascending" ? 1 : -1;
      body.append(...all.sort((a, b) => sign * (number ? value(a, i) - value(b, i) : value(a, i).localeCompare(value(b, i), "en"))));
    });
  });
  const label = document.createElement("label");
  const input = document.createElement("input");
  const found = document.createElement("output");
  label.className = "filter";
  input.type = "search";
  input.placeholder = "part of a name";
  label.append("Show only ", input, " ", found);
  table.before(label);
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const row of all) {
      row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    found.textContent = wanted ? shown + " of " + all.length : "";
  });
}
const opened = [];
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details:not([open])")) {
    one.open = true;
    opened.push(one);
  }
});
addEventListener("afterprint", () => {
  for (const one of opened.splice(0)) one.open = false;
});
