// Draws the default data sets: portraits with transparent ground, and the attributes each was
// drawn from, by one of two artists.
//
//   node tools/portraits.mjs runs/portraits [--style pixel] [--train 12000] [--tune 2000] [--judge 2000]
//   node tools/portraits.mjs runs/ink --style ink
//
// pixel: DiceBear `pixel-art` at its native 16×16. ink: `lorelei` by Lisa Wischofsky at 128×128, with
// our palette for hair and skin, in pure colours: sampled 4×4 a pixel without soft edges, of which
// five dark ones make a pixel dark, so that thin lines hold together. Both CC0 1.0. The same seeds give the same pictures: sets are
// rebuilt, never shipped. Splits use disjoint seed names, so tune and judge are fresh draws.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
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
    samples: 4,
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

const INK = 5; // dark samples of a pixel that make it dark

// The commonest colour of each pixel's samples, or black where enough of them are; hard alpha.
function pooled(rgba, side, samples) {
  const words = new Uint32Array(rgba.buffer, rgba.byteOffset, rgba.byteLength / 4);
  const out = new Uint32Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const found = new Map();
      for (let k = 0; k < samples * samples; k++) {
        const row = y * samples + Math.floor(k / samples);
        const word = words[row * side * samples + x * samples + (k % samples)];
        found.set(word, (found.get(word) ?? 0) + 1);
      }
      const [common] = [...found].reduce((a, b) => (b[1] > a[1] ? b : a));
      out[y * side + x] = (found.get(0xff000000) ?? 0) >= INK ? 0xff000000 : common;
    }
  }
  return Buffer.from(out.buffer);
}

// A PNG of RGBA rows, unfiltered.
function png(rgba, side) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 6, 0, 0, 0]);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  const rows = [];
  for (let y = 0; y < side; y++) {
    rows.push(Buffer.from([0]), rgba.subarray(y * side * 4, (y + 1) * side * 4));
  }
  const magic = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const data = deflateSync(Buffer.concat(rows));
  return Buffer.concat([magic, chunk("IHDR", head), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

function draw(svg, side, samples) {
  if (!samples) return new Resvg(svg, { fitTo: { mode: "width", value: side } }).render().asPng();
  const crisp = svg.replace('shape-rendering="auto"', 'shape-rendering="crispEdges"');
  const large = new Resvg(crisp, { fitTo: { mode: "width", value: side * samples } }).render();
  return png(pooled(large.pixels, side, samples), side);
}

const { style, name, seeds, side, samples: fine, options } = chosen;
const { meta, schema } = style;
for (const [split, count] of Object.entries(counts)) {
  if (count === 0) continue;
  const place = join(folder, split);
  mkdirSync(place, { recursive: true });
  const samples = [];
  for (let i = 0; i < count; i++) {
    // Pictures that the renderer has finished with are freed between turns of the event loop only.
    if (i % 64 === 0) await new Promise(setImmediate);
    const seed = `medici/${seeds}/${split}/${i}`;
    const avatar = createAvatar(style, { ...options, seed });
    const file = `${String(i).padStart(5, "0")}.png`;
    writeFileSync(join(place, file), draw(avatar.toString(), side, fine));
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
