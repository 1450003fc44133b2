// The answer to the first page's question, at once: a published lock, chosen as the command
// chooses, or with more packages one that the service makes.
import { ask, fill, pages, readDocument, root, say, service } from "./site.js";
import { chosen, followSelects, followWords, form, guess, impossible, parameters, reaches, rememberChoice } from "./choice.js";

const answer = document.querySelector("#answer");
const answered = document.querySelector("#answered");
const told = document.querySelector("#words-told");
const PAUSE = 900; // milliseconds without a key, after which a line counts as written
const LOOK = "python -c 'import tensorflow as tf; print(tf.__version__, tf.config.list_physical_devices())'";
const RANKS = ["works", "caution", "unproven"];

// The combos are best first, so the first that fits is the answer.
function find(all, choice, plugin) {
  return all.find(
    (combo) =>
      combo.arch === choice.arch &&
      combo.status !== "broken" &&
      (!choice.python || combo.python === choice.python) &&
      (combo.metal !== null) === plugin &&
      (!choice.macos || !combo.macos_min || reaches(choice.macos, combo.macos_min)),
  );
}

// Without a chip an Intel Mac has no card that the plugin drives, as for the command.
function drives(choice) {
  return choice.chip ? choice.gpu : choice.arch === "arm64";
}

function best(all, choice) {
  const gpu = drives(choice);
  if (choice.python) return (gpu && find(all, choice, true)) || find(all, choice, false);
  // Without a Python the best over all of them: rank of status, then the newest Python.
  const pythons = [...new Set(all.map((combo) => combo.python))].sort((a, b) => Number(b.split(".")[1]) - Number(a.split(".")[1]));
  const found = pythons.map((python) => best(all, { ...choice, python })).filter(Boolean);
  const rank = (combo) => RANKS.indexOf(combo.status) + (gpu && !combo.metal ? 10 : 0);
  return found.sort((a, b) => rank(a) - rank(b))[0];
}

function pill(status) {
  return fill(`status-${status}`);
}

function title({ tensorflow, metal }) {
  const values = { package: tensorflow.package, version: tensorflow.version, metal: metal?.version };
  return say(metal ? "with-plugin" : "without-plugin", values);
}

function environmentOf(python) {
  return [`python${python} -m venv env && . env/bin/activate`, "python -m pip install --require-hashes --no-deps -r requirements.txt"];
}

function published(combo, other) {
  const page = new URL(`locks/${combo.id}/`, pages);
  const folder = new URL(`locks/${combo.id}/`, root);
  const wheels = combo.files.includes("requirements.txt");
  const install = wheels ? environmentOf(combo.python) : ["micromamba create --name tensorflow --file conda-lock.yml", "micromamba activate tensorflow"];
  const file = new URL(wheels ? "requirements.txt" : "conda-lock.yml", folder);
  return fill("published", {
    title: title(combo),
    pill: [pill(combo.status)],
    python: combo.python,
    macos: combo.macos_min,
    page: page.href,
    caution: combo.status === "caution",
    sound: combo.status !== "caution",
    commands: [`curl -fsSLO ${file}`, ...install, LOOK].join("\n"),
    files: combo.files.map((name) => fill("file", { name, address: new URL(name, folder).href })),
    other: other && title(other),
    otherPage: other && new URL(`locks/${other.id}/`, pages).href,
  });
}

// A text as one word of a shell.
function quoted(text) {
  return /^[\w.,=+:/@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function program(message) {
  const words = ["--python", message.python, "--chip", message.chip];
  if (message.macos) words.push("--macos", message.macos);
  if (message.tensorflow) words.push("--tensorflow", message.tensorflow);
  for (const one of message.packages) words.push("--with", quoted(one));
  return `${answer.dataset.program} ${words.join(" ")}`;
}

function live(message, settings = {}) {
  const address = new URL("api/v1/lock/requirements.txt", service);
  return [
    `curl -fsS ${address} -H 'content-type: application/json' -d ${quoted(JSON.stringify(message))} -o requirements.txt`,
    ...environmentOf(message.python),
    ...Object.entries(settings).map(([name, value]) => `export ${name}=${quoted(value)}`),
    LOOK,
  ].join("\n");
}

function download({ name, text }) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  return fill("file", { name, address });
}

function resolved(message, lock) {
  const rows = (lock.companions ?? []).map((one) => fill("companion", { name: one.name, version: one.version, pill: [pill(one.status)], why: one.reasons.map((reason) => reason.text).join("; ") }));
  const faults = lock.verdict.reasons.filter((reason) => reason.against).map((reason) => fill("fault", { text: reason.text }));
  return fill("resolved", {
    title: title(lock.combo),
    pill: [pill(lock.verdict.status)],
    python: lock.combo.python,
    macos: lock.combo.macos_min,
    count: lock.packages.length,
    packages: message.packages.join(", "),
    commands: live(message, lock.environment),
    files: lock.contents.map(download),
    companions: rows,
    hasCompanions: rows.length > 0,
    unproven: lock.verdict.status === "unproven",
    faults,
    hasFaults: faults.length > 0,
    program: program(message),
  });
}

let latest = new AbortController();
let hurry = () => {};

// Waits until a line counts as written, or until somebody says that it is.
function pause(wait) {
  if (!wait) return null;
  return new Promise((go) => {
    hurry = go;
    setTimeout(go, PAUSE);
  });
}

async function make(message, wait) {
  const { signal } = latest;
  const words = { packages: [...message.packages, ...(message.tensorflow ? [`tensorflow ${message.tensorflow}`] : [])].join(", "), program: program(message) };
  if (!service) {
    answer.replaceChildren(fill("no-service", words));
    return;
  }
  answer.replaceChildren(fill("resolving", { ...words, commands: live(message) }));
  await pause(wait);
  if (signal.aborted) return;
  const { status, answer: got } = await ask("lock", message, signal);
  if (signal.aborted) return;
  if (status === 200) answer.replaceChildren(resolved(message, got));
  else if (status === 409 || status === 422) answer.replaceChildren(fill("no", { ...words, text: got.error.text }));
  else if (got?.error) answer.replaceChildren(fill("later", { ...words, text: got.error.text }));
  else answer.replaceChildren(fill("no-answer", words));
}

// The answer to what is chosen. Commands are there at once; only the service is asked when
// whoever writes has paused, if `wait` says that somebody writes.
async function show(wait) {
  latest.abort();
  latest = new AbortController();
  const { signal } = latest;
  const choice = chosen();
  const wrong = impossible(choice);
  if (wrong) {
    answer.replaceChildren(fill("no-such-mac", { text: wrong }));
    return;
  }
  try {
    const { combos: all } = await readDocument("api/v1/combos.json");
    if (signal.aborted) return;
    const found = best(all, choice);
    if (choice.packages.length || choice.tensorflow) {
      const message = { python: choice.python || found?.python || "3.11", chip: choice.chip || (choice.arch === "arm64" ? "m1" : "intel"), packages: choice.packages };
      if (choice.macos) message.macos = choice.macos;
      if (choice.tensorflow) message.tensorflow = choice.tensorflow;
      await make(message, wait);
    } else if (found) {
      const other = found.metal ? find(all, { ...choice, python: found.python }, false) : null;
      answer.replaceChildren(published(found, other));
    } else {
      answer.replaceChildren(fill("nothing"));
    }
  } catch (error) {
    if (error.name !== "AbortError") answer.replaceChildren(fill("failed", { text: error.message }));
  }
  await pause(wait);
  if (!signal.aborted) announce();
}

// What a screen reader is told: the head of the answer, and not each of its lines at each key.
function announce() {
  answered.textContent = [...answer.querySelectorAll("h2, h2 + p")].map((part) => part.textContent.trim()).join(". ");
}

let shown = "";
// Answer anew, unless nothing that counts has changed.
function update(wait) {
  const key = JSON.stringify(chosen());
  if (key !== shown) {
    shown = key;
    rememberChoice();
    show(wait);
  } else if (!wait) hurry();
}

function read() {
  const unknown = [...followWords(), ...chosen().unclear];
  told.replaceChildren(...(unknown.length ? [fill("unclear", { words: unknown.join(", ") })] : []));
  form.dispatchEvent(new Event("read"));
}

form.elements.words.addEventListener("input", () => {
  read();
  update(true);
});
form.addEventListener("change", (event) => {
  if (event.target.name !== "words") followSelects();
  update(false);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  update(false);
});

const inAddress = ["chip", "macos", "python", "with", "tensorflow"].some((name) => parameters.get(name));
const inForm = ["chip", "macos", "python", "words"].some((name) => form.elements[name].value);
if (inAddress || inForm) {
  shown = JSON.stringify(chosen());
  show(false);
} else {
  // The answer that the page came with holds; what it could not know is its own address.
  const code = answer.querySelector("code[data-file]");
  if (code) code.textContent = `curl -fsSLO ${new URL(code.dataset.file, location.href)}\n${code.textContent}`;
  shown = JSON.stringify(chosen());
  guess().then((values) => {
    // Only an empty form is filled: what somebody has chosen already stands.
    let filled = false;
    for (const [name, value] of Object.entries(values)) {
      const select = form.elements[name];
      if (!value || select.value || ![...select.options].some((option) => option.value === value)) continue;
      select.value = value;
      filled = true;
    }
    if (!filled) return;
    shown = JSON.stringify(chosen());
    show(false);
    form.dispatchEvent(new Event("read")); // a guess is shown, and is not written into the address
  });
}
