// The visitor's choices: a line in words and three selects, kept in the address so that a view
// can be linked to.
import { asked } from "./asked.js";
import { say } from "./site.js";

export const parameters = new URLSearchParams(location.search);
export const form = document.querySelector("#choose");
const SELECTS = ["chip", "macos", "python"];

const macosNames = Object.fromEntries([...form.elements.macos.options].filter((option) => option.dataset.name).map((option) => [option.dataset.name, option.value]));

function has(select, value) {
  return [...select.options].some((option) => option.value === value);
}

export function chosen() {
  const { chip, macos, python, words } = form.elements;
  const option = chip.selectedOptions[0];
  const line = asked(words.value, macosNames);
  return {
    chip: chip.value,
    chipName: chip.value ? option.textContent : "",
    arch: chip.value ? option.dataset.arch : form.dataset.arch,
    gpu: !chip.value || option.dataset.gpu === "1",
    first: option.dataset.first || "",
    last: option.dataset.last || "",
    macos: macos.value,
    python: python.value,
    packages: line.packages,
    tensorflow: line.tensorflow,
    unclear: line.unclear,
  };
}

// What the line says of the Mac is shown by the selects. Returns what it says that none offers.
export function followWords() {
  const line = asked(form.elements.words.value, macosNames);
  const unknown = [];
  for (const name of SELECTS) {
    if (!line[name]) continue;
    if (has(form.elements[name], line[name])) form.elements[name].value = line[name];
    else unknown.push(line[name]);
  }
  return unknown;
}

// After a choice by hand the line keeps only what no select holds.
export function followSelects() {
  const line = asked(form.elements.words.value, macosNames);
  if (!SELECTS.some((name) => line[name] && line[name] !== form.elements[name].value)) return;
  const rest = [...(line.tensorflow ? [`tensorflow ${line.tensorflow}`] : []), ...line.packages];
  form.elements.words.value = rest.join(", ");
}

// Numbers of a dotted version, for comparing.
export function parts(text) {
  return text.split(".").map(Number);
}

export function isOlder(one, other) {
  const [a, b] = [parts(one), parts(other)];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if ((a[i] || 0) !== (b[i] || 0)) return (a[i] || 0) < (b[i] || 0);
  }
  return false;
}

// A bare macOS major stands for its last minor version: whoever has 12 can update to 12.7.
export function reaches(macos, floor) {
  return !isOlder(macos.includes(".") ? macos : `${macos}.99`, floor);
}

// Why there is no such Mac, or an empty text.
export function impossible({ chipName, first, last, macos }) {
  if (!macos) return "";
  if (first && !reaches(macos, first)) return say("too-old", { chip: chipName, first, macos });
  if (last && Number(macos) > Number(last)) return say("too-new", { last });
  return "";
}

export function remember(changes) {
  for (const [key, value] of Object.entries(changes)) {
    if (value) parameters.set(key, value);
    else parameters.delete(key);
  }
  const query = parameters.toString();
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
}

export function rememberChoice() {
  const { chip, macos, python, packages, tensorflow } = chosen();
  remember({ chip, macos, python, tensorflow, with: packages.join(" ") });
}

// Done once, when the page is read: what is guessed or typed later stands, and so does what was
// chosen before this was loaded, unless the address says otherwise.
function restore() {
  for (const name of SELECTS) {
    const wanted = parameters.get(name);
    if (wanted && has(form.elements[name], wanted)) form.elements[name].value = wanted;
  }
  const version = parameters.get("tensorflow");
  const packages = (parameters.get("with") || "").split(" ").filter(Boolean);
  const line = [...(version ? [`tensorflow ${version}`] : []), ...packages].join(", ");
  if (line) form.elements.words.value = line;
}
restore();

// What the browser tells of the Mac. Only Chromium tells, and only on request; it never tells
// which chip of Apple's it is, so the oldest stands for all.
export async function guess() {
  const told = navigator.userAgentData;
  if (!told || told.platform !== "macOS") return {};
  try {
    const values = await told.getHighEntropyValues(["architecture", "platformVersion"]);
    return {
      chip: values.architecture === "arm" ? "m1" : "",
      macos: (values.platformVersion || "").split(".")[0],
    };
  } catch {
    return {};
  }
}
