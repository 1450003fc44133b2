// What every page shares: copy buttons, and filling the templates in which a page keeps its
// sentences. Pages are complete without it.
document.body.classList.add("js");

export const root = new URL(document.body.dataset.root, location.href);

// Where the pages of this language are; all other files are shared.
export const pages = new URL(document.body.dataset.pages ?? document.body.dataset.root, location.href);

// Where a service computes what is not published, or null where only files are.
export const service = document.body.dataset.service ? new URL(document.body.dataset.service, location.href) : null;

async function copy(button, text) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(await text());
    button.textContent = button.dataset.done;
  } catch {
    button.textContent = button.dataset.failed;
  }
  setTimeout(() => (button.textContent = label), 2000);
}

export function readyCopyButtons(within) {
  for (const button of within.querySelectorAll("button[data-copy], button[data-copy-file]")) {
    if (!button.hidden) continue;
    button.hidden = false;
    button.addEventListener("click", () =>
      copy(button, async () => {
        const file = button.dataset.copyFile;
        if (!file) return button.parentElement.querySelector("code").textContent;
        const answer = await fetch(file);
        if (!answer.ok) throw new Error(`${answer.status}`);
        return answer.text();
      }),
    );
  }
}

// A copy of the page's template of that name, filled: {name} in a text or a label is the value,
// what has data-if is kept where the value is something, data-href names an address, and data-put
// nodes to stand there. Values are always set as text, never parsed as markup.
export function fill(name, values = {}) {
  const made = document.querySelector(`#say-${name}`).content.cloneNode(true);
  const told = (text) => text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
  for (const part of made.querySelectorAll("[data-if]")) {
    if (!values[part.dataset.if]) part.remove();
  }
  const walker = document.createTreeWalker(made, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (text.data.includes("{")) text.data = told(text.data);
  }
  for (const part of made.querySelectorAll("[aria-label]")) part.setAttribute("aria-label", told(part.getAttribute("aria-label")));
  for (const part of made.querySelectorAll("[data-href]")) part.href = values[part.dataset.href];
  for (const part of made.querySelectorAll("[data-put]")) part.replaceChildren(...values[part.dataset.put]);
  readyCopyButtons(made);
  return made;
}

// The sentence of that template, for where only text can stand.
export function say(name, values) {
  return fill(name, values).textContent.trim();
}

// Text in which what stands between backticks is code.
export function marked(text) {
  const pieces = text.split("`");
  if (pieces.length % 2 === 0) return [text];
  return pieces.map((piece, place) => {
    if (place % 2 === 0) return piece;
    const code = document.createElement("code");
    code.textContent = piece;
    return code;
  });
}

// A document of the site, read once.
const read = new Map();
export function readDocument(path, base = root) {
  if (!read.has(path)) {
    const reading = fetch(new URL(path, base)).then((got) => {
      if (!got.ok) throw new Error(`${path}: ${got.status}`);
      return got.json();
    });
    reading.catch(() => read.delete(path));
    read.set(path, reading);
  }
  return read.get(path);
}

// What the service answers to a message: {status, answer}, where status 0 means that it cannot
// be reached, or is none.
export async function ask(operation, message, signal) {
  try {
    const got = await fetch(new URL(`api/v1/${operation}`, service), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(message),
      signal,
    });
    return { status: got.status, answer: await got.json() };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return { status: 0, answer: null };
  }
}

readyCopyButtons(document);

// Another language shows the same: what was chosen goes along.
for (const link of document.querySelectorAll("a[data-keep]")) {
  link.addEventListener("click", () => {
    link.search = location.search;
    link.hash = location.hash;
  });
}
