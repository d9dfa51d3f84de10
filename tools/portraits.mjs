// Draws the default data set: DiceBear `pixel-art` portraits at their native 16×16, with
// transparent ground, and the attributes each was drawn from.
//
//   node tools/portraits.mjs runs/portraits [--train 12000] [--tune 2000] [--judge 2000]
//
// The same seeds give the same pictures: the set is rebuilt, never shipped. Design: DiceBear,
// CC0 1.0. Splits use disjoint seed names, so tune and judge are fresh draws of the same artist.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAvatar } from "@dicebear/core";
import { meta, schema } from "@dicebear/pixel-art";
import * as pixelArt from "@dicebear/pixel-art";
import { Resvg } from "@resvg/resvg-js";

const [folder, ...rest] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node tools/portraits.mjs FOLDER [--train N] [--tune N] [--judge N]");
  process.exit(2);
}
const counts = { train: 12000, tune: 2000, judge: 2000 };
for (let i = 0; i < rest.length; i += 2) {
  const split = rest[i].replace(/^--/, "");
  if (!(split in counts) || !/^\d+$/.test(rest[i + 1] ?? "")) {
    console.error(`not understood: ${rest[i]} ${rest[i + 1] ?? ""}`);
    process.exit(2);
  }
  counts[split] = Number(rest[i + 1]);
}

for (const [split, count] of Object.entries(counts)) {
  if (count === 0) continue;
  const place = join(folder, split);
  mkdirSync(place, { recursive: true });
  const samples = [];
  for (let i = 0; i < count; i++) {
    const seed = `medici/portraits/${split}/${i}`;
    const avatar = createAvatar(pixelArt, { seed });
    const png = new Resvg(avatar.toString(), { fitTo: { mode: "width", value: 16 } }).render().asPng();
    const file = `${String(i).padStart(5, "0")}.png`;
    writeFileSync(join(place, file), png);
    // What the artist's programme chose: the truth that the bias report measures samples against.
    const { primaryBackgroundColor, secondaryBackgroundColor, ...attributes } = avatar.toJson().extra;
    samples.push({ file, seed, attributes });
  }
  const source = {
    schema: "medici/source/1",
    title: "DiceBear pixel-art portraits",
    licence: "CC0-1.0",
    authors: [meta.creator],
    source: meta.source,
    consent: "public domain dedication",
    made_by: "tools/portraits.mjs",
    packages: { "@dicebear/core": "9.4.3", "@dicebear/pixel-art": "9.4.3", "@resvg/resvg-js": "2.6.2" },
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
