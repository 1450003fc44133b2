// What every page shares: copy buttons. Pages are complete without it.
document.body.classList.add("js");

async function copy(button, text) {
  const told = button.textContent;
  try {
    await navigator.clipboard.writeText(await text());
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select and copy";
  }
  setTimeout(() => (button.textContent = told), 2000);
}

export function readyCopyButtons(within) {
  for (const button of within.querySelectorAll("button[data-copy], button[data-copy-file]")) {
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

export const root = new URL(document.body.dataset.root, location.href);

// An element with children; text is always set as text, never parsed as markup.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Text in which what stands between backticks is code.
export function marked(text) {
  const pieces = text.split("`");
  if (pieces.length % 2 === 0) return [text];
  return pieces.map((piece, place) => (place % 2 ? element("code", {}, piece) : piece));
}

export function codeBlock(text, label) {
  const button = element("button", { type: "button", class: "copy", "data-copy": "", "aria-label": `Copy ${label}` }, "Copy");
  return element("div", { class: "code" }, element("pre", {}, element("code", {}, text)), button);
}

readyCopyButtons(document);
