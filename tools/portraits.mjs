// Draws the default data sets: portraits with transparent ground, and the attributes each was
// drawn from, by one of two artists.
//
//   node tools/portraits.mjs runs/portraits [--style pixel] [--train 12000] [--tune 2000] [--judge 2000]
//   node tools/portraits.mjs runs/ink --style ink
//
// pixel: DiceBear `pixel-art` at its native 16×16. ink: `lorelei` by Lisa Wischofsky at 128×128, with
// our palette for hair and skin. Both CC0 1.0. The same seeds give the same pictures: sets are
// rebuilt, never shipped. Splits use disjoint seed names, so tune and judge are fresh draws.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAvatar } from "@dicebear/core";
import * as lorelei from "@dicebear/lorelei";
import * as pixelArt from "@dicebear/pixel-art";
import { Resvg } from "@resvg/resvg-js";

const STYLES = {
  pixel: { style: pixelArt, name: "pixel-art", seeds: "portraits", side: 16, options: {} },
  ink: {
    style: lorelei,
    name: "lorelei",
    seeds: "ink",
    side: 128,
    options: {
      hairColor: ["1d1b22", "4a2b25", "7d4a2d", "b8672f", "d8aa5c", "a8323e", "2c5a63", "63538f", "e9e3d6"],
      skinColor: ["fdeee0", "f6d3b8", "e3b08a", "c08457", "925c3b", "643d29"],
      mouthColor: ["1d1b22", "a8323e"],
      earringsColor: ["d8aa5c"],
      hairAccessoriesColor: ["fffaf0", "e58a96"],
      glassesProbability: 20,
    },
  },
};

const [folder, ...rest] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node tools/portraits.mjs FOLDER [--train N] [--tune N] [--judge N]");
  process.exit(2);
}
const counts = { train: 12000, tune: 2000, judge: 2000 };
let chosen = STYLES.pixel;
for (let i = 0; i < rest.length; i += 2) {
  const split = rest[i].replace(/^--/, "");
  if (split === "style" && rest[i + 1] in STYLES) {
    chosen = STYLES[rest[i + 1]];
    continue;
  }
  if (!(split in counts) || !/^\d+$/.test(rest[i + 1] ?? "")) {
    console.error(`not understood: ${rest[i]} ${rest[i + 1] ?? ""}`);
    process.exit(2);
  }
  counts[split] = Number(rest[i + 1]);
}

const { style, name, seeds, side, options } = chosen;
const { meta, schema } = style;
for (const [split, count] of Object.entries(counts)) {
  if (count === 0) continue;
  const place = join(folder, split);
  mkdirSync(place, { recursive: true });
  const samples = [];
  for (let i = 0; i < count; i++) {
    const seed = `medici/${seeds}/${split}/${i}`;
    const avatar = createAvatar(style, { ...options, seed });
    const png = new Resvg(avatar.toString(), { fitTo: { mode: "width", value: side } }).render().asPng();
    const file = `${String(i).padStart(5, "0")}.png`;
    writeFileSync(join(place, file), png);
    // What the artist's programme chose: the truth that the bias report measures samples against.
    const { primaryBackgroundColor, secondaryBackgroundColor, ...attributes } = avatar.toJson().extra;
    samples.push({ file, seed, attributes });
  }
  const source = {
    schema: "medici/source/1",
    title: `DiceBear ${name} portraits`,
    licence: "CC0-1.0",
    authors: [meta.creator],
    source: meta.source,
    consent: "public domain dedication",
    made_by: "tools/portraits.mjs",
    packages: { "@dicebear/core": "9.4.3", [`@dicebear/${name}`]: "9.4.3", "@resvg/resvg-js": "2.6.2" },
    options,
    probabilities: Object.fromEntries(
      Object.entries(schema.properties)
        .filter(([name]) => name.endsWith("Probability"))
        .map(([name, value]) => [name, value.default]),
    ),
    samples,
  };
  writeFileSync(join(place, "source.json"), JSON.stringify(source));
  console.log(`${split}: ${count} pictures in ${place}`);
}
