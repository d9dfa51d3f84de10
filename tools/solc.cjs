// forge speaks to a native `solc`; no package registry ships one. This answers the two questions it asks,
// the version and standard JSON on stdin, with the WebAssembly compiler of the npm package `solc`.
"use strict";
const fs = require("node:fs");

const arguments_ = process.argv.slice(2);
const solc = require("solc");

if (arguments_.includes("--version")) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (arguments_.includes("--standard-json")) {
  const output = Buffer.from(solc.compile(fs.readFileSync(0, "utf8")));
  for (let sent = 0; sent < output.length; ) {
    try {
      sent += fs.writeSync(1, output, sent);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
} else {
  console.error("tools/solc answers --version and --standard-json only");
  process.exit(1);
}
