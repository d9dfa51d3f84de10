// Draws the default set of icons: Phosphor and Tabler, as ink on transparent ground, in two looks:
// `fill` (solid) and `bold` (strokes of 2.25 units on a 24 unit grid).
//
//   node tools/icons.mjs runs/icons [--size 128]
//
// Both sets are MIT. Logos of companies are left out: the drawings are free, the marks are not.
// So are letters, digits and file types.
// An icon goes to train, tune or judge by the first word of its name, so that variants of one
// design (heart, heart-plus, heart-off) never stand on both sides of a comparison.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
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
const BOLD = "2.25";
// Shares of the first words, in thousandths.
const SHARES = { judge: 140, tune: 70, train: 790 };
const LETTERED = /(^|-)(text|currency|math|percent|file|calendar|clock|question|help|music|copyright|registered|trademark|translate|language|signature|paragraph|quotes|at|[a-z0-9])(-|$)/;
const LETTERED_CATEGORIES = new Set(["Text", "Math", "Currencies"]);
// Letters and digits are read, not looked at: a drawing that is nearly one is merely wrong.
const LEFT_OUT = new Set(["Brand", "Letters", "Numbers", "Extensions"]);
const WORDS = /(^|-)(letter|number|abc|123|alphabet|hd|4k|gif|csv|pdf|png|jpg|svg|doc|ppt|xls|txt|zip|html|css|js|jsx|ts|tsx|sql|vue|rs|py|cpp|ini|c|hash|typography|zodiac|\d+x?)(-|$)/;
// Room around the drawing, as a share of its side: strokes that touch the edge are cut off there.
const MARGIN = 1 / 30;

const tabler = require("@tabler/icons/icons.json");
const tablerRoot = dirname(require.resolve("@tabler/icons/package.json"));
const phosphorRoot = dirname(dirname(require.resolve("@phosphor-icons/core")));

function* designs() {
  for (const icon of phosphor) {
    if (icon.categories.includes("brands") || /-logo$/.test(icon.name) || WORDS.test(icon.name)) continue;
    const mirror = !LETTERED.test(icon.name);
    for (const look of ["fill", "bold"]) {
      const path = join(phosphorRoot, "assets", look, `${icon.name}-${look}.svg`);
      yield { set: "phosphor", look, name: icon.name, category: icon.categories[0], mirror, path };
    }
  }
  for (const [name, icon] of Object.entries(tabler)) {
    if (LEFT_OUT.has(icon.category) || name.startsWith("brand-") || WORDS.test(name)) continue;
    const mirror = !LETTERED.test(name) && !LETTERED_CATEGORIES.has(icon.category);
    const category = icon.category.toLowerCase();
    for (const [look, kind] of [["fill", "filled"], ["bold", "outline"]]) {
      if (!(kind in icon.styles)) continue;
      const path = join(tablerRoot, "icons", kind, `${name}.svg`);
      yield { set: "tabler", look, name, category, mirror, path };
    }
  }
}

function split(name) {
  const word = createHash("sha256").update(`medici/icons/${name.split("-")[0]}`).digest();
  let left = word.readUInt32BE(0) % 1000;
  for (const [split, share] of Object.entries(SHARES)) if ((left -= share) < 0) return split;
  throw new Error("shares must sum to 1000");
}

const samples = Object.fromEntries(Object.keys(SHARES).map((s) => [s, []]));
const seen = new Set();
for (const { path, ...icon } of designs()) {
  const svg = readFileSync(path, "utf8")
    .replaceAll("currentColor", "#000")
    .replace(/stroke-width="2"/, `stroke-width="${BOLD}"`)
    .replace(/viewBox="0 0 (\d+) \1"/, (_, side) => {
      const margin = side * MARGIN;
      return `viewBox="${-margin} ${-margin} ${side * (1 + 2 * MARGIN)} ${side * (1 + 2 * MARGIN)}"`;
    });
  const png = new Resvg(svg, { fitTo: { mode: "width", value: size } }).render().asPng();
  // Sets name the same drawing twice now and then.
  const digest = createHash("sha256").update(png).digest("hex");
  if (seen.has(digest)) continue;
  seen.add(digest);
  const where = split(icon.name);
  const file = `${icon.look}-${icon.set}-${icon.name}.png`;
  mkdirSync(join(folder, where), { recursive: true });
  writeFileSync(join(folder, where, file), png);
  const { look, set, name, category, mirror } = icon;
  samples[where].push({ file, attributes: { look, set, name, category, mirror: mirror ? "yes" : "no" } });
}

const versions = Object.fromEntries(
  ["@phosphor-icons/core", "@tabler/icons", "@resvg/resvg-js"].map((name) => {
    let place = name === "@phosphor-icons/core" ? phosphorRoot : dirname(require.resolve(name));
    return [name, JSON.parse(readFileSync(join(place, "package.json"), "utf8")).version];
  }),
);
for (const [where, list] of Object.entries(samples)) {
  const source = {
    schema: "medici/source/1",
    title: "Phosphor and Tabler icons, solid and bold",
    licence: "MIT",
    authors: ["Phosphor Icons", "Paweł Kuna (Tabler Icons)"],
    source: "https://phosphoricons.com, https://tabler.io/icons",
    consent: "published under the MIT licence; logos of companies left out",
    made_by: "tools/icons.mjs",
    packages: versions,
    size,
    samples: list,
  };
  writeFileSync(join(folder, where, "source.json"), JSON.stringify(source));
  console.log(`${where}: ${list.length} icons in ${join(folder, where)}`);
}
