// The grid: filters that live in the address, and walking by keyboard.
import { fill, pages, say } from "./site.js";
import { chosen, form, impossible, parameters, reaches, remember, rememberChoice } from "./choice.js";

const grid = document.querySelector("#grid");
const filter = document.querySelector("#filter");
const told = document.querySelector("#told");
const NAMES = { w: "works", c: "caution", u: "unproven", b: "broken" };
const ORDER = ["works", "caution", "unproven", "broken"];
const GLYPHS = { works: "✓", caution: "!", unproven: "?", broken: "✕" };

const cells = [...grid.querySelectorAll("td[data-v]")].map((td) => ({
  td,
  link: td.querySelector("a"),
  sign: td.querySelector("i"),
  label: td.querySelector(".visually-hidden"),
  title: td.querySelector(".visually-hidden").textContent.replace(/: [^:]*$/, ""),
  plugin: !td.closest("table").tHead.rows[0].cells[td.cellIndex].classList.contains("cpu"),
  on: td.dataset.v.split(" ").map((text) => {
    const [, minor, letter, floor] = /^(\d+)([wcub])(.*)$/.exec(text);
    return { python: `3.${minor}`, status: NAMES[letter], floor };
  }),
}));

function statuses() {
  return [...filter.querySelectorAll("input[name=status]:checked")].map((box) => box.value);
}

// The best that holds for the choice, or null where there are no wheels for that Python.
function statusOf(cell, choice) {
  let best = null;
  for (const on of cell.on) {
    if (choice.python && on.python !== choice.python) continue;
    const tooOld = choice.macos && on.floor && !reaches(choice.macos, on.floor);
    const status = tooOld ? "broken" : on.status;
    if (best === null || ORDER.indexOf(status) < ORDER.indexOf(best)) best = status;
  }
  return best;
}

function apply() {
  const choice = chosen();
  const shown = statuses();
  const wrong = impossible(choice);
  const elsewhere = choice.arch !== form.dataset.arch;
  let count = 0;
  for (const cell of cells) {
    const status = wrong || elsewhere || (cell.plugin && !choice.gpu) ? null : statusOf(cell, choice);
    const visible = status !== null && shown.includes(status);
    count += visible;
    cell.td.classList.toggle("out", !visible);
    cell.link.className = `tile ${status || "none"}`;
    cell.sign.textContent = GLYPHS[status] || "·";
    const why = status === null ? "not-for-this" : visible ? "cell" : "filtered-out";
    cell.label.textContent = say(why, { title: cell.title, status: status && say(`word-${status}`) });
  }
  const filtered = choice.chip || choice.macos || choice.python || shown.length < ORDER.length;
  if (elsewhere) {
    const address = new URL((choice.arch === "x86_64" ? "intel/" : "./") + location.search, pages).href;
    told.replaceChildren(fill("other-grid", { address, chip: choice.chipName }));
  } else {
    told.textContent = wrong || (filtered ? say("fit", { count, all: cells.length }) : "");
  }
}

function filtered() {
  const shown = statuses();
  remember({ status: shown.length === ORDER.length ? "" : shown.join(",") || "none" });
  apply();
}

// Another kind of Mac has a page of its own. What is chosen while that is on its way goes along.
let leaving = false;

function changed(event) {
  const choice = chosen();
  leaving ||= event.target.name === "chip" && choice.arch !== form.dataset.arch;
  if (leaving) {
    rememberChoice();
    location.href = new URL((choice.arch === "x86_64" ? "intel/" : "./") + location.search, pages).href;
    return;
  }
  apply();
}

function describe(cell) {
  const spans = cell.on.map((on) => say(on.floor ? "on-python-from" : "on-python", { ...on, status: say(`word-${on.status}`) }));
  told.textContent = `${cell.title} · ${spans.join(", ")}`;
}

// Keyboard, after the grid pattern of the ARIA Authoring Practices: one tab stop, arrows move.
const stops = [...grid.rows]
  .map((row) => [...row.cells].map((cell) => cell.querySelector("a")))
  .map((row) => (row.some(Boolean) ? row : null))
  .filter(Boolean);

function place(link) {
  for (let y = 0; y < stops.length; y++) {
    const x = stops[y].indexOf(link);
    if (x >= 0) return [y, x];
  }
  return null;
}

function next(y, x, dy, dx) {
  for (;;) {
    y += dy;
    x += dx;
    if (!(y in stops) || !(x in stops[y])) return null;
    if (stops[y][x]) return stops[y][x];
  }
}

function edge(row, fromEnd) {
  const links = row.filter(Boolean);
  return fromEnd ? links.at(-1) : links[0];
}

function go(link) {
  if (!link) return;
  for (const other of grid.querySelectorAll("a[tabindex='0']")) other.tabIndex = -1;
  link.tabIndex = 0;
  link.focus();
}

grid.addEventListener("keydown", (event) => {
  const at = place(document.activeElement);
  if (!at || event.altKey || event.metaKey) return;
  const [y, x] = at;
  const moves = {
    ArrowDown: () => next(y, x, 1, 0),
    ArrowUp: () => next(y, x, -1, 0),
    ArrowRight: () => next(y, x, 0, 1),
    ArrowLeft: () => next(y, x, 0, -1),
    Home: () => edge(event.ctrlKey ? stops[0] : stops[y], false),
    End: () => edge(event.ctrlKey ? stops.at(-1) : stops[y], true),
    PageDown: () => next(Math.min(y + 4, stops.length - 2), x, 1, 0),
    PageUp: () => next(Math.max(y - 4, 1), x, -1, 0),
  };
  if (!(event.key in moves)) return;
  event.preventDefault();
  go(moves[event.key]());
});
const byLink = new Map(cells.map((cell) => [cell.link, cell]));
for (const kind of ["focusin", "mouseover"]) {
  grid.addEventListener(kind, (event) => {
    const link = event.target.closest("a");
    if (kind === "focusin" && link) {
      for (const other of grid.querySelectorAll("a[tabindex='0']")) other.tabIndex = -1;
      link.tabIndex = 0;
    }
    if (byLink.has(link)) describe(byLink.get(link));
  });
}
for (const link of grid.querySelectorAll("a")) link.tabIndex = -1;
(grid.querySelector("tbody td a") || grid.querySelector("a")).tabIndex = 0;

if (parameters.has("status")) {
  const wanted = parameters.get("status").split(",");
  for (const box of filter.querySelectorAll("input[name=status]")) box.checked = wanted.includes(box.value);
}
filter.addEventListener("change", filtered);
form.addEventListener("change", changed);
form.addEventListener("read", apply); // the line was read, or the Mac was guessed
apply();
