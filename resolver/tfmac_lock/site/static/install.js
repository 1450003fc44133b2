// "What shall I install?": the same choice among published locks that the command makes.
import { codeBlock, element, readyCopyButtons, root } from "./site.js";
import { chosen, form, guess, impossible, reaches, remember, restore } from "./choice.js";

const answer = document.querySelector("#answer");
const GLYPHS = { works: "✓", caution: "!", unproven: "?", broken: "✕" };

let loaded = null;
function combos() {
  loaded ??= fetch(new URL("api/v1/combos.json", root)).then((got) => {
    if (!got.ok) throw new Error(`the list of locks answered ${got.status}`);
    return got.json();
  });
  loaded.catch(() => (loaded = null));
  return loaded;
}

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

function best(all, choice) {
  if (choice.python) return find(all, choice, choice.gpu) || find(all, choice, false);
  // Without a Python the best over all of them: rank of status, then the newest Python.
  const pythons = [...new Set(all.map((combo) => combo.python))].sort((a, b) => Number(b.split(".")[1]) - Number(a.split(".")[1]));
  const ranks = ["works", "caution", "unproven"];
  const found = pythons.map((python) => best(all, { ...choice, python })).filter(Boolean);
  const rank = (combo) => ranks.indexOf(combo.status) + (choice.gpu && !combo.metal ? 10 : 0);
  return found.sort((a, b) => rank(a) - rank(b))[0];
}

function commands(combo) {
  const wheels = combo.files.includes("requirements.txt");
  const address = new URL(`locks/${combo.id}/${wheels ? "requirements.txt" : "conda-lock.yml"}`, root);
  const install = wheels
    ? [
        `python${combo.python} -m venv env && . env/bin/activate`,
        "python -m pip install --require-hashes --no-deps -r requirements.txt",
      ]
    : ["micromamba create --name tensorflow --file conda-lock.yml", "micromamba activate tensorflow"];
  const look = "python -c 'import tensorflow as tf; print(tf.__version__, tf.config.list_physical_devices())'";
  return [`curl -fsSLO ${address}`, ...install, look].join("\n");
}

function show(combo, other) {
  const page = new URL(`locks/${combo.id}/`, root);
  const plugin = combo.metal ? ` with tensorflow-metal ${combo.metal.version}` : ", on the CPU";
  const parts = [
    element("h2", {}, `${combo.tensorflow.package} ${combo.tensorflow.version}${plugin}`),
    element(
      "p",
      {},
      element("span", { class: `pill ${combo.status}` }, `${GLYPHS[combo.status]} ${combo.status}`),
      ` Python ${combo.python}, macOS ${combo.macos_min} and newer. `,
      element("a", { href: page.href }, combo.status === "caution" ? "Read what to look out for" : "Why"),
    ),
    codeBlock(commands(combo), "the commands"),
    element("p", {}, "Downloads:"),
    element(
      "ul",
      { class: "downloads" },
      ...combo.files.map((name) => element("li", {}, element("a", { href: new URL(name, page).href, download: name }, name))),
    ),
  ];
  if (other) {
    parts.push(
      element(
        "p",
        { class: "muted" },
        "Small models are often faster on the CPU: ",
        element("a", { href: new URL(`locks/${other.id}/`, root).href }, `${other.tensorflow.package} ${other.tensorflow.version} without the plugin`),
        ".",
      ),
    );
  }
  answer.replaceChildren(...parts);
  readyCopyButtons(answer);
}

async function submit(event) {
  event?.preventDefault();
  const choice = chosen();
  remember({ chip: choice.chip, macos: choice.macos, python: choice.python });
  answer.hidden = false;
  const wrong = impossible(choice);
  if (wrong) {
    answer.replaceChildren(element("h2", {}, "There is no such Mac"), element("p", {}, wrong));
    answer.focus();
    return;
  }
  try {
    const { combos: all } = await combos();
    const found = best(all, choice);
    if (found) {
      show(found, found.metal ? find(all, { ...choice, python: found.python }, false) : null);
    } else {
      answer.replaceChildren(
        element("h2", {}, "Nothing is published for that"),
        element("p", {}, "No TensorFlow has wheels for this Python and macOS. Choose another Python, or a newer macOS if the Mac can run it. "),
        element("p", {}, element("a", { href: new URL("install/", root).href }, "All that is published")),
      );
    }
  } catch (error) {
    answer.replaceChildren(element("h2", {}, "That did not work"), element("p", {}, `The list of locks could not be read: ${error.message}.`));
  }
  answer.focus();
}

const parameters = restore();
form.addEventListener("submit", submit);
if (form.getAttribute("action") === "./" && ["chip", "macos", "python"].some((name) => parameters.get(name))) {
  submit();
} else if (![...parameters.keys()].length) {
  guess().then((values) => {
    // Only an empty form is filled: what somebody has chosen already stands.
    for (const [name, value] of Object.entries(values)) {
      const select = form.elements[name];
      if (value && !select.value && [...select.options].some((option) => option.value === value)) select.value = value;
    }
    form.dispatchEvent(new Event("guessed"));
  });
}
