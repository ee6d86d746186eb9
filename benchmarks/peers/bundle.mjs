// The trackers of this folder -> node_modules/.bundled/<name>/: what a page loads of each. Prints their versions and
// sizes as JSON. Chunks that a page loads later, if at all, are not counted.
//
//   node bundle.mjs
import { readFileSync, rmSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const BUNDLED = "node_modules/.bundled"; // where nothing is committed

// Umami's tracker is a classic script that asks for its own tag; its package is unpacked by hand.
const TRACKERS = {
  plausible: { package: "@plausible-analytics/tracker" },
  umami: { package: "umami", entry: "node_modules/umami/src/tracker/index.js", format: "iife" },
  openpanel: { package: "@openpanel/web" },
  swetrix: { package: "swetrix" },
  ahoy: { package: "ahoy.js" },
  posthog: { package: "posthog-js" },
};

// With CLICKS it reports the click on the link, where no attribute of the link does it.
async function bundle(name, { entry = `${name}.js`, format = "esm" }, folder, clicks) {
  const { metafile } = await build({
    entryPoints: { [name]: entry },
    outdir: folder,
    bundle: true,
    minify: true,
    metafile: true,
    splitting: format === "esm",
    format,
    target: "es2022",
    legalComments: "none",
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"', CLICKS: String(clicks) },
  });
  return metafile.outputs;
}

function loaded(outputs, path, seen = new Set()) {
  seen.add(path);
  for (const { kind, path: next } of outputs[path].imports) {
    if (kind === "import-statement" && !seen.has(next)) loaded(outputs, next, seen);
  }
  return [...seen].map((file) => readFileSync(file));
}

function sizes(files) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  const sum = (size) => files.reduce((total, file) => total + size(file), 0);
  return {
    raw: sum((file) => file.length),
    gzip: sum((file) => gzipSync(file, { level: 9 }).length),
    brotli: sum((file) => brotliCompressSync(file, { params }).length),
  };
}

rmSync(BUNDLED, { recursive: true, force: true });
const found = {};
for (const [name, tracker] of Object.entries(TRACKERS)) {
  const outputs = await bundle(name, tracker, `${BUNDLED}/measured/${name}`, false);
  await bundle(name, tracker, `${BUNDLED}/${name}`, true);
  const { version } = JSON.parse(readFileSync(`node_modules/${tracker.package}/package.json`));
  found[name] = { version, ...sizes(loaded(outputs, `${BUNDLED}/measured/${name}/${name}.js`)) };
}
console.log(JSON.stringify(found));
