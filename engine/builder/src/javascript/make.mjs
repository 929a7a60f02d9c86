// From the entry of a plugin to its component; run by `engine/builder/src/javascript.rs`.
//
//   entry.js ─► one module (esbuild; TypeScript is taken as it is) ─► QuickJS around it, started once ─► .wasm

import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";

const { tools, folder, entry, sdk, wit, world, module, component } = JSON.parse(process.argv[2]);
const require = createRequire(`${tools}/`);
const { build } = require("esbuild");
const { componentize } = require("componentize-qjs");

try {
  await build({
    absWorkingDir: folder,
    entryPoints: [entry],
    outfile: module,
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2023",
    charset: "utf8",
    // What the host offers is imported by the component.
    external: ["yiwang:*"],
    alias: { "yiwang-sdk": sdk },
    logLevel: "warning",
  });
} catch {
  // It has said why.
  process.exit(1);
}

try {
  const made = await componentize({
    witPath: wit,
    world,
    jsSource: await readFile(module, "utf8"),
    // What it exports has no callbacks into a loop of events, and what it imports has no WASI.
    sync: true,
    stubWasi: true,
  });
  await writeFile(component, made.component);
} catch (error) {
  console.error(error.message.replace(/^: /, ""));
  process.exit(1);
}
