// Recognising errors in the browser, by the patterns that the program uses.
import { explosion } from "./curve.js";
import { fill, marked, pages, readDocument, root, say } from "./site.js";

const paste = document.querySelector("#paste");
const list = document.querySelector("#symptoms");
const matches = document.querySelector("#matches");
const STAGES = ["install", "import", "device", "train", "result"];
const LONGEST = 4 * 1024 * 1024;
const BRIEF = 1500; // characters of a text in which little else can be said
const BARE = 250; // and of one that is little more than a program's last line

// The text without what only a terminal understands.
function withoutCodes(text) {
  return text
    .replace(/\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)|[ -/]{0,4}[0-~])/g, "")
    .replace(/\u00a0/g, " ");
}

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };
const ESCAPES = { n: "\n", t: "\t", r: "\r" };

// HTML's entities become characters, once more if they were escaped twice, and tags go.
function withoutMarkup(text) {
  const entity = /&(?:(amp|lt|gt|quot|apos|nbsp)|#(\d{2,5})|#x([0-9a-f]{2,4}));/gi;
  const named = (_, name, decimal, hexadecimal) =>
    name ? ENTITIES[name.toLowerCase()] : String.fromCodePoint(decimal ? Number(decimal) : parseInt(hexadecimal, 16));
  return text
    .replace(entity, named)
    .replace(entity, named)
    .replace(/<\/?(?:(br|p|div|li|tr|pre|blockquote)|a|b|code|em|font|i|kbd|samp|span|strong|t[dht]|u)(?:[ \t][^<>\n]{0,200})?\/?>/gi, (_, block) => (block ? "\n" : ""));
}

// The backslashes that JSON, Python and Markdown put before characters go; those of Windows' paths stay.
function unescaped(text) {
  if (!text.includes("\\") || /\b[A-Za-z]:\\\w/.test(text)) return text;
  const opened = text.split("\\n").length > text.split("\n").length;
  const plain = opened
    ? text.replace(/\\(?:([ntr"'\\/])|u([0-9a-fA-F]{4}))/g, (_, simple, code) => (simple ? (ESCAPES[simple] ?? simple) : String.fromCharCode(parseInt(code, 16))))
    : text;
  return plain.replaceAll("\\_", "_");
}

// Boxes have a right side too.
function withoutSides(text) {
  if (!/[│┃]/.test(text)) return text;
  const lines = text.split("\n").map((line) => {
    let end = line.length;
    while (end && "│┃ \t".includes(line[end - 1])) end -= 1;
    return line.slice(0, end);
  });
  return lines.join("\n");
}

// As the program cleans what people paste: no colours, ASCII quotes, no markup, no prefixes of other tools.
export function clean(text) {
  const prefix =
    /^[ \t]{0,40}(?:(?:>(?!>> |>>$) ?){1,8}|#{1,2}> ?|E {2,7}(?=\S)|[│┃|] |#\d{1,4} \d{1,6}\.\d{1,4} |[\w.-]{1,40} +\| |\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]{0,10}Z (?:std(?:out|err) [FP] )?|\[?(?:\d{4}-\d\d-\d\d[ T])?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]? |\[(?:stdout|stderr|pip|info|error|warn(?:ing)?)\] )/gim;
  const plain = withoutMarkup(
    unescaped(withoutCodes(text))
      .replace(/\r\n?/g, "\n")
      .replace(/[‘’‚]/g, "'")
      .replace(/[“”„«»]/g, '"')
      .replace(/[！-～]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0)),
  );
  return withoutSides(
    plain
      .replace(/\[(?:\d{1,3}(?:;\d{1,3}){0,5}m|m(?!\w))/g, "")
      .replace(/[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff]/g, ""),
  )
    .replace(prefix, "")
    .replace(prefix, "");
}

// Whatever wrapped or indented a text, its squeezed form is the same: the place for literals.
function views(text) {
  const plain = clean(text);
  return {
    squeezed: plain.toLowerCase().replace(/[\x00-\x20"'`\\\x7f]/g, ""),
    forms: [
      ["regex", plain],
      ["loose", plain.replace(/(?<=[^\n]{40})\n[ \t]{0,40}/g, "")],
    ],
  };
}

function spansIn(regex, text) {
  return [...text.matchAll(new RegExp(regex, "giu"))].slice(0, 50).map((found) => [found.index, found.index + found[0].length]);
}

function search(pattern, { squeezed, forms }) {
  if (!pattern.literals.some((literal) => squeezed.includes(literal))) return null;
  for (const [key, text] of forms) {
    const spans = spansIn(pattern[key], text);
    if (spans.length) return { key, text, spans };
  }
  return null;
}

function lineAt(text, [start]) {
  const begin = text.lastIndexOf("\n", start - 1) + 1;
  const stop = text.indexOf("\n", start);
  return text.slice(begin, stop < 0 ? text.length : stop).trim().slice(0, 300);
}

function sameLines(text, one, other) {
  const [early, late] = one[0] <= other[0] ? [one, other] : [other, one];
  return late[0] < early[1] || !text.slice(early[1], late[0]).includes("\n");
}

// What the symptom is in this text: a case's title and cause, and its cures before the general ones.
// Cases that depend on versions are the program's, which reads them from the text; here none are known.
function caseOf(symptom, seen) {
  const unnamed = (one) => one.when.every((condition) => !condition.is);
  const found = symptom.cases.find((one) => unnamed(one) && (!one.seen.length || one.seen.some((other) => search(other, seen))));
  return {
    title: found?.title || symptom.title,
    cause: found?.cause || symptom.cause,
    cures: [...(found?.cures ?? []), ...(found?.alone ? [] : symptom.cures)],
  };
}

// The symptoms that a text shows, roots before what follows from them.
export function recognise(text, known) {
  return look(text, known).matches;
}

// The same, and whether the text names TensorFlow. One that names another framework and not
// TensorFlow shows none; one that shows files of a package that does not go with TensorFlow shows
// nothing that programs of all kinds print.
function look(text, { symptoms: all, frameworks }) {
  const seen = views(text.slice(0, LONGEST));
  const shows = (texts) => texts.some((one) => search(one, seen));
  const ours = shows(frameworks.ours);
  if (!ours && shows(frameworks.others)) return { ours, matches: [] };
  const strange = !ours && shows(frameworks.strangers);
  const holds = ({ generic, unless }) => !(strange && generic) && !shows(unless);
  const shorterThan = (most) => [...seen.forms[0][1].slice(0, 2 * most)].length <= most;
  const [brief, bare] = [shorterThan(BRIEF), shorterThan(BARE)];
  const hits = all.flatMap((symptom) => symptom.patterns.map((pattern) => ({ symptom, pattern, found: search(pattern, seen) })));
  const found = new Map();
  for (const { symptom, pattern, found: hit } of hits) {
    if (!hit) continue;
    if (!holds(symptom)) continue;
    if ((pattern.brief && !brief) || (pattern.bare && !bare)) continue;
    if (pattern.needs.length && !shows(pattern.needs)) continue;
    const specific = hits.filter((other) => other.found && other.symptom.instead_of.includes(symptom.id)).flatMap((other) => spansIn(other.pattern[hit.key], hit.text));
    const span = hit.spans.find((one) => !specific.some((other) => sameLines(hit.text, one, other)));
    if (!span) continue;
    const match = { symptom, weak: pattern.weak, at: span[0], line: lineAt(hit.text, span), said: caseOf(symptom, seen) };
    const known = found.get(symptom.id);
    if (!known || match.weak < known.weak || (match.weak === known.weak && match.at < known.at)) found.set(symptom.id, match);
  }
  const line = explosion(withoutCodes(text.slice(0, LONGEST)));
  for (const symptom of all.filter((one) => line && one.detector === "loss-curve" && !found.has(one.id))) {
    if (holds(symptom)) found.set(symptom.id, { symptom, weak: false, at: LONGEST, line, said: caseOf(symptom, seen) });
  }
  let ordered = [...found.values()].sort(
    (a, b) =>
      (a.symptom.severity === "notice") - (b.symptom.severity === "notice") ||
      a.weak - b.weak ||
      STAGES.indexOf(a.symptom.stage) - STAGES.indexOf(b.symptom.stage) ||
      a.at - b.at,
  );
  if (ordered.some((match) => !match.weak && match.symptom.severity === "error")) ordered = ordered.filter((match) => !match.weak);
  const follows = new Set(ordered.flatMap((match) => match.symptom.leads_to));
  return { ours, matches: [...ordered.filter((match) => !follows.has(match.symptom.id)), ...ordered.filter((match) => follows.has(match.symptom.id))] };
}

// A command for any Mac, as the pages of the symptoms print it; the program itself fills in what a log names.
const GAPS = {
  python_minor: "3.11",
  lock_python: "3.11",
  tensorflow_minor: "2.X",
  tensorflow: "2.X.Y",
  companion: "PACKAGE",
  missing: "PACKAGE",
  wanted: '"PACKAGE==VERSION"',
  unquoted: "PACKAGE[EXTRA]",
  others: "--with PACKAGE",
};

export function general(command) {
  return command
    .replace(/ --[a-z]+ \{(?:m?_?chip|macos|tensorflow)\}| ?\{options\}/g, "")
    .replace(/\{(\w+)\}/g, (gap, name) => GAPS[name] ?? gap)
    .trim();
}

function show({ symptom, line, weak, said: { title, cause, cures: known } }, said) {
  const told = (text) => said[text] ?? text;
  const cures = known.map((cure) =>
    fill("cure", {
      when: cure.when.filter((condition) => condition.is).map((condition) => say(`when-${condition.fact}`, condition)).join(" "),
      text: marked(told(cure.text)),
      command: general(cure.command),
    }),
  );
  return fill("match", {
    title: say(weak ? "may-be" : "is", { title: told(title) }),
    page: new URL(`symptoms/${symptom.id}/`, pages).href,
    line,
    cause: marked(told(cause)),
    cures,
    ask: weak && told(symptom.ask),
  });
}

paste.addEventListener("submit", async (event) => {
  event.preventDefault();
  matches.hidden = false;
  try {
    const { ours, matches: found } = look(paste.querySelector("textarea").value, await readDocument("api/v1/symptoms.json"));
    const unsure = !ours && found[0]?.symptom.generic;
    const said = pages.href === root.href ? {} : await readDocument("symptoms.json", pages);
    matches.replaceChildren(fill(found.length ? "found" : "nothing", { matches: found.map((one) => show(one, said)), unsure }));
  } catch (error) {
    matches.replaceChildren(fill("failed", { text: error.message }));
  }
  matches.focus();
});

const box = document.querySelector("#search");
const count = document.querySelector("#count");
box.addEventListener("input", () => {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const item of list?.children ?? []) {
    const text = item.textContent.toLowerCase();
    item.hidden = !words.every((word) => text.includes(word));
    shown += !item.hidden;
  }
  count.textContent = words.length ? say("count", { count: shown }) : "";
});
