// The visitor's choices: three selects, kept in the address so that a view can be linked to.
const parameters = new URLSearchParams(location.search);
export const form = document.querySelector("#choose");

export function chosen() {
  const { chip, macos, python } = form.elements;
  const option = chip.selectedOptions[0];
  return {
    chip: chip.value,
    chipName: chip.value ? option.textContent : "",
    arch: chip.value ? option.dataset.arch : form.dataset.arch || "arm64",
    gpu: !chip.value || option.dataset.gpu === "1",
    first: option.dataset.first || "",
    last: option.dataset.last || "",
    macos: macos.value,
    python: python.value,
  };
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

export function impossible({ chipName, first, last, macos }) {
  if (!macos) return "";
  if (first && !reaches(macos, first)) return `${chipName} came with macOS ${first}; macOS ${macos} never ran on it.`;
  if (last && Number(macos) > Number(last)) return `macOS ${last} is the last one for this Mac.`;
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

export function restore() {
  for (const name of ["chip", "macos", "python"]) {
    const select = form.elements[name];
    const wanted = parameters.get(name) || "";
    if ([...select.options].some((option) => option.value === wanted)) select.value = wanted;
  }
  return parameters;
}

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
