// Search over the titles of all pages, in an index that is read when somebody searches.
import { fill, pages, readDocument, say } from "./site.js";

const form = document.querySelector("#search-form");
const box = form.elements.q;
const results = document.querySelector("#results");
const count = document.querySelector("#count");
const MOST = 60;

// How well an entry fits, 0 where a word is missing. Whole words and titles count most.
export function fits(entry, words) {
  const title = entry.title.toLowerCase();
  const rest = `${entry.words} ${entry.kind} ${entry.status}`.toLowerCase();
  let points = 0;
  for (const word of words) {
    const at = title.indexOf(word);
    if (at >= 0) {
      const alone = !/[\w.]/.test(title.charAt(at - 1)) && !/\w/.test(title.charAt(at + word.length));
      points += alone ? 4 : 2;
    } else if (rest.includes(word)) points += 1;
    else return 0;
  }
  return points;
}

async function search() {
  const words = box.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
  history.replaceState(null, "", words.length ? `?q=${encodeURIComponent(box.value)}` : location.pathname);
  if (!words.length) {
    results.replaceChildren();
    count.textContent = "";
    return;
  }
  try {
    const { entries } = await readDocument("search.json", pages);
    const found = entries
      .map((entry) => ({ entry, points: fits(entry, words) }))
      .filter(({ points }) => points)
      .sort((a, b) => b.points - a.points);
    const rows = found.slice(0, MOST).map(({ entry }) =>
      fill("result", {
        kind: say(`kind-${entry.kind}`),
        title: entry.title,
        address: new URL(entry.path, pages).href,
        pill: entry.status ? [fill(`status-${entry.status}`)] : [],
      }),
    );
    results.replaceChildren(...rows);
    if (!found.length) count.textContent = say("none", { words: box.value });
    else count.textContent = say(found.length > MOST ? "most" : "found", { count: found.length, shown: MOST });
  } catch (error) {
    count.textContent = say("failed", { text: error.message });
  }
}

box.value = new URLSearchParams(location.search).get("q") || "";
let waiting = 0;
box.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(search, 120);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
search();
