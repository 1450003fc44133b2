// What somebody asks for in a line, like "M2, Python 3.11, with pandas": the chip, the Python,
// the macOS, the TensorFlow and the packages that are named in it. In Vietnamese too, and in
// Chinese and Japanese, whose own characters are in no name of a package and part words like spaces.
const FILLER = new Set(
  "a am an and also apple air by chip for from gpu have i imac in install it mac macbook mini my need on or package packages plus please pro run running silicon studio tensorflow the to under use using want with bản cài cần chạy chip cho có của dùng gói hệ là máy muốn trên tôi và với".split(" "),
);
const REQUIREMENT = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?:\[[a-z0-9,._-]+\])?(?:(?:===?|[<>~!]=|[<>])[a-z0-9.*+!]+(?:,(?:===?|[<>~!]=|[<>])[a-z0-9.*+!]+)*)?$/i;

// macosNames gives the number of each macOS name, in lower case.
export function asked(line, macosNames = {}) {
  const plain = line.normalize("NFKC").toLowerCase().replace(/[、。，；]/g, ",").replace(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+/gu, " ");
  let rest = ` ${plain} `;
  const found = { chip: "", python: "", macos: "", tensorflow: "", packages: [], unclear: [] };
  const take = (pattern, keep) => {
    rest = rest.replace(pattern, (...match) => {
      keep(match);
      return " ";
    });
  };
  take(/(?<=[\s,;(])macbook(?:[ -](?:air|pro))?(?=[\s,;)])|(?<=[\s,;(])mac[ -](?:mini|studio|pro)(?=[\s,;)])/g, () => {});
  take(/(?<=[\s,;(])(?:apple[ -])?(m[1-9])(?:[ -]?(pro|max|ultra))?(?=[\s,;)])/, ([, chip, kind]) => (found.chip = kind ? `${chip}-${kind}` : chip));
  take(/(?<=[\s,;(])intel(?:[ -]mac)?((?: with| and|,)?(?: an?)?[ -]amd)?(?=[\s,;)])/, ([, amd]) => (found.chip ||= amd ? "intel-amd" : "intel"));
  take(/(?<=[\s,;(])mac ?os(?: x)? ?v?(\d\d)(?:\.[\d.]+)?(?: [a-z]+(?= *[,;)]))?(?=[\s,;)])/, ([, major]) => (found.macos = major));
  take(/(?<=[\s,;(])(?:c?python|py) ?v?(3\.\d{1,2})(?:\.\d+)?(?=[\s,;)])/, ([, python]) => (found.python = python));
  take(/(?<=[\s,;(])(?:tensorflow|tf)(?:[ -]macos)? ?v?(?:==)?(\d\.\d{1,2}(?:\.\d+)?)(?=[\s,;)])/, ([, version]) => (found.tensorflow = version));
  take(/(?<=[\s,;(])(3\.(?:[89]|1\d))(?=[\s,;)])/, ([, python]) => (found.python ||= python));
  // A comma between limits, or inside the brackets of extras, is part of a requirement.
  const words = rest.replace(/ *(===?|[<>~!]=|[<>]) */g, "$1").split(/[\s;()]+|,(?![<>=!~])(?![^[\]]*\])/);
  for (const word of words.map((one) => one?.replace(/^[,.]+|[,.]+$/g, "")).filter(Boolean)) {
    if (macosNames[word]) found.macos ||= macosNames[word];
    else if (word === "macos" || word === "python" || FILLER.has(word)) continue;
    else if (REQUIREMENT.test(word)) found.packages.push(word);
    else found.unclear.push(word);
  }
  return found;
}
