// A loss that explodes, seen in the progress that Keras prints: the program's LossCurve, with the
// same numbers. No pattern can compare numbers, so this failure has a detector.
const EPOCH = /Epoch[ \t\n\r\f\v]{0,3}(\d{1,7})[ \t\n\r\f\v]{0,2}\/[ \t\n\r\f\v]{0,2}\d{1,7}/g;
const NUMBER = /[ \t\n\r\f\v]{0,3}(nan|-?inf|-?\d{1,39}(?:\.\d{1,15})?(?:e[+-]?\d{1,3})?)/iy;
const ACCURACY = /acc(?:uracy)?:[ \t\n\r\f\v]{0,3}(0\.\d{1,10}|1\.0{1,10})/;

const GROWTH = 10;
const LEAST_RISE = 2;
const STEADY_EPOCHS = 4;
const HUGE = 1e15;
const STEADY_GROWTH = 3;
const STEADY_RISE = 1;
const LARGEST_LOSS_PER_ERROR = 16.2;

function number(text) {
  return /inf/i.test(text) ? Number(text.replace(/inf/i, "Infinity")) : Number(text);
}

// The first line of a log that shows the loss exploding, or an empty text.
export function explosion(log) {
  const curve = { line: "", epoch: 0, first: 0, best: Infinity, latest: NaN, before: NaN, rises: 0 };
  const end = Math.max(log.lastIndexOf("\n"), log.lastIndexOf("\r")) + 1;
  read(curve, log.slice(0, end));
  read(curve, log.slice(end).slice(-4096));
  return curve.line;
}

function read(curve, log) {
  let start = 0;
  for (const heading of log.matchAll(EPOCH)) {
    readLosses(curve, log, start, heading.index);
    start = heading.index + heading[0].length;
    begin(curve, Number(heading[1]));
  }
  readLosses(curve, log, start, log.length);
}

function begin(curve, epoch) {
  if (epoch < curve.epoch || (epoch === curve.epoch && epoch === 1)) {
    // Another training.
    Object.assign(curve, { first: 0, rises: 0, best: Infinity, latest: Infinity, before: NaN });
  } else if (epoch === curve.epoch) {
    return; // The same heading, drawn again.
  } else if (Number.isFinite(curve.latest)) {
    curve.best = Math.min(curve.best, curve.latest);
    curve.rises = curve.latest > curve.before ? curve.rises + 1 : 0;
    curve.before = curve.latest;
  }
  curve.first ||= epoch;
  curve.epoch = epoch;
}

// The last loss between two headings stands for them all: Keras prints running means.
function readLosses(curve, log, start, end) {
  let at = end;
  while (!curve.line && curve.epoch && at - 5 >= start) {
    at = log.lastIndexOf("loss:", at - 5);
    if (at < start) return;
    if (/[0-9A-Za-z_]/.test(log.charAt(at - 1))) continue; // val_loss, box_loss
    NUMBER.lastIndex = at + 5;
    const found = NUMBER.exec(log);
    if (found) return judge(curve, log, at, number(found[1]));
  }
}

function judge(curve, log, at, loss) {
  const begins = Math.max(log.lastIndexOf("\n", at), log.lastIndexOf("\r", at)) + 1;
  const from = Math.max(begins, at - 300);
  const line = log.slice(from, at) + log.slice(at, from + 600).split(/[\n\r]/, 1)[0];
  const grown = loss > GROWTH * curve.best && loss > curve.best + LEAST_RISE;
  const steady =
    curve.rises >= STEADY_EPOCHS && loss > curve.before && loss > STEADY_GROWTH * curve.best && loss > curve.best + STEADY_RISE;
  const huge = loss > HUGE && curve.epoch > 1;
  if (!Number.isFinite(loss) || huge || grown || steady || runaway(curve, loss, line)) {
    curve.line = line.trim().split(/\s+/).join(" ").slice(0, 300);
  }
  curve.latest = loss;
}

// A lone late epoch with good accuracy and a loss that no good model has.
function runaway(curve, loss, line) {
  const accuracy = ACCURACY.exec(line);
  if (curve.epoch !== curve.first || curve.epoch < 3 || !accuracy) return false;
  const wrong = Math.max(1 - Number(accuracy[1]), 1e-3);
  return Number(accuracy[1]) >= 0.8 && loss / wrong > LARGEST_LOSS_PER_ERROR && loss > 2;
}
