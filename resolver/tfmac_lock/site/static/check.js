// A file of pins, judged by the service.
import { ask, fill } from "./site.js";

const form = document.querySelector("#check");
const findings = document.querySelector("#findings");

function show(name, values) {
  findings.hidden = false;
  findings.replaceChildren(fill(name, values));
}

// The kind of file that its name tells, or the first one, which reads lines of pins.
function kindOf(name) {
  const known = [...form.elements.name.options].map((option) => option.value);
  const ending = (one) => one.slice(one.lastIndexOf("."));
  return known.find((one) => one === name) || known.find((one) => one === name.replace(/^.*?(pylock)\..*(\.toml)$/, "$1$2")) || known.find((one) => ending(one) === ending(name)) || known[0];
}

form?.elements.file.addEventListener("change", async () => {
  const [file] = form.elements.file.files;
  if (!file) return;
  form.elements.name.value = kindOf(file.name);
  form.elements.text.value = await file.text();
});

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, text, chip, macos, python } = form.elements;
  if (!text.value.trim()) {
    show("empty");
    findings.focus();
    return;
  }
  const message = { name: name.value, text: text.value };
  for (const choice of [chip, macos, python]) {
    if (choice.value) message[choice.name] = choice.value;
  }
  show("checking");
  const { status, answer } = await ask("check", message);
  if (status === 200) {
    const rows = answer.findings.map((one) => fill("finding", { ...one, line: one.line || "" }));
    const target = answer.files[0].target;
    show("checked", { name: name.value, target, pill: [fill(`status-${answer.status}`)], clean: !rows.length && answer.status !== "nothing-found", findings: rows });
  } else if (answer?.error) {
    show("refused", { text: answer.error.text });
  } else {
    show("no-answer");
  }
  findings.focus();
});
