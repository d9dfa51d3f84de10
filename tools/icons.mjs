// Draws the default set of icons as ink on transparent ground, in two looks: `fill` (solid) and
// `bold` (strokes of 2.25 units on a 24 unit grid).
//
//   node tools/icons.mjs runs/icons [--size 128]
//
// Phosphor and Tabler come from their own packages, the others from Iconify's, all under MIT, ISC
// or Apache-2.0; each sample carries its own licence and author. Logos of companies are left out:
// the drawings are free, the marks are not. So are letters, digits and file types.
// An icon goes to train, tune or judge by the first word of its name, so that variants of one
// design (heart, heart-plus, heart-off) never stand on both sides of a comparison. Sets name one
// design differently now and then: what looks like an icon held out is not trained on.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import { icons as phosphor } from "@phosphor-icons/core";
import { Resvg } from "@resvg/resvg-js";

const [folder, option, value] = process.argv.slice(2);
if (!folder || (option !== undefined && (option !== "--size" || !/^\d+$/.test(value ?? "")))) {
  console.error("usage: node tools/icons.mjs FOLDER [--size N]");
  process.exit(2);
}
const size = Number(value ?? 128);
const require = createRequire(import.meta.url);
const BOLD = 2.25;
// Shares of the first words, in thousandths.
const SHARES = { judge: 140, tune: 70, train: 790 };
// What shares more of its ink than this with an icon held out is no fresh design.
const ALIKE = 0.9;
// Room around the drawing, as a share of its side: strokes that touch the edge are cut off there.
const MARGIN = 1 / 30;
const LETTERED = /(^|-)(text|currency|math|percent|file|calendar|clock|question|help|music|copyright|registered|trademark|translate|language|signature|paragraph|quotes|at|[a-z0-9])(-|$)/;
const LETTERED_CATEGORIES = new Set(["Text", "Math", "Currencies"]);
// Letters and digits are read, not looked at: a drawing that is nearly one is merely wrong.
const LEFT_OUT = new Set(["Brand", "Letters", "Numbers", "Extensions"]);
const WORDS = /(^|-)(letter|number|numeric|alpha|abc|123|alphabet|hd|4k|gif|csv|pdf|png|jpg|svg|doc|ppt|xls|txt|zip|html|css|js|jsx|ts|tsx|sql|vue|rs|py|cpp|ini|c|hash|typography|zodiac|logo|brand|[a-z]|\d+(st|nd|rd|th|k|x)?)(-|$)/;
// Marks whose names are ordinary words elsewhere.
const MARKS = new Set(["apple", "android", "windows", "meta", "signal", "steam", "x"]);
const BRAND_CATEGORIES = /brand|logo/i;

// Sets of Iconify: which names have which look. What is drawn in strokes takes ours.
const strokes = (body) => body.includes("stroke=") && !/fill="currentColor"/.test(body);
const ending = (suffix) => (name) => name.endsWith(suffix) && name.slice(0, -suffix.length);
const FAMILIES = {
  lucide: { bold: (name, body) => strokes(body) && name },
  // Numbers at the end count variants of one design.
  hugeicons: { bold: (name, body) => strokes(body) && name.replace(/-\d\d$/, "") },
  iconoir: { bold: (name, body) => strokes(body) && name, fill: ending("-solid") },
  mynaui: { bold: (name, body) => strokes(body) && name, fill: ending("-solid") },
  tdesign: { bold: (name, body) => strokes(body) && name, fill: ending("-filled") },
  mingcute: { bold: (name, body) => strokes(body) && ending("-line")(name), fill: ending("-fill") },
  majesticons: { bold: (name, body) => strokes(body) && ending("-line")(name) },
  heroicons: {
    bold: (name, body) => strokes(body) && name,
    fill: (name) => !/-\d\d-solid$/.test(name) && ending("-solid")(name),
  },
  mdi: { fill: (name) => !name.includes("outline") && name },
  fluent: { fill: ending("-24-filled") },
  bi: { fill: ending("-fill") },
};
const FREE = new Set(["MIT", "ISC", "Apache-2.0"]);

const ordinary = new Set();
const known = new Set(Object.keys(require("@iconify-json/simple-icons/icons.json").icons));
const place = (name) => dirname(require.resolve(`${name}/package.json`));
const tabler = require("@tabler/icons/icons.json");
const phosphorRoot = dirname(dirname(require.resolve("@phosphor-icons/core")));
const versions = { "@phosphor-icons/core": version(phosphorRoot) };

function version(root) {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
}

function* designs() {
  for (const icon of phosphor) {
    if (icon.categories.includes("brands") || WORDS.test(icon.name)) continue;
    ordinary.add(icon.name.split("-")[0]);
    for (const look of ["fill", "bold"]) {
      const path = join(phosphorRoot, "assets", look, `${icon.name}-${look}.svg`);
      const about = { set: "phosphor", look, name: icon.name, category: icon.categories[0] };
      const said = { licence: "MIT", author: "Phosphor Icons" };
      yield { about, said, svg: readFileSync(path, "utf8"), mirror: !LETTERED.test(icon.name) };
    }
  }
  for (const [name, icon] of Object.entries(tabler)) {
    if (LEFT_OUT.has(icon.category) || name.startsWith("brand-") || WORDS.test(name)) continue;
    ordinary.add(name.split("-")[0]);
    const mirror = !LETTERED.test(name) && !LETTERED_CATEGORIES.has(icon.category);
    for (const [look, kind] of [["fill", "filled"], ["bold", "outline"]]) {
      if (!(kind in icon.styles)) continue;
      const path = join(place("@tabler/icons"), "icons", kind, `${name}.svg`);
      const about = { set: "tabler", look, name, category: icon.category.toLowerCase() };
      const said = { licence: "MIT", author: "Paweł Kuna" };
      yield { about, said, svg: readFileSync(path, "utf8"), mirror };
    }
  }
  versions["@tabler/icons"] = version(place("@tabler/icons"));
  for (const [set, looks] of Object.entries(FAMILIES)) yield* iconify(set, looks);
}

function* iconify(set, looks) {
  const root = place(`@iconify-json/${set}`);
  const read = (file) => JSON.parse(readFileSync(join(root, file), "utf8"));
  const { icons, width, height } = read("icons.json");
  const { license, author } = read("info.json");
  if (!FREE.has(license.spdx)) throw new Error(`${set} is under ${license.spdx}`);
  versions[`@iconify-json/${set}`] = version(root);
  const marks = new Set();
  try {
    for (const [category, names] of Object.entries(read("metadata.json").categories ?? {}))
      if (BRAND_CATEGORIES.test(category)) names.forEach((name) => marks.add(name));
  } catch {}
  for (const [whole, icon] of Object.entries(icons)) {
    for (const [look, named] of Object.entries(looks)) {
      const name = !icon.hidden && !marks.has(whole) && named(whole, icon.body);
      if (!name || WORDS.test(name)) continue;
      const word = name.split("-")[0];
      if (MARKS.has(word) || (known.has(word) && !ordinary.has(word))) continue;
      const [w, h] = [icon.width ?? width ?? 16, icon.height ?? height ?? 16];
      if (w !== h) continue;
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}">${icon.body}</svg>`;
      const about = { set, look, name: whole, category: "" };
      const said = { licence: license.spdx, author: author.name };
      yield { about, said, svg, mirror: !LETTERED.test(name) };
      break;
    }
  }
}

function split(name) {
  const word = createHash("sha256").update(`medici/icons/${name.split("-")[0]}`).digest();
  let left = word.readUInt32BE(0) % 1000;
  for (const [split, share] of Object.entries(SHARES)) if ((left -= share) < 0) return split;
  throw new Error("shares must sum to 1000");
}

function drawn(svg, width) {
  const side = Number(/viewBox="0 0 ([\d.]+) /.exec(svg)[1]);
  const margin = side * MARGIN;
  const box = [-margin, -margin, side + 2 * margin, side + 2 * margin].join(" ");
  const shown = svg
    .replaceAll("currentColor", "#000")
    .replace(/stroke-width="[\d.]+"/g, `stroke-width="${(BOLD * side) / 24}"`)
    .replace(/viewBox="[^"]+"/, `viewBox="${box}"`);
  return new Resvg(shown, { fitTo: { mode: "width", value: width } }).render();
}

// Ink on a grid of 32, as numbers from 0 to 1: enough to tell whether two drawings are one design.
function inkOf(svg) {
  const { pixels } = drawn(svg, 32);
  return Float32Array.from({ length: 1024 }, (_, i) => pixels[4 * i + 3] / 255);
}

// Means over 4 by 4 of them: these overlap at least as far as what they were made from.
function coarse(seen) {
  const out = new Float32Array(64);
  for (let i = 0; i < 1024; i++) out[((i >> 7) << 3) | ((i & 31) >> 2)] += seen[i] / 16;
  return out;
}

function overlap(a, b) {
  let both = 0, either = 0;
  for (let i = 0; i < a.length; i++) {
    both += Math.min(a[i], b[i]);
    either += Math.max(a[i], b[i]);
  }
  return both / either;
}

const samples = Object.fromEntries(Object.keys(SHARES).map((s) => [s, []]));
const seen = new Set();
for (const { about, said, svg, mirror } of designs()) {
  const png = drawn(svg, size).asPng();
  // Sets name the same drawing twice now and then.
  const digest = createHash("sha256").update(png).digest("hex");
  if (seen.has(digest)) continue;
  seen.add(digest);
  const file = `${about.look}-${about.set}-${about.name}.png`;
  const attributes = { ...about, mirror: mirror ? "yes" : "no" };
  samples[split(about.name)].push({ png, seen: inkOf(svg), told: { file, ...said, attributes } });
  // Renderings are freed when the event loop turns.
  if (seen.size % 200 === 0) await new Promise((done) => setImmediate(done));
}

const heldOut = [...samples.judge, ...samples.tune].map((s) => [coarse(s.seen), s.seen]);
const kept = ({ seen }) => {
  const rough = coarse(seen);
  return !heldOut.some(([c, s]) => overlap(rough, c) > ALIKE && overlap(seen, s) > ALIKE);
};
const before = samples.train.length;
samples.train = samples.train.filter(kept);
console.log(`${before - samples.train.length} icons look like ones held out and are left out`);

versions["@resvg/resvg-js"] = version(place("@resvg/resvg-js"));
for (const [where, list] of Object.entries(samples)) {
  mkdirSync(join(folder, where), { recursive: true });
  for (const { png, told } of list) writeFileSync(join(folder, where, told.file), png);
  const told = list.map((s) => s.told);
  const source = {
    schema: "medici/source/1",
    title: "Icons of thirteen open sets, solid and bold",
    licence: [...new Set(told.map((s) => s.licence))].sort().join(" AND "),
    authors: [...new Set(told.map((s) => s.author))].sort(),
    source: "https://phosphoricons.com, https://tabler.io/icons, https://iconify.design",
    consent: "published under free licences; logos of companies left out",
    made_by: "tools/icons.mjs",
    packages: versions,
    size,
    samples: told,
  };
  writeFileSync(join(folder, where, "source.json"), JSON.stringify(source));
  console.log(`${where}: ${list.length} icons in ${join(folder, where)}`);
}
